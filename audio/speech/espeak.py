"""eSpeak NG behind the speech port: each text is spoken in a process of its own."""

from importlib import metadata
from pathlib import Path

from audio.speech.port import Voice
from audio.speech.subprocess_speaker import run_speaker
from base.errors import Unavailable

_RATE_HZ = 22_050
_VOICES = (
    Voice("vi", "vi", "Tiếng Việt, giọng Bắc", _RATE_HZ),
    Voice("vi-vn-x-central", "vi", "Tiếng Việt, giọng Trung", _RATE_HZ),
    Voice("vi-vn-x-south", "vi", "Tiếng Việt, giọng Nam", _RATE_HZ),
    Voice("en", "en", "English", _RATE_HZ),
)
_CALM_WORDS_PER_MINUTE = 150
"""3.4 Vietnamese syllables a second: slower than conversation, because echo between houses swallows fast speech."""


class Espeak:
    """The engine that is always there: it comes in a wheel, with its voices."""

    name = "espeak"

    def __init__(self, timeout_s: float = 60.0) -> None:
        self._timeout_s = timeout_s

    def voices(self) -> list[Voice]:
        """Three Vietnamese accents and English."""
        return list(_VOICES)

    def version(self, voice_id: str) -> str:
        """The wheel's version, which holds library and voices, and our pace."""
        del voice_id
        return f"{metadata.version('espeakng-loader')}/{_CALM_WORDS_PER_MINUTE}"

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write a 22,050 Hz WAV file. Raises Unavailable (audio.speech_failed, audio.speech_timeout)."""
        request = {
            "text": text,
            "voice": voice_id,
            "words_per_minute": round(_CALM_WORDS_PER_MINUTE * speed),
            "out": out,
        }
        answer = await run_speaker(self.name, "audio.speech.espeak_worker", request, timeout_s=self._timeout_s)
        if not answer["ok"]:
            raise Unavailable("audio.speech_failed", engine=self.name, answer=str(answer["reason"]))
