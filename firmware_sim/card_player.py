"""The only door to miniaudio: real sound through the machine's sound card."""

import asyncio
import contextlib
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from typing import Any

import miniaudio

from base.errors import Unavailable
from devices.wire.content import Tone
from firmware_sim.channel import Channel
from firmware_sim.effects import Sound
from firmware_sim.player import Locate, OnEnd
from firmware_sim.render import RATE_HZ, Pcm, prepare
from firmware_sim.streams import Streams, tune_all

_BUFFER_MS = 40
"""A period of the card: short enough that an emergency is heard at once, long enough to open a file in."""


class SoundCardPlayer:
    """Each output is a stream of its own, on the card whose name holds what `cards` gives for it, else the default one.

    The mixer is left alone: an order's volume, and the limit above it, scale the samples. `silent` uses the null
    backend: real timing, no card.
    """

    def __init__(
        self, *, silent: bool = False, cards: Mapping[str, str] | None = None, streams: Streams | None = None
    ) -> None:
        self._streams = streams
        self._backends = [miniaudio.Backend.NULL] if silent else None
        self._wanted = {output: name for output, name in (cards or {}).items() if name}
        self._loop = asyncio.get_running_loop()
        self._cards: dict[str, tuple[miniaudio.PlaybackDevice, Channel]] = {}

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        """Raises Unavailable("firmware.sound_card")."""
        self._channel(sound.output).start(sound, locate, partial(self._ended, on_end))

    def prepare(self, tones: Sequence[Tone]) -> None:
        self._loop.run_in_executor(None, prepare, tones)

    def tune(self, urls: Sequence[str]) -> None:
        tune_all(self._streams, urls)

    def silence(self, output: str, occurrence: str) -> int:
        return self._channel(output).stop(occurrence)

    def close(self) -> None:
        for card, _ in self._cards.values():
            card.close()
        self._cards.clear()
        if self._streams is not None:
            self._streams.close()

    def _ended(self, on_end: OnEnd, position_ms: int, reason: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may have closed meanwhile
            self._loop.call_soon_threadsafe(on_end, position_ms, reason)

    def _channel(self, output: str) -> Channel:
        if output not in self._cards:
            self._cards[output] = self._open(self._wanted.get(output))
        return self._cards[output][1]

    def _open(self, name: str | None) -> tuple[miniaudio.PlaybackDevice, Channel]:
        try:
            card = miniaudio.PlaybackDevice(
                device_id=None if name is None else self._find(name),
                output_format=miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE_HZ,
                buffersize_msec=_BUFFER_MS,
                backends=self._backends,
                app_name="loa",
            )
            channel = Channel(self._streams)
            stream = _stream(channel)
            next(stream)
            card.start(stream)
        except miniaudio.MiniaudioError as error:
            raise Unavailable("firmware.sound_card", problem=str(error)) from error
        return card, channel

    def _find(self, name: str) -> Any:
        """The number of the card. Raises Unavailable: the wrong card would be the wrong loudspeakers."""
        found: list[dict[str, Any]] = miniaudio.Devices(self._backends).get_playbacks()
        for card in found:
            if name.lower() in str(card["name"]).lower():
                return card["id"]
        there = ", ".join(str(card["name"]) for card in found) or "none"
        raise Unavailable("firmware.sound_card", problem=f"no card “{name}” among {there}")


def _stream(channel: Channel) -> Generator[Pcm, int, None]:
    wanted = yield channel.read(0)
    while True:
        wanted = yield channel.read(wanted).reshape(-1, 1)
