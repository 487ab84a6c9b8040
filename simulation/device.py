"""A device of the world: the real state machine between a flash that may lose writes, a network and loudspeakers.

It does what `firmware_sim.device` does, with virtual hardware: what is kept is durable before anything sounds or is
told, and power may go at every boundary between two effects.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from firmware_sim import events
from firmware_sim.counts import RECEIPTS_AHEAD
from firmware_sim.effects import Effect, Fetch, Forget, Keep, Link, Log, Publish, Silence, Sound
from firmware_sim.memory import MemoryFlash
from firmware_sim.saved import Loss
from firmware_sim.settings import DeviceFile
from firmware_sim.speaker import Speaker
from simulation.broker import Broker
from simulation.carrier import Carrier
from simulation.clocks import TrueError
from simulation.loudspeaker import Listener, Loudspeakers
from simulation.virtual_loop import VirtualLoop

FLASH_RETRY_S = 2.0
TIME_AFTER_S = (1.0, 20.0)
NTP_EVERY_S = 14_400.0
MOST_WAKES = 1_000
"""More at one moment of the virtual clock, and it would never get past it."""


class Witness(Listener, Protocol):
    """Is told what truly happens to a device."""

    def booted(self, device: "Device") -> None: ...
    def power_lost(self, device: "Device") -> None: ...
    def received(self, device: "Device", topic: str, payload: bytes) -> None: ...
    def kept(self, device: "Device", effects: Iterable[Effect]) -> None: ...
    def noted(self, device: "Device", log: Log) -> None: ...
    def flash_lost(self, device: "Device") -> None: ...
    def broke_off(self, device: "Device", sound: Sound, reason: str) -> None: ...


@dataclass(slots=True)
class _Turn:
    """Effects of one turn that wait until what is kept is durable; `safe` is None while that is not known."""

    kept: list[Effect]
    rest: deque[Effect]
    safe: bool | None = None


class Device:
    """One device with its hardware. `cut_in`: the power goes at that many boundaries between effects from now."""

    def __init__(
        self, loop: VirtualLoop, source: random.Random, file: DeviceFile, broker: Broker, witness: Witness
    ) -> None:
        self._loop, self._random, self._file, self._broker, self._witness = loop, source, file, broker, witness
        self.identity, self._keys = file.identity, file.key_material
        self.name, self.follows = self.identity.device, self.identity.follows
        self.flash = MemoryFlash()
        self.clock = TrueError(loop, source)
        self.carrier = Carrier(
            loop,
            source,
            bytes_per_s=source.choice((8_000, 20_000, 100_000)),
            is_open=lambda: self.content_open and self.linked,
            stored=lambda sha: self.feed(events.ContentStored(sha)),
            failed=lambda sha, reason: self.feed(events.ContentFailed(sha, reason)),
        )
        self.loudspeakers = Loudspeakers(loop, self.name, witness, self.carrier.has, self._sound_ended)
        self.powered = False
        self.linked = False
        self.content_open = True
        self.ntp_open = True
        self.ragged = False
        self.battery_pct: int | None = 90 if self._random.random() < 0.3 else None
        self.flash_ms = self.slowest_flash_ms = 0
        self.flash_fails = False
        self.cut_in: int | None = None
        self.on_cut: Callable[[Device], None] = lambda _: None
        self._turns: deque[_Turn] = deque()
        self._refused: list[Effect] = []
        self._speaker: Speaker | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._boot = 0
        self._due_ms = 0
        self._woken_ms = self._wakes = 0

    @property
    def speaker(self) -> Speaker:
        """The state machine of this boot."""
        assert self._speaker is not None
        return self._speaker

    def _jitter(self) -> float:
        """Chance, while something is wrong; else none, so that the town's heartbeats arrive as one batch."""
        return self._random.random() if self.ragged else 0.5

    @property
    def config_kept(self) -> tuple[tuple[int, int], ...] | None:
        """The permitted hours of the last config order that it kept, in minutes of its day; None before the first."""
        saved = self.flash.config
        return None if saved is None else saved.config.hours.spans

    # --- power

    def switch_on(self) -> None:
        """Boot from what flash holds."""
        if self.powered:
            return
        saved = self.flash.boot()
        self._speaker = Speaker(self.identity, self._keys, saved, defaults=self._file.defaults, jitter=self._jitter)
        self.powered, self._boot = True, self._boot + 1
        self._witness.booted(self)
        self.feed(events.Booted(self._health()))
        if not self.powered:
            return
        self._loop.call_later(self._random.uniform(*TIME_AFTER_S), self.synchronise, self._boot)
        self._broker.consider(self.name)

    def cut(self) -> None:
        """Lose power: what is not durable yet is lost, and what sounds falls silent."""
        if not self.powered:
            return
        self.powered = self.linked = False
        self.cut_in = None
        self._turns.clear()
        self._refused.clear()
        for timer in (self._timer, self._flushing):
            if timer is not None:
                timer.cancel()
        self._timer = self._flushing = None
        self.loudspeakers.cut()
        self.carrier.cut()
        self.clock.power_was_cut()
        self._witness.power_lost(self)
        self._broker.drop(self.name)
        self._broker.paths[self.name].resting = False
        self.on_cut(self)

    def lose_flash(self) -> None:
        """While it is without power the store goes bad; what can be read of it is put into a new one, as
        `firmware_sim.salvage` does: some orders, final marks and receipts, no haves, and the counts kept beside it.
        """
        old, chance = self.flash, self._random.random
        self.flash = MemoryFlash(
            boots=old.boots,
            orders={key: kept for key, kept in old.orders.items() if chance() < 0.5},
            marks={key: mark for key, mark in old.marks.items() if mark.final and chance() < 0.5},
            receipts={n: envelope for n, envelope in old.receipts.items() if chance() < 0.5},
            chain=(old.chain[0] + RECEIPTS_AHEAD, bytes(32)),
            config=old.config,
            keys=dict(old.keys),
            loss=Loss(None),
        )
        self._witness.flash_lost(self)

    # --- network and clock

    def link_up(self) -> None:
        self.linked = True
        self.feed(events.LinkUp())
        if not self.clock.read().sure:
            self._loop.call_later(self._random.uniform(*TIME_AFTER_S), self.get_time)

    def link_down(self) -> None:
        self.linked = False
        self.feed(events.LinkDown())

    def receive(self, topic: str, payload: bytes) -> None:
        """From the broker."""
        self._witness.received(self, topic, payload)
        kind = topic.rpartition("/")[2]
        if kind == "orders":
            self.feed(events.OrderReceived(payload))
        elif kind == "head":
            self.feed(events.BeaconReceived(payload))
        else:
            self.feed(events.FrameReceived(payload))

    def synchronise(self, boot: int) -> None:
        """NTP or the satellites answer, if they can be had; from then on now and then."""
        if not self.powered or boot != self._boot:
            return
        self._loop.call_later(NTP_EVERY_S, self.synchronise, boot)
        self.get_time()

    def get_time(self) -> None:
        """Set the clock, if anything that knows the time can be had."""
        if not (self.powered and self.ntp_open and (self.linked or self.clock.has_receiver)):
            return
        before = self.clock.read()
        self.clock.synchronise()
        if before.sure and self.clock.read().wall_ms <= before.wall_ms:
            self._sleep()
        else:
            # A moment may have been leapt over; a real device looks every few seconds.
            self.feed(events.Tick())

    def look_at_clock(self) -> None:
        """As the poll of the clock does, a few seconds after somebody set it."""
        if self.powered:
            self.feed(events.Tick())

    def settle_flash(self) -> None:
        """Flash answers at once again; what still waits for it is written now."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushed()

    def feel(self) -> None:
        """What the sensors say."""
        self.feed(self._health())

    def _health(self) -> events.Health:
        return events.Health(
            power=self._file.site.power,
            link=self._file.site.link,
            battery_pct=self.battery_pct,
            storage_free_kib=10_000,
            storage_total_kib=20_000,
            faults=("storage",) if self.flash_fails else (),
            children={child.id: "assumed" for child in self.identity.children},
        )

    def mend_flash(self) -> None:
        """Flash takes writes again: first, as one, what it refused."""
        self.flash_fails = False
        if self.powered:
            refused, self._refused = self._refused, []
            self.flash.keep(refused)
            self._witness.kept(self, refused)
            self.feel()

    def beat_soon(self) -> None:
        """As if news of the logs waited: the next heartbeat comes at once, whatever its period was."""
        if self.powered and self.linked:
            self.speaker._vitals.soon(self._loop.now_ms)  # noqa: SLF001 - nothing public makes it hurry without an event
            self._sleep()

    # --- events in, effects out

    def feed(self, event: events.Event) -> None:
        """Let something happen to it."""
        if not self.powered:
            return
        now = self.clock.read()
        effects = self.speaker.handle(event, now)
        kept: list[Effect] = [effect for effect in effects if isinstance(effect, Keep)]
        rest: deque[Effect] = deque(effect for effect in effects if not isinstance(effect, Keep))
        if kept or rest:
            self._turns.append(_Turn(kept, rest, None if kept else self._durable))
            self._carry_on()
        if self.powered:
            self._sleep()

    @property
    def _durable(self) -> bool | None:
        """Whether everything kept until now is durable."""
        return None if any(turn.kept for turn in self._turns) else not self._refused

    def _carry_on(self) -> None:
        while self._turns and self.powered:
            turn = self._turns[0]
            if turn.safe is None and not self._flush(turn):
                self._carry_out_all(turn, but=(Sound, Publish))
                return
            if not self._carry_out_all(turn):
                return
            if self._turns and self._turns[0] is turn:
                self._turns.popleft()

    def _flush(self, turn: _Turn) -> bool:
        """Make what is kept durable, now or after the flash's own time; whether the turn may go on."""
        self.slowest_flash_ms = max(self.slowest_flash_ms, self.flash_ms)
        if self.flash_ms and self._flushing is None:
            self._flushing = self._loop.call_later(self.flash_ms / 1_000, self._flushed)
        if self._flushing is not None:
            return False
        self._make_durable(turn)
        return self.powered

    def _flushed(self) -> None:
        self._flushing = None
        if self._turns:
            self._make_durable(self._turns[0])
        self._carry_on()
        if self.powered:
            self._sleep()

    def _make_durable(self, turn: _Turn) -> None:
        if self._boundary():
            return
        if self.flash_fails:
            turn.safe = False
            self._refused.extend(turn.kept)
            turn.kept = []
            return
        self.flash.keep(turn.kept)
        self._witness.kept(self, turn.kept)
        turn.kept, turn.safe = [], True
        self._boundary()

    def _carry_out_all(self, turn: _Turn, but: tuple[type[Effect], ...] = ()) -> bool:
        """Up to the first of those in `but`, which must wait until what is kept is durable."""
        while turn.rest and not isinstance(turn.rest[0], but):
            self._carry_out(turn.rest.popleft(), safe=bool(turn.safe))
            if not self.powered or self._boundary():
                return False
        return True

    def _boundary(self) -> bool:
        """A moment at which power may go; whether it went."""
        if self.cut_in is None:
            return False
        self.cut_in -= 1
        if self.cut_in > 0:
            return False
        self.cut()
        return True

    def _carry_out(self, effect: Effect, *, safe: bool) -> None:
        match effect:
            case Publish(topic=topic, payload=payload, stated=stated):
                if safe or not stated:
                    self._broker.publish_from(self.name, topic, payload)
            case Sound():
                if safe or effect.emergency:
                    self.loudspeakers.sound(effect, marked=safe)
                else:
                    self._loop.call_soon(self._sound_ended, effect, effect.position_ms, "flash")
            case Silence(output=output, occurrence=occurrence):
                self.loudspeakers.silence(output, occurrence)
            case Fetch(rendition=rendition, urgency_ms=urgency_ms, emergency=emergency):
                self.carrier.want(rendition, urgency_ms, emergency=emergency)
            case Forget(sha256=sha):
                self.carrier.drop(sha)
            case Link(up=up):
                self._broker.rest(self.name, resting=not up)
            case Log():
                self._witness.noted(self, effect)

    def _sound_ended(self, sound: Sound, position_ms: int, reason: str) -> None:
        if reason:
            self._witness.broke_off(self, sound, reason)
        self.feed(events.SoundEnded(sound.output, sound.occurrence, sound.run, position_ms, reason))

    # --- time

    def _sleep(self) -> None:
        now = self.clock.read()
        self._due_ms = self._loop.now_ms + self.speaker.wake_at(now) - now.mono_ms
        if self._timer is not None:
            if self._timer.when() <= self._due_ms / 1_000:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due_ms / 1_000, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._wakes = self._wakes + 1 if self._loop.now_ms == self._woken_ms else 0
        self._woken_ms = self._loop.now_ms
        if self._wakes > MOST_WAKES:
            raise RuntimeError(f"{self.name} wakes again and again at one moment")
        if self._loop.now_ms >= self._due_ms:
            self.feed(events.Tick())
        else:
            self._timer = self._loop.call_at(self._due_ms / 1_000, self._wake)
