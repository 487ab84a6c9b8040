"""eSpeak NG behind the speech port: each text is spoken in a process of its own."""

from pathlib import Path

from audio.speech.port import Voice
from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from base.errors import Unavailable

_VOICES = (
    Voice("vi", "vi", "Tiếng Việt, giọng Bắc"),
    Voice("vi-vn-x-central", "vi", "Tiếng Việt, giọng Trung"),
    Voice("vi-vn-x-south", "vi", "Tiếng Việt, giọng Nam"),
    Voice("en", "en", "English"),
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

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write a 22,050 Hz WAV file. Raises Unavailable (audio.speech_failed)."""
        request = {
            "text": text,
            "voice": voice_id,
            "words_per_minute": round(_CALM_WORDS_PER_MINUTE * speed),
            "out": out,
        }
        try:
            answer = await run_worker("audio.speech.espeak_worker", request, timeout_s=self._timeout_s)
        except (WorkerFailed, WorkerTimeout) as error:
            raise Unavailable("audio.speech_failed") from error
        if not answer["ok"]:
            raise Unavailable("audio.speech_failed")
