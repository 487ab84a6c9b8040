"""A typed text on its way to being said: what stands in the fields, what was changed by hand, what is shown (pure)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from audio.speech.port import Voice
from audio.spoken_vi import Piece
from server.i18n.catalogue import N_
from server.web.voices import SPEEDS, fitting

MOST_CHANGES = 40
"""How many changes are listed; a longer list helps nobody."""
RULES = {
    "abbreviation": N_("short form"),
    "amount": N_("amount"),
    "code": N_("code or letters"),
    "date": N_("date"),
    "dictionary": N_("the commune's dictionary"),
    "document": N_("number of a document"),
    "number": N_("number"),
    "phone": N_("telephone number"),
    "roman": N_("Roman numeral"),
    "spelled": N_("unknown, so letter by letter"),
    "symbol": N_("sign"),
    "time": N_("time"),
    "web": N_("address on the web"),
}
_WORDS = frozenset({"abbreviation", "code", "dictionary", "roman", "spelled", "web"})
"""What a commune may want to have said otherwise every time. A date or a number is another one next time,
and a sign cannot stand in a dictionary."""


class Change(NamedTuple):
    """Something that is said otherwise than written; `word`: the dictionary can change it."""

    written: str
    spoken: str
    rule: str
    word: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form."""

    target: str
    text: str
    language: str
    voice: str
    """Empty when nobody speaks the language."""
    speed: str
    spoken: str
    """The spoken form as the field holds it."""
    made: str
    """Mark of the spoken form as the page made it: another one was changed by hand."""
    source: str
    """Mark of the text it was made from."""

    @property
    def by_hand(self) -> bool:
        """Whether a person changed the spoken form."""
        return bool(self.spoken) and mark(self.spoken) != self.made

    @property
    def behind(self) -> bool:
        """Whether the text was changed after the spoken form had been changed by hand."""
        return self.by_hand and bool(self.source) and mark(self.language, self.text) != self.source

    @property
    def said_already(self) -> bool:
        """Whether the spoken form was made from this very text."""
        return mark(self.language, self.text) == self.source


def read(form: Mapping[str, str], voices: Sequence[Voice]) -> Typed:
    """The fields as they came, with a voice that speaks the language; without a language, the voice's own."""
    wanted = form.get("voice", "")
    own = next((voice.language for voice in voices if voice.id == wanted), "vi")
    language = form.get("language", "") or own
    return Typed(
        target=form.get("target", ""),
        text=_lines(form.get("text", "")),
        language=language,
        voice=fitting(voices, language, wanted),
        speed=form.get("speed", "") or next(name for name in SPEEDS if float(name) == 1),
        spoken=_lines(form.get("spoken", "")),
        made=form.get("made", ""),
        source=form.get("source", ""),
    )


def with_spoken(typed: Typed, spoken: str) -> Typed:
    """The fields with a spoken form that was just made."""
    return replace(typed, spoken=spoken, made=mark(spoken), source=mark(typed.language, typed.text))


def changes(pieces: Sequence[Piece]) -> list[Change]:
    """What is said otherwise than written, each once, in the order of the text."""
    said = (
        Change(piece.written.strip(), piece.spoken.strip(" ,"), piece.rule, piece.rule in _WORDS) for piece in pieces
    )
    return list(dict.fromkeys(change for change in said if change.rule and change.written != change.spoken))


def mark(*parts: str) -> str:
    """A short name for what stands in fields."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _lines(text: str) -> str:
    """Without what browsers do to the ends of lines."""
    return text.replace("\r\n", "\n").strip()
