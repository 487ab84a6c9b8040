"""Everything that happened in a world, in order: what stories are told from, and what two runs are compared by."""

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class Line(NamedTuple):
    """One event. who: a device, `server`, `operator`, `broker`; about: an occurrence, an order, or empty."""

    at_ms: int
    who: str
    what: str
    about: str = ""
    detail: str = ""


class Diary:
    """Lines, and the faults counted by kind."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.lines: list[Line] = []
        self.faults: Counter[str] = Counter()

    def note(self, who: str, what: str, about: str = "", detail: str = "") -> None:
        self.lines.append(Line(self._now_ms(), who, what, about, detail))

    def fault(self, kind: str, who: str, detail: str = "") -> None:
        """A fault begins, or strikes."""
        self.faults[kind] += 1
        self.note(who, f"fault {kind}", detail=detail)

    def digest(self) -> str:
        """The same for two runs that did the same."""
        text = "\n".join("|".join(map(str, line)) for line in self.lines)
        return hashlib.sha256(text.encode()).hexdigest()
