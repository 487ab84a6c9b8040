"""Letters by their Vietnamese names, and whether a word can be said at all (pure)."""

import re
import unicodedata

from audio.spoken_vi.numbers import cardinal, digit_by_digit

LETTERS = {
    "A": "a", "Ă": "á", "Â": "ớ", "B": "bê", "C": "xê", "D": "dê", "Đ": "đê", "E": "e", "Ê": "ê", "F": "ép", "G": "giê",
    "H": "hát", "I": "i", "J": "di", "K": "ca", "L": "lờ", "M": "em", "N": "en", "O": "o", "Ô": "ô", "Ơ": "ơ",
    "P": "pê", "Q": "quy", "R": "rờ", "S": "ét", "T": "tê", "U": "u", "Ư": "ư", "V": "vê", "W": "vê kép", "X": "ích",
    "Y": "i dài", "Z": "dét",
}  # fmt: skip

_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?",
)
_VOWEL = re.compile(r"[aeiouy]")
_CLUSTER = re.compile(r"[bcdfghjklmnpqrstvwxzđ]{2,}")
_SAYABLE_STARTS = frozenset({
    "bl", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gh", "gl", "gr", "kh", "kr", "ng", "ngh", "nh", "ph", "pl", "pr",
    "rh", "sc", "sch", "scr", "sh", "sk", "sl", "sm", "sn", "sp", "spr", "st", "str", "sw", "th", "thr", "tr", "tw",
    "wh",
})  # fmt: skip
_RUN = re.compile(r"\d+|[^\W\d_]+")


def spell(letters: str) -> str:
    """``NQ`` → ``en quy``; a letter without a Vietnamese name stays."""
    return " ".join(LETTERS.get(letter.upper(), letter) for letter in letters)


def is_syllable(word: str) -> bool:
    """Whether a word, in any case, could be one Vietnamese syllable."""
    return _SYLLABLE.fullmatch(_bare(word)) is not None


def has_vowel(word: str) -> bool:
    """Whether there is a vowel in the word, in any case."""
    return _VOWEL.search(_bare(word)) is not None


def is_sayable(word: str) -> bool:
    """Whether a voice can say the word as it stands; consonants alone, or piled up in front, cannot be said."""
    bare = _bare(word)
    if not has_vowel(bare):
        return False
    cluster = _CLUSTER.match(bare)
    return cluster is None or cluster[0] in _SAYABLE_STARTS


def read_code(code: str) -> str:
    """``5A1`` → ``năm a một``: letters by name; up to three digits as a number, more or with 0 in front one by one."""
    return " ".join(_read_run(run) for run in _RUN.findall(code))


def _read_run(run: str) -> str:
    if run.isdecimal():
        return digit_by_digit(run) if len(run) > 3 or (run[0] == "0" and len(run) > 1) else cardinal(int(run))
    return spell(run)


def _bare(word: str) -> str:
    """Lower-case without tone and vowel marks; đ stays."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(char for char in parts if not unicodedata.combining(char))
