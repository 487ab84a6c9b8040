"""The voices on the screen: their names, by language (pure)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from audio.speech.port import Voice
from server.i18n.catalogue import N_

NAMES = {
    "vi": N_("Vietnamese, northern"),
    "vi-vn-x-central": N_("Vietnamese, central"),
    "vi-vn-x-south": N_("Vietnamese, southern"),
    "en": N_("English"),
}
"""The voices that are always there → their names on the screen; others bring their own."""
SPEEDS = {"0.85": N_("slow"), "1.0": N_("ordinary"), "1.15": N_("fast")}


class Shown(NamedTuple):
    """A voice in a list of choices; its label is English, which the page translates."""

    id: str
    label: str


def by_language(voices: Sequence[Voice], first: str) -> Mapping[str, Sequence[Shown]]:
    """Language → its voices, in their order; the language chosen comes first."""
    languages = dict.fromkeys(voice.language for voice in voices)
    order = [language for language in languages if language == first] + [each for each in languages if each != first]
    return {
        language: [Shown(voice.id, NAMES.get(voice.id, voice.title)) for voice in voices if voice.language == language]
        for language in order
    }


def fitting(voices: Sequence[Voice], language: str, wanted: str) -> str:
    """The voice wished for if it speaks the language, else the language's first; empty when nobody speaks it."""
    ids = [voice.id for voice in voices if voice.language == language]
    return wanted if wanted in ids else next(iter(ids), "")
