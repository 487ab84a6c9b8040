"""One output as a stream of samples: silence, or the sound that was put on it; read by whatever consumes samples."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import structlog

from firmware_sim.effects import Sound
from firmware_sim.player import PLAYER_FAILED, Locate, OnEnd
from firmware_sim.render import RATE_HZ, Pcm, Rendering
from firmware_sim.streams import Streams

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Running:
    sound: Sound
    rendering: Rendering
    chunks: Iterator[Pcm]
    on_end: OnEnd
    left: Pcm
    samples: int = 0

    @property
    def position_ms(self) -> int:
        return self.sound.position_ms + self.samples * 1_000 // RATE_HZ


class Channel:
    """May be read in one thread and told in another."""

    def __init__(self, streams: Streams | None = None) -> None:
        self._streams = streams
        self._lock = threading.Lock()
        self._running: _Running | None = None

    @property
    def busy(self) -> bool:
        return self._running is not None

    def start(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        """Put a sound on; what was on is over without a word."""
        rendering = Rendering(sound, locate, self._streams)
        with self._lock:
            self._running = _Running(sound, rendering, rendering.chunks(), on_end, np.zeros(0, np.int16))

    def stop(self, occurrence: str) -> int:
        """Take this sound off, if it is on; the position reached."""
        with self._lock:
            running = self._running
            if running is None or running.sound.occurrence != occurrence:
                return 0
            self._running = None
            return running.position_ms

    def read(self, count: int) -> Pcm:
        """The next samples, silence where there is nothing."""
        out = np.zeros(count, np.int16)
        with self._lock:
            running = self._running
            if running is None:
                return out
            ended, reason = self._fill(running, out)
            if ended:
                self._running = None
        if ended:
            running.on_end(running.position_ms, reason)
        return out

    def _fill(self, running: _Running, out: Pcm) -> tuple[bool, str]:
        """Copy what there is; whether it came to its end, and why before its time."""
        at = 0
        while at < len(out):
            if not len(running.left):
                try:
                    running.left = next(running.chunks)
                except StopIteration:
                    return True, running.rendering.reason
                except Exception:  # noqa: BLE001 - an audio thread must not die; it is logged and reported
                    _log.exception("player.failed", occurrence=running.sound.occurrence)
                    return True, PLAYER_FAILED
            taken = running.left[: len(out) - at]
            out[at : at + len(taken)] = taken
            running.left = running.left[len(taken) :]
            running.samples += len(taken)
            at += len(taken)
        return False, ""
