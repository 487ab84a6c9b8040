"""What truly sounds: one device's outputs, each with at most one sound, for exactly as long as its plan says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware_sim.effects import Sound
from firmware_sim.player import CONTENT_MISSING
from simulation.virtual_loop import VirtualLoop


@dataclass(slots=True)
class Heard:
    """A stretch of sound, from a position of its plan on.

    until_ms: the position it really reached, once it ended. marked: flash knows of it; not so of an emergency that
    sounded although flash had failed, which may be heard again after a power cut.
    """

    device: str
    output: str
    occurrence: str
    run: int
    from_ms: int
    total_ms: int | None
    began_at_ms: int
    marked: bool
    until_ms: int | None = None


class Listener(Protocol):
    """Is told what sounds."""

    def begins(self, heard: Heard) -> None: ...
    def ends(self, heard: Heard) -> None: ...


OnEnd = Callable[[Sound, int, str], None]
"""Told when a sound has come to its end by itself: the position reached, and why it gave up, if it did."""


class Loudspeakers:
    """The outputs of one device."""

    def __init__(
        self, loop: VirtualLoop, device: str, listener: Listener, here: Callable[[bytes], bool], on_end: OnEnd
    ) -> None:
        self._loop, self._device, self._listener, self._here, self._on_end = loop, device, listener, here, on_end
        self._running: dict[str, tuple[Sound, Heard, asyncio.TimerHandle | None]] = {}

    def sounding(self, output: str) -> Heard | None:
        running = self._running.get(output)
        return None if running is None else running[1]

    def sound(self, sound: Sound, *, marked: bool) -> None:
        """Begin; what sounds on that output gives way."""
        self._end(sound.output)
        total = sound.plan.total_ms
        heard = Heard(
            self._device, sound.output, sound.occurrence, sound.run, sound.position_ms, total, self._loop.now_ms, marked
        )
        timer = None
        if total is not None:
            left_s = max(0, total - sound.position_ms) / 1_000
            timer = self._loop.call_later(left_s, self._finish, sound)
        self._running[sound.output] = sound, heard, timer
        self._listener.begins(heard)

    def silence(self, output: str, occurrence: str) -> None:
        running = self._running.get(output)
        if running is not None and running[0].occurrence == occurrence:
            self._end(output)

    def cut(self) -> None:
        """The power is gone."""
        for output in list(self._running):
            self._end(output)

    def fail(self, output: str) -> None:
        """The player breaks off in the middle of the sound."""
        running = self._running.get(output)
        if running is not None:
            self._end(output)
            self._on_end(running[0], running[1].until_ms or 0, "cut_short")

    def _end(self, output: str) -> None:
        running = self._running.pop(output, None)
        if running is None:
            return
        _, heard, timer = running
        if timer is not None:
            timer.cancel()
        heard.until_ms = heard.from_ms + self._loop.now_ms - heard.began_at_ms
        self._listener.ends(heard)

    def _finish(self, sound: Sound) -> None:
        here = all(any(self._here(r.sha256) for r in version.renditions) for version in sound.plan.waited_for)
        self._end(sound.output)
        self._on_end(sound, sound.plan.total_ms or 0, "" if here else CONTENT_MISSING)
