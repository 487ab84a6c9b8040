"""What stands beside a word in the text (pure)."""

import re

from audio.spoken_vi.abbreviations import ABBREVIATIONS
from audio.spoken_vi.documents import BODIES
from audio.spoken_vi.letters import is_syllable
from audio.spoken_vi.senses import SENSES

_NEAR = 24
_BEFORE = re.compile(r"([^\W\d_]+) $")
_AFTER = re.compile(r" ([^\W\d_]+)")


def headline(text: str, start: int, end: int) -> bool:
    """Whether the word at start:end stands among words that are all in capitals."""
    before = _BEFORE.search(text[max(0, start - _NEAR) : start])
    after = _AFTER.match(text, end, end + _NEAR)
    return any(_is_capital_word(found[1]) for found in (before, after) if found)


def word_before(text: str, start: int) -> str:
    """The word in front, with nothing but a space between, as it is written; empty when there is none."""
    found = _BEFORE.search(text[max(0, start - _NEAR) : start])
    return found[1] if found else ""


def _is_capital_word(word: str) -> bool:
    if len(word) < 2 or not word.isupper() or word in ABBREVIATIONS or word in SENSES or word in BODIES:
        return False
    return is_syllable(word)
