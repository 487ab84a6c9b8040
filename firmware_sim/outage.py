"""Whether HTTP passes at all: no address answered for a while, whatever it would have answered (pure)."""

from collections.abc import Collection
from dataclasses import dataclass, field

OUTAGE_S = 30.0
PROBE_S = 300.0
"""While it does not pass it is tried again this often."""


@dataclass(slots=True)
class Outage:
    """Told of every try. Times are monotonic seconds."""

    _since_s: float | None = None
    _tried_s: float = 0.0
    _failed: set[str] = field(default_factory=set)

    def answered(self) -> None:
        """Somebody answered; be it that there is no such content."""
        self._since_s = None
        self._failed.clear()

    def failed(self, base: str, now_s: float) -> None:
        """An address did not answer."""
        self._since_s = now_s if self._since_s is None else self._since_s
        self._tried_s = now_s
        self._failed.add(base)

    def total(self, bases: Collection[str], now_s: float) -> bool:
        """Whether no address has answered for long enough, or there is none."""
        if not bases:
            return True
        return self._since_s is not None and now_s - self._since_s >= OUTAGE_S and self._failed.issuperset(bases)

    def probe_due(self, now_s: float) -> bool:
        """Whether it is time to try again all the same."""
        return self._since_s is not None and now_s - self._tried_s >= PROBE_S
