"""What may be spoken, how fast, and by which voice (pure)."""

import unicodedata
from collections.abc import Iterable

from audio.speech.port import SpeechEngine, Voice
from audio.spoken_vi import Accent
from base.errors import Refused

TEXT_LIMIT = 20_000
SLOWEST, FASTEST = 0.5, 2.0


def check_text(text: str) -> str:
    """The text to speak: composed characters, no control characters but line ends. Raises Refused."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(char if char == "\n" or unicodedata.category(char) != "Cc" else " " for char in composed).strip()
    if not kept:
        raise Refused("audio.text_empty")
    if len(kept) > TEXT_LIMIT:
        raise Refused("audio.text_too_long", length=len(kept), limit=TEXT_LIMIT)
    return kept


def check_speed(speed: float) -> None:
    """Raise Refused for a speed nobody could follow."""
    if not SLOWEST <= speed <= FASTEST:
        raise Refused("audio.speed_wrong", lowest=SLOWEST, highest=FASTEST)


def find_voice(engines: Iterable[SpeechEngine], language: str, voice_id: str | None) -> tuple[SpeechEngine, Voice]:
    """The engine and voice to use; without a wish, the language's first. Raises Refused."""
    for engine in engines:
        for voice in engine.voices():
            if voice.language == language and voice_id in {None, voice.id}:
                return engine, voice
    raise Refused("audio.voice_unknown", voice=voice_id or "", language=language)


def accent_of(voice_id: str | None) -> Accent:
    """How a voice counts, by the dialect at the end of its name (BCP 47); the north where it has none."""
    ending = (voice_id or "").rpartition("-")[2]
    return "south" if ending == "south" else "central" if ending == "central" else "north"


def find_any(engines: Iterable[SpeechEngine], wanted: str) -> tuple[SpeechEngine, Voice]:
    """The voice of this id, or else the first of this language. Raises Refused."""
    every = [(engine, voice) for engine in engines for voice in engine.voices()]
    of_this_id = (pair for pair in every if pair[1].id == wanted)
    of_this_language = (pair for pair in every if pair[1].language == wanted)
    for found in (*of_this_id, *of_this_language):
        return found
    raise Refused("audio.voice_unknown", voice=wanted, language="")
