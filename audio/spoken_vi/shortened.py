"""Abbreviations in full, by the table or by their neighbours; what nobody can say, letter by letter (pure)."""

import re

from audio.spoken_vi.abbreviations import ABBREVIATIONS, DOTTED
from audio.spoken_vi.alphabet import CAPITALS
from audio.spoken_vi.context import among_capitals, in_headline, word_before
from audio.spoken_vi.documents import BODIES
from audio.spoken_vi.letters import has_vowel, is_sayable, is_syllable, spell
from audio.spoken_vi.piece import Rule, Said
from audio.spoken_vi.senses import SENSES, UNITS_OF_PLACE

_WORD = r"[^\W\d_]{1,24}"
_COVID = re.compile(r"(?:COVID|Covid|covid)[- ]?19(?![^\W_])")
_PLACE = re.compile(rf"(?P<kind>[PQHXT])\. ?(?=[{CAPITALS}](?!\.))")
_PLACE_NUMBER = re.compile(r"(?P<kind>[PQ])\. ?(?=(?P<n>\d{1,3})(?![^\W_]))")
_TITLED = re.compile(rf"(?P<word>{_WORD})\. ?(?=[{CAPITALS}])")
_BORN = re.compile(r"(?P<word>SN|sn)(?:\. ?|: ?)(?=\d)")
_LUNAR = re.compile(r"(?:AL|A\.L\.?)(?![^\W_])")
_A_DATE = re.compile(
    r"(?:\d{1,2} ?[/.-] ?\d{1,2}(?: ?[/.-] ?\d{4})?"
    r"|[Tt]háng (?:\d{1,2}|[^\W\d_]+)(?:(?:/|,? năm )[^,.;]{1,20})?)[, ]{1,3}$",
)
_A_DATE_REACH = 48
_ONLY_IN_CAPITALS = frozenset(["WHO", "AIDS"])
"""In small letters these are words of another tongue."""
_ROOM_DIGITS = 3
_SHORTEST_WORD = 3
"""So few capitals that are no syllable are letters (``OPV``); more may be a word of another tongue (``NATO``)."""
_NUMBER_WORDS = frozenset({"nghìn", "ngàn", "triệu", "tỷ", "tỉ", "trăm", "mươi", "mười"})


def _joined(steps: int) -> re.Pattern[str]:
    """Words joined by so many strokes, hyphens or points: ``TP.HCM``, ``VHTT&DL``, ``v/v``."""
    return re.compile(rf"{_WORD}(?:[-&/.]{_WORD}){{{steps}}}(?![^\W\d_])")


def _abbreviation(found: re.Match[str], said: Said) -> str | None:
    if "/" in found[0] and said.text[found.start() - 1 : found.start()] == "/":
        return None
    return _in_full(found[0], found, found.end(), said)


def _titled(found: re.Match[str], said: Said) -> str | None:
    """A short form whose full stop ends no sentence."""
    word = found["word"]
    if word not in DOTTED:
        return None
    return _in_full(word, found, found.end("word"), said)


def _in_full(word: str, found: re.Match[str], end: int, said: Said) -> str | None:
    if word in SENSES:
        full = _sense(word, end, said)
    else:
        full = ABBREVIATIONS.get(word) or (BODIES.get(word) if len(word) > 2 else None) or _in_small_letters(word)
    if full and is_syllable(word) and word.isupper() and in_headline(said.text, found.start(), end):
        return None
    return full


def _sense(word: str, end: int, said: Said) -> str | None:
    for sense in SENSES[word]:
        follows = sense.follows is None or sense.follows.match(said.text, end, end + 40)
        if follows and (not sense.after or said.after(*sense.after)):
            return sense.said
    return None


def _in_small_letters(word: str) -> str | None:
    """``ubnd``, ``Bhyt``: as typed on a telephone; not where it could be a syllable."""
    upper = word.upper()
    typed_small = word.islower() or word.istitle()
    if len(word) < 3 or not typed_small or upper in _ONLY_IN_CAPITALS or is_syllable(word):
        return None
    return ABBREVIATIONS.get(upper)


def _place(found: re.Match[str], said: Said) -> str | None:
    """``P. Cam Đường``, but not a person whose name is hidden: ``anh Nguyễn Văn H. Quê ở``."""
    before = word_before(said.text, found.start())
    person = before[:1].isupper() and not (len(before) > 1 and before.isupper())
    if person or said.text[found.start() - 1 : found.start()] == ".":
        return None
    room = len(found.groupdict().get("n") or "") == _ROOM_DIGITS
    return "phòng" if room and found["kind"] == "P" else UNITS_OF_PLACE[found["kind"]]


def _unsayable(found: re.Match[str], said: Said) -> str | None:
    """``FPT`` → ``ép pê tê``; whoever reads the explanation sees that nobody knew the word."""
    word = found[0]
    if len(word) < 2 or not word.isupper() or is_syllable(word):
        return None
    known_elsewhere = is_sayable(word) and len(word) > _SHORTEST_WORD
    if known_elsewhere or (has_vowel(word) and among_capitals(said.text, found.start(), found.end())):
        return None
    return spell(word)


def _lunar(found: re.Match[str], said: Said) -> str | None:
    """``15/7 AL``, typed without its sign; elsewhere AL is something else."""
    before = said.text[max(0, found.start() - _A_DATE_REACH) : found.start()]
    return "âm lịch" if _A_DATE.search(before) else None


def _dong(_found: re.Match[str], said: Said) -> str | None:
    return "đồng" if said.numeric or said.word in _NUMBER_WORDS else None


RULES = (
    Rule("abbreviation", _COVID, lambda _found, _said: "Cô-vít mười chín"),
    Rule("abbreviation", _LUNAR, _lunar),
    *(Rule("abbreviation", _joined(steps), _abbreviation) for steps in (3, 2, 1)),
    Rule("abbreviation", _TITLED, _titled),
    Rule("abbreviation", _BORN, lambda found, said: _sense(found["word"], found.end("word"), said)),
    Rule("abbreviation", _joined(0), _abbreviation),
    Rule("abbreviation", _PLACE, _place),
    Rule("abbreviation", _PLACE_NUMBER, _place),
)
"""Anywhere in a word's place, large or small."""
DONG = Rule("amount", re.compile(r"đ(?![^\W\d_])"), _dong)
UNSAYABLE = Rule("spelled", _joined(0), _unsayable)
"""Last of all: nobody knew the word."""
