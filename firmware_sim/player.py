"""What makes the sound: the interface every output has, and the one that only lets time pass."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from devices.wire.content import Tone
from firmware_sim.effects import Sound

Locate = Callable[[bytes], Path | None]
"""The file of a content that is on flash, or None."""
OnEnd = Callable[[int, str], None]
"""Called once when a sound has come to its end by itself: the position reached in milliseconds, and why it gave up,
empty when it did not. Not called for a sound that was silenced."""

CONTENT_MISSING = "content_missing"
PLAYER_FAILED = "cut_short"


class Player(Protocol):
    """Makes sounds on named outputs, one at a time on each."""

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        """Begin at once; what sounds on that output gives way."""

    def prepare(self, tones: Sequence[Tone]) -> None:
        """These will be wanted: make them ahead, so that an emergency does not wait for arithmetic."""

    def tune(self, urls: Sequence[str]) -> None:
        """These live streams are due soon: open them."""

    def silence(self, output: str, occurrence: str) -> int:
        """End this sound, if it is the one that sounds; the position reached in milliseconds."""

    def close(self) -> None:
        """Silence everything and let go of the hardware."""


class VirtualPlayer:
    """Sounds nothing, for exactly as long. A live stream is as good as one that never fails."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Sound, float, asyncio.TimerHandle | None]] = {}

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        loop = asyncio.get_running_loop()
        self._end(sound.output)
        total = sound.plan.total_ms
        timer = None
        if total is not None:
            left_s = max(0, total - sound.position_ms) / 1_000
            timer = loop.call_later(left_s, self._finish, sound, locate, on_end)
        self._running[sound.output] = (sound, loop.time(), timer)

    def prepare(self, tones: Sequence[Tone]) -> None:
        """Nothing sounds, nothing is to be made."""

    def tune(self, urls: Sequence[str]) -> None:
        """Streams are taken to be there, and are not asked for."""

    def silence(self, output: str, occurrence: str) -> int:
        running = self._running.get(output)
        if running is None or running[0].occurrence != occurrence:
            return 0
        sound, since_s, _ = running
        self._end(output)
        return sound.position_ms + round((asyncio.get_running_loop().time() - since_s) * 1_000)

    def close(self) -> None:
        for output in list(self._running):
            self._end(output)

    def _end(self, output: str) -> None:
        running = self._running.pop(output, None)
        if running is not None and running[2] is not None:
            running[2].cancel()

    def _finish(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        del self._running[sound.output]
        here = all(any(locate(r.sha256) for r in version.renditions) for version in sound.plan.waited_for)
        on_end(sound.plan.total_ms or 0, "" if here else CONTENT_MISSING)
