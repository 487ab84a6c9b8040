"""Speakers on one virtual clock: the real state machine of each device file, flash in memory, sound in virtual time."""

import tomllib
from dataclasses import dataclass, field
from random import Random

from devices.wire.content import Rendition
from devices.wire.envelope import CheckingKey, Kind, verify
from devices.wire.reports import Receipt
from firmware_sim import events
from firmware_sim.clock import Reading
from firmware_sim.effects import Effect, Fetch, Keep, KeepReceipt, Silence, Sound
from firmware_sim.memory import MemoryFlash
from firmware_sim.settings import DeviceFile
from firmware_sim.speaker import Speaker


@dataclass(frozen=True, slots=True)
class Heard:
    """What sounded on an output of a device; Unix milliseconds."""

    device: str
    output: str
    occurrence: str
    from_ms: int
    to_ms: int


@dataclass
class Bench:
    """One device. Feed it; let time pass with `run_until`. Contents it asks for are there after `fetch_ms`.

    sounds: what it was told to sound, as begun; heard: what had an end; fetches: the contents it asked for.
    """

    file: DeviceFile
    wall_ms: int
    fetch_ms: int | None = 1_000
    heard: list[Heard] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    fetches: list[Rendition] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.flash = MemoryFlash()
        self._mono_ms = 0
        self._sounds: dict[str, tuple[Sound, int]] = {}
        self._arrivals: list[tuple[int, bytes]] = []
        saved = self.flash.boot()
        keys, defaults = self.file.key_material, self.file.defaults
        self.speaker = Speaker(self.file.identity, keys, saved, defaults=defaults, jitter=Random(1).random)
        self.feed(events.Booted())

    @classmethod
    def of(cls, toml: str, wall_ms: int, fetch_ms: int | None = 1_000) -> "Bench":
        """From the text of a device file."""
        return cls(DeviceFile.model_validate(tomllib.loads(toml)), wall_ms, fetch_ms)

    @property
    def now(self) -> Reading:
        return Reading(self.wall_ms, self._mono_ms)

    def feed(self, event: events.Event) -> None:
        effects = self.speaker.handle(event, self.now)
        self.flash.keep([effect for effect in effects if isinstance(effect, Keep)])
        for effect in effects:
            self._carry_out(effect)

    def run_until(self, wall_ms: int) -> None:
        """Let time pass up to a moment."""
        while self.wall_ms < wall_ms:
            wake = min([self.speaker.wake_at(self.now), *self._ends(), *(due for due, _ in self._arrivals)])
            step = max(0, min(wake - self._mono_ms, wall_ms - self.wall_ms))
            self._mono_ms, self.wall_ms = self._mono_ms + step, self.wall_ms + step
            self._happen()

    def told(self) -> list[Receipt]:
        """The receipts it has written."""
        public = self.file.key_material.signing
        ring = CheckingKey(public.kid, public.cose)
        return [Receipt.from_map(verify(Kind.RECEIPT, data, lambda _: ring).payload) for data in self.receipts]

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Sound():
                assert effect.output not in self._sounds, "two sounds on one output"
                self._sounds[effect.output] = (effect, self._mono_ms)
                self.sounds.append(effect)
            case Silence(output=output):
                self._off(output)
            case Fetch() if self.fetch_ms is not None:
                self._arrivals.append((self._mono_ms + self.fetch_ms, effect.rendition.sha256))
                self.fetches.append(effect.rendition)
            case KeepReceipt(envelope=envelope):
                self.receipts.append(envelope)

    def _ends(self) -> list[int]:
        return [self._end_of(output) for output in self._sounds]

    def _end_of(self, output: str) -> int:
        sound, since = self._sounds[output]
        total = sound.plan.total_ms
        return 2**53 if total is None else since + total - sound.position_ms

    def _happen(self) -> None:
        for output in [output for output in self._sounds if self._end_of(output) <= self._mono_ms]:
            sound, _ = self._sounds[output]
            self._off(output)
            self.feed(events.SoundEnded(output, sound.occurrence, sound.run, sound.plan.total_ms or 0))
        due = [arrival for arrival in self._arrivals if arrival[0] <= self._mono_ms]
        self._arrivals = [arrival for arrival in self._arrivals if arrival not in due]
        for _, sha in due:
            self.feed(events.ContentStored(sha))
        self.feed(events.Tick())

    def _off(self, output: str) -> None:
        held = self._sounds.pop(output, None)
        if held is not None:
            sound, since = held
            began_ms = self.wall_ms - (self._mono_ms - since)
            self.heard.append(Heard(self.file.device, output, sound.occurrence, began_ms, self.wall_ms))
