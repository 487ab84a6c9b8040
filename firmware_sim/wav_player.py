"""A player that writes what would sound, silence included, in real time: one WAV file an output."""

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path

from devices.wire.content import Tone
from firmware_sim.channel import Channel
from firmware_sim.effects import Sound
from firmware_sim.player import Locate, OnEnd
from firmware_sim.render import RATE_HZ, prepare
from firmware_sim.streams import Streams, tune_all

_PERIOD_S = 0.1


class WavPlayer:
    """`folder`/`name`-`output`.wav begins when the player is made."""

    def __init__(self, folder: Path, name: str, streams: Streams | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._streams = folder, name, streams
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._files: dict[str, _Track] = {}
        self._timer = self._loop.call_later(_PERIOD_S, self._turn)

    def path(self, output: str) -> Path:
        return self._folder / f"{self._name}-{output}.wav"

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        track = self._track(sound.output)
        track.write_up_to(self._samples_now())
        # Told afterwards: what it leads to may write to this very file.
        track.channel.start(sound, locate, lambda reached, reason: self._tell(on_end, reached, reason))

    def prepare(self, tones: Sequence[Tone]) -> None:
        self._loop.run_in_executor(None, prepare, tones)

    def tune(self, urls: Sequence[str]) -> None:
        tune_all(self._streams, urls)

    def silence(self, output: str, occurrence: str) -> int:
        track = self._track(output)
        track.write_up_to(self._samples_now())
        return track.channel.stop(occurrence)

    def close(self) -> None:
        self._timer.cancel()
        for track in self._files.values():
            track.write_up_to(self._samples_now())
            track.close()
        self._files.clear()
        if self._streams is not None:
            self._streams.close()

    def _tell(self, on_end: OnEnd, reached_ms: int, reason: str) -> None:
        self._loop.call_soon(on_end, reached_ms, reason)

    def _track(self, output: str) -> "_Track":
        if output not in self._files:
            self._files[output] = _Track(self.path(output), self._streams)
        return self._files[output]

    def _samples_now(self) -> int:
        return round((self._loop.time() - self._began_s) * RATE_HZ)

    def _turn(self) -> None:
        for track in list(self._files.values()):
            track.write_up_to(self._samples_now())
        self._timer = self._loop.call_later(_PERIOD_S, self._turn)


class _Track:
    def __init__(self, path: Path, streams: Streams | None) -> None:
        self.channel = Channel(streams)
        self._written = 0
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 - open for as long as the player is
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE_HZ)

    def write_up_to(self, samples: int) -> None:
        missing = samples - self._written
        if missing > 0:
            self._written = samples
            self._file.writeframes(self.channel.read(missing).astype("<i2").tobytes())

    def close(self) -> None:
        self._file.close()
