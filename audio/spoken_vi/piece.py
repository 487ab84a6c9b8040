"""What was said so far, piece by piece, and what the next rule may know of it (pure)."""

import re
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

NUMERIC = frozenset({"number", "date", "time", "amount", "phone", "code", "roman", "document"})
"""Rules that end in a number, so that a dash behind them may mean “to”."""
_PAUSES = ",.;!?"
_MARKS = _PAUSES + ":"
_WORDS_KEPT = 5
_TAIL_CHARS = 200


class Piece(NamedTuple):
    """A stretch of the tidied text, how it is said, and the rule that says so (empty: unchanged)."""

    written: str
    spoken: str
    rule: str


class Said:
    """The pieces so far and the last words in them."""

    def __init__(self, text: str) -> None:
        """text: the whole tidied text; a rule may look around its own place in it."""
        self.text = text
        self.pieces: list[Piece] = []
        self.words: deque[str] = deque([""] * _WORDS_KEPT, maxlen=_WORDS_KEPT)
        """Lower-case, last one last; an empty one is a pause."""
        self.rule = ""
        """Of the last piece that was no space."""
        self.number: int | None = None
        """The value of the last piece, where it was a plain whole number."""
        self.words_since_call = 99
        """Words since a telephone number."""
        self.attempts = 0
        """Rules tried: the work done, for the tests."""
        self._tail = ""
        self._last = ""

    @property
    def tail(self) -> str:
        """The last character said that is no space, or nothing."""
        return self._last

    @property
    def word(self) -> str:
        """The last word said, lower-case; empty after a pause."""
        return self.words[-1]

    @property
    def numeric(self) -> bool:
        """Whether a number was just said."""
        return self.rule in NUMERIC

    def after(self, *phrases: str) -> bool:
        """Whether the last words are one of these, lower-case."""
        heard = " ".join(self.words)
        return any(heard == phrase or heard.endswith(" " + phrase) for phrase in phrases)

    def put(self, written: str, spoken: str, rule: str = "") -> None:
        """Add a piece; what a rule says is kept apart from the word before it, and from the next."""
        if self._needs_space(spoken, rule):
            self.pieces.append(Piece("", " ", ""))
        self.pieces.append(Piece(written, spoken, rule))
        if not spoken.strip():
            self._tail = spoken[-1:] or self._tail
            return
        self.rule, self.number, self._tail, self._last = rule, None, spoken[-1], spoken.rstrip()[-1]
        self._remember(spoken)
        if rule == "phone":
            self.words_since_call = 0

    def _needs_space(self, spoken: str, rule: str) -> bool:
        if not (self._tail.isalnum() and spoken[:1].isalnum()):
            return False
        return bool(rule or self.rule)

    def _remember(self, spoken: str) -> None:
        for token in spoken[-_TAIL_CHARS:].lower().split():
            word = token.strip(_MARKS)
            if word:
                self.words.append(word)
                self.words_since_call += 1
            if token[-1] in _PAUSES:
                self.words.append("")


class Rule(NamedTuple):
    """What is looked for at the start of a token, and how it is said; None when it is something else after all."""

    name: str
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str], Said], str | None]
