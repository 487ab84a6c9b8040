"""The whole way from written to spoken: tidied, then token by token, each rule in its turn (pure)."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from audio.spoken_vi import amounts, calendar_dates, calls, clock, codes, roman, shortened, symbols, web
from audio.spoken_vi.accents import Accent, in_accent
from audio.spoken_vi.dictionary import Dictionary
from audio.spoken_vi.piece import NUMERIC, Piece, Rule, Said
from audio.spoken_vi.tidy import polish, tidy
from audio.spoken_vi.units import ALONE, UNITS, any_of
from base.errors import Refused

LIMIT = 100_000
"""Characters of one text."""
WINDOW = 256
"""Characters a rule may look at from where it stands: what makes the whole linear in the length of the text."""
_WORD = re.compile(r"[^\W\d_][^\W\d_\u0300-\u036f]*[\u0300-\u036f]*")
_NOTHING: Mapping[str, str] = MappingProxyType({})

_UNIT_ALONE = Rule("amount", re.compile(any_of(ALONE, before_figures=True)), lambda found, _said: UNITS[found[0]])
_FIGURES = (
    *web.RULES,
    codes.DOCUMENT,
    *calls.RULES,
    *calendar_dates.RULES,
    *clock.RULES,
    *calendar_dates.LOOSE,
    *amounts.MEASURED,
    codes.MIXED,
    *amounts.COUNTED,
)
_CAPITALS = (
    *web.RULES,
    clock.HALF,
    *codes.NAMED,
    codes.LETTER_AND_FIGURE,
    *shortened.RULES,
    codes.MIXED,
    *roman.RULES,
    _UNIT_ALONE,
    shortened.UNSAYABLE,
    amounts.DOLLARS,
    symbols.TIMES,
)
_SMALL = (*web.RULES, clock.HALF, codes.MILESTONE, *shortened.RULES, _UNIT_ALONE, shortened.DONG, symbols.TIMES)
_MARKS = (calls.ABROAD, amounts.DOLLARS, codes.UNNUMBERED, symbols.TIMES, _UNIT_ALONE, *symbols.RULES)


def speak(text: str, *, dictionary: Mapping[str, str] = _NOTHING, accent: Accent = "north") -> str:
    """The text as it is said aloud, on one line, in composed characters. Raises Refused (audio.text_too_long).

    dictionary: the commune's own words, written → said; they come before every rule and are said as they stand.
    Speaking what is spoken changes nothing, but for a word in capitals that stood among others (``BCI PCUBT``).
    """
    said = "".join(piece.spoken for piece in explain(text, dictionary=dictionary, accent=accent))
    return polish(unicodedata.normalize("NFC", said))  # a stray accent behind a figure joins its last word


def explain(
    text: str,
    *,
    dictionary: Mapping[str, str] = _NOTHING,
    accent: Accent = "north",
) -> tuple[Piece, ...]:
    """The tidied text piece by piece, so that a person sees what is said otherwise than written, and why.

    The written parts joined are the tidied text; the spoken parts joined are the spoken form, but for doubled pauses.
    Raises Refused (audio.text_too_long).
    """
    pieces = scan(text, dictionary).pieces
    return tuple(
        piece._replace(spoken=in_accent(piece.spoken, accent)) if piece.rule in NUMERIC else piece for piece in pieces
    )


def scan(text: str, dictionary: Mapping[str, str]) -> Said:
    """Every piece in the words of the north."""
    if len(text) > LIMIT:
        raise Refused("audio.text_too_long", length=len(text), limit=LIMIT)
    line = tidy(text)
    said, own, position = Said(line), Dictionary(dictionary), 0
    while position < len(line):
        position = _step(line, position, said, own)
    return said


def _step(line: str, position: int, said: Said, own: Dictionary) -> int:
    """Say one token; where the next one starts."""
    entry = own.find(line, position)
    if entry:
        said.put(*entry, "dictionary")
        return position + len(entry[0])
    for rule in _rules_for(line[position]):
        said.attempts += 1
        found = rule.pattern.match(line, position, position + WINDOW)
        spoken = rule.say(found, said) if found else None
        if found and spoken is not None:
            said.put(found[0], spoken, rule.name)
            if rule.name == "number" and found[0].isdecimal():
                said.number = int(found[0])
            return found.end()
    word = _WORD.match(line, position)
    end = word.end() if word else position + 1
    said.put(line[position:end], line[position:end])
    return end


def _rules_for(char: str) -> tuple[Rule, ...]:
    if char.isdigit():
        return _FIGURES
    if char.isupper():
        return _CAPITALS
    return _SMALL if char.isalpha() else _MARKS
