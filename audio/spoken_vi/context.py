"""What stands beside a word in the text (pure)."""

import re

from audio.spoken_vi.abbreviations import ABBREVIATIONS
from audio.spoken_vi.documents import BODIES
from audio.spoken_vi.letters import has_vowel, is_syllable
from audio.spoken_vi.senses import SENSES

_NEAR = 24
_JOINS = frozenset("0123456789&/.-")
_ROMAN = frozenset("IVXLCDM")
_BEFORE = re.compile(r"(?<![\w&/.-])([^\W\d_]+) $")
_AFTER = re.compile(r" ([^\W\d_]+)(?![\w&/-])")


def in_headline(text: str, start: int, end: int) -> bool:
    """Whether the word at start:end stands beside a Vietnamese word that is all in capitals."""
    return any(is_syllable(word) for word in _capital_neighbours(text, start, end))


def among_capitals(text: str, start: int, end: int) -> bool:
    """The same beside a word of any tongue: ``NYOB ZOO KOJ``."""
    return any(has_vowel(word) for word in _capital_neighbours(text, start, end))


def word_before(text: str, start: int) -> str:
    """The word in front, with nothing but a space between, as it is written; empty when there is none."""
    found = _BEFORE.search(text[max(0, start - _NEAR) : start])
    return found[1] if found else ""


def _capital_neighbours(text: str, start: int, end: int) -> list[str]:
    """The words beside it that are in capitals and that no rule says otherwise."""
    if text[start - 1 : start] in _JOINS or text[end : end + 1] in _JOINS:
        return []
    before = _BEFORE.search(text[max(0, start - _NEAR) : start])
    after = _AFTER.match(text, end, end + _NEAR)
    return [found[1] for found in (before, after) if found and _is_word(found[1])]


def _is_word(word: str) -> bool:
    if len(word) < 2 or not word.isupper() or set(word) <= _ROMAN:
        return False
    return word not in ABBREVIATIONS and word not in SENSES and word not in BODIES
