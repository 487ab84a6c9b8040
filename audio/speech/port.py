"""The port every speech engine fits: voices, and text to a WAV file."""

from pathlib import Path
from typing import NamedTuple, Protocol

VOICE_ID_LIMIT = 64
"""Characters; a voice's id is kept with every sound it spoke, in a column of this width."""


class Voice(NamedTuple):
    """A voice an operator can choose."""

    id: str
    """Unique among all engines."""
    language: str
    """ISO 639: two letters where the language has them, otherwise three."""
    title: str
    rate_hz: int
    """Samples a second of the WAV file it writes."""


class SpeechEngine(Protocol):
    """Turns text into speech."""

    @property
    def name(self) -> str:
        """Short name, shown with the voice."""
        ...

    def voices(self) -> list[Voice]:
        """What this engine can speak with, best first for each language."""
        ...

    def version(self, voice_id: str) -> str:
        """What the sound depends on besides voice, speed and text: another version may sound different."""
        ...

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write a WAV file; `speed` 1.0 is a clear outdoor pace.

        Raises Unavailable: audio.speech_failed, audio.speech_timeout, or what an engine adds to them.
        """
        ...
