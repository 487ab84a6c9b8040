"""Product names replaced for the length of a run: only where the outside world would come in, or for a planted bug."""

from collections.abc import Callable
from typing import Any

_MISSING = object()


class Edges:
    """Remembers what it replaced and puts it back, the last first."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute that must exist: a name that has gone is told at once, not passed over."""
        known = vars(owner).get(name, _MISSING)
        if known is _MISSING:
            raise AttributeError(f"{owner!r} has no {name} of its own any more; the simulation must follow")
        self._replaced.append((owner, name, known))
        setattr(owner, name, value)

    def add(self, owner: Any, name: str, value: Any) -> None:
        """Put something where instances keep an attribute of their own."""
        self._replaced.append((owner, name, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)

    def wrap(self, owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Replace a function by what `around` makes of it."""
        self.set(owner, name, around(getattr(owner, name)))

    def restore(self) -> None:
        while self._replaced:
            owner, name, value = self._replaced.pop()
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
