"""A player whose radio output goes on air: the sound follows when the receivers are open, and ends with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from base.errors import LoaError
from devices.wire.content import Tone
from firmware_sim.effects import Sound
from firmware_sim.identity import RADIO
from firmware_sim.player import PLAYER_FAILED, Locate, OnEnd, Player
from firmware_sim.radio import TRANSMITTER, OnAir, Transmitter

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Running:
    sound: Sound
    on_end: OnEnd
    sounding: bool = False


class RadioPlayer:
    """Other outputs are the inner player's alone. A transmission that fails ends as `transmitter`, never as sounded."""

    def __init__(self, inner: Player, transmitter: Transmitter) -> None:
        self._inner, self._transmitter = inner, transmitter
        self._running: _Running | None = None

    def sound(self, sound: Sound, locate: Locate, on_end: OnEnd) -> None:
        if sound.output != RADIO:
            self._inner.sound(sound, locate, on_end)
            return
        if self._running is not None:
            self._inner.silence(RADIO, self._running.sound.occurrence)
        running = self._running = _Running(sound, on_end)
        self._transmitter.begin(
            OnAir(sound.occurrence, sound.codes, sound.play_class),
            lambda: self._begin(running, locate),
            lambda: self._fail(running),
        )

    def prepare(self, tones: Sequence[Tone]) -> None:
        self._inner.prepare(tones)

    def tune(self, urls: Sequence[str]) -> None:
        self._inner.tune(urls)

    def silence(self, output: str, occurrence: str) -> int:
        running = self._running
        if output != RADIO or running is None or running.sound.occurrence != occurrence:
            return self._inner.silence(output, occurrence)
        return self._take_off(running)

    def close(self) -> None:
        if self._running is not None:
            self._take_off(self._running)
        self._inner.close()

    def _begin(self, running: _Running, locate: Locate) -> None:
        """The receivers are open."""
        if running is not self._running:
            return
        running.sounding = True
        try:
            self._inner.sound(running.sound, locate, lambda *end: self._ended(running, *end))
        except LoaError as error:
            _log.error("player.failed", output=RADIO, problem=str(error))
            running.sounding = False
            self._ended(running, running.sound.position_ms, PLAYER_FAILED)

    def _ended(self, running: _Running, position_ms: int, reason: str) -> None:
        if running is self._running:
            running.sounding = False
            self._take_off(running)
            running.on_end(position_ms, reason)

    def _fail(self, running: _Running) -> None:
        if running is self._running:
            running.on_end(self._take_off(running), TRANSMITTER)

    def _take_off(self, running: _Running) -> int:
        """Off air; the position reached."""
        self._running = None
        reached = running.sound.position_ms
        if running.sounding:
            reached = self._inner.silence(RADIO, running.sound.occurrence)
        self._transmitter.end(running.sound.occurrence)
        return reached
