"""A player without a loudspeaker that listens to real live streams all the same, and says what they gave."""

import asyncio
from collections.abc import Sequence

from devices.wire.content import Tone
from firmware_sim.channel import Channel
from firmware_sim.effects import Sound
from firmware_sim.player import Locate, OnEnd, Player
from firmware_sim.render import RATE_HZ
from firmware_sim.streams import Streams, tune_all

_PERIOD_S = 0.1


class StreamingPlayer:
    """What sounds, for how long, is the inner player's; beside it whatever has a stream is rendered in real time."""

    def __init__(self, inner: Player, streams: Streams) -> None:
        self._inner, self._streams = inner, streams
        self._taps: dict[str, _Tap] = {}

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        self._let_go(sound.output)

        def ended(position_ms: int, reason: str) -> None:
            note = self._streams.tallies.of(sound.occurrence).note if self._let_go(sound.output) else ""
            on_end(position_ms, reason or note)

        if sound.plan.has_stream:
            self._taps[sound.output] = _Tap(Channel(self._streams), sound, locate)
        self._inner.sound(sound, locate, ended)

    def prepare(self, tones: Sequence[Tone]) -> None:
        self._inner.prepare(tones)

    def tune(self, urls: Sequence[str]) -> None:
        tune_all(self._streams, urls)

    def silence(self, output: str, occurrence: str) -> int:
        if output in self._taps and self._taps[output].occurrence == occurrence:
            self._let_go(output)
        return self._inner.silence(output, occurrence)

    def close(self) -> None:
        for output in list(self._taps):
            self._let_go(output)
        self._inner.close()
        self._streams.close()

    def _let_go(self, output: str) -> bool:
        """Whether there was something to let go of."""
        tap = self._taps.pop(output, None)
        if tap is not None:
            tap.close()
        return tap is not None


class _Tap:
    """Reads a channel as a sound card would."""

    def __init__(self, channel: Channel, sound: Sound, locate: Locate) -> None:
        self.occurrence = sound.occurrence
        self._channel, self._read = channel, 0
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        channel.start(sound, locate, lambda _position_ms, _reason: None)
        self._timer = self._loop.call_later(_PERIOD_S, self._turn)

    def close(self) -> None:
        self._timer.cancel()
        self._channel.stop(self.occurrence)

    def _turn(self) -> None:
        due = round((self._loop.time() - self._began_s) * RATE_HZ)
        self._channel.read(due - self._read)
        self._read = due
        self._timer = self._loop.call_later(_PERIOD_S, self._turn)
