"""The port every speech engine fits: voices, and text to a WAV file."""

from pathlib import Path
from typing import NamedTuple, Protocol


class Voice(NamedTuple):
    """A voice an operator can choose."""

    id: str
    language: str
    title: str


class SpeechEngine(Protocol):
    """Turns text into speech."""

    @property
    def name(self) -> str:
        """Short name, shown with the voice."""
        ...

    def voices(self) -> list[Voice]:
        """What this engine can speak with, best first for each language."""
        ...

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write a WAV file; `speed` 1.0 is a clear outdoor pace. Raises Unavailable (audio.speech_failed)."""
        ...
