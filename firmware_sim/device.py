"""One speaker wired together: events into the state machine, its effects carried out in order."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import httpx
import structlog

from base.errors import LoaError
from devices.wire.content import Tone
from devices.wire.orders import Hold, Play
from firmware_sim import events
from firmware_sim.clock import Reading
from firmware_sim.contents import ContentFolder, Contents
from firmware_sim.effects import Effect, Fetch, Forget, Keep, KeepOrder, Log, Publish, Silence, Sound
from firmware_sim.fetcher import Fetcher
from firmware_sim.flash import Flash
from firmware_sim.identity import Cluster
from firmware_sim.keeper import Keeper
from firmware_sim.link import DeviceLink
from firmware_sim.player import PLAYER_FAILED, Player
from firmware_sim.radio import TRANSMITTER, Heard, Transmitter
from firmware_sim.radio_player import RadioPlayer
from firmware_sim.sensors import Sensors
from firmware_sim.settings import DeviceFile
from firmware_sim.speaker import Speaker

HEALTH_EVERY_MS = 15_000
STORAGE = "storage"
"""The fault of a device whose flash refuses to write."""
_log = structlog.get_logger(__name__)


class Watcher(Protocol):
    """Told of what devices do, for status and figures."""

    def kept(self, device: str, effect: Keep) -> None:
        """This was handed to flash."""

    def sounded(self, device: str, sound: Sound, at: Reading) -> None:
        """This began to sound."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a device is built from. `player` is made anew at every boot."""

    flash: Flash
    folder: ContentFolder
    client: httpx.AsyncClient
    gate: asyncio.Semaphore
    clock: Callable[[], Reading]
    player: Callable[[], Player]
    sensors: Sensors
    transmitter: Transmitter | None = None
    watcher: Watcher | None = None


@dataclass(frozen=True, slots=True)
class _Turn:
    durable: "Future[Any] | None"
    effects: deque[Effect]


class Device:
    """A speaker that is powered by `start` and ends by `stop`, or by `cut` as a power cut ends it."""

    def __init__(self, file: DeviceFile, parts: Parts) -> None:
        self.file, self._parts = file, parts
        self.identity = file.identity
        self._keys, self._address = file.key_material, file.broker_address
        self._random = Random()  # noqa: S311 - spreads load, keeps no secret
        self._faults: set[str] = set()
        self._powered = False
        self._linkless = False
        self._old_link: DeviceLink | None = None
        self.health = events.Health()
        """What its sensors said last."""

    @property
    def powered(self) -> bool:
        return self._powered

    @property
    def online(self) -> bool:
        """Whether the broker has accepted it."""
        return self._powered and self._link.connected

    @property
    def now(self) -> Reading:
        """The present moment by its own clock."""
        return self._parts.clock()

    @property
    def speaker(self) -> Speaker:
        """The state machine of this boot."""
        return self._speaker

    async def start(self) -> None:
        """Boot: read flash, go on with what was broken off, connect. Raises Unavailable("firmware.flash_failed")."""
        parts, name = self._parts, self.identity.device
        self._slot = parts.flash.slot(name)
        saved = await self._slot.boot()
        capacity = self.file.storage.capacity_mib << 20
        self._contents = Contents(name, parts.folder, self._slot, capacity)
        await self._contents.load()
        jitter = self._random.random
        self._speaker = Speaker(self.identity, self._keys, saved, defaults=self.file.defaults, jitter=jitter)
        self._player = self._new_player()
        self._fetcher = Fetcher(
            device=name,
            client=parts.client,
            gate=parts.gate,
            urls=lambda: self._speaker.config.content or self.file.content.urls,
            contents=self._contents,
            on_stored=lambda sha: self.feed(events.ContentStored(sha)),
            on_failed=lambda sha, reason: self.feed(events.ContentFailed(sha, reason)),
            jitter=jitter,
        )
        self._turns: deque[_Turn] = deque()
        self._keeper = Keeper(self._slot, lambda: self._feel(parts.clock()))
        self._pump: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._health_mono_ms = 0
        self._link_task: asyncio.Task[None] | None = None
        self._link = self._new_link()
        self._powered = True
        self.feed(events.Booted())
        self._feel(self._parts.clock())
        self._connect()

    async def stop(self) -> None:
        """End in good order: a farewell to the broker, everything kept."""
        if self._old_link is not None:
            self._old_link.let_go()
        if not self._powered:
            return
        await self._link.say_bye()
        self._end()
        await self._disconnect()
        await self._keeper.finish()

    async def cut(self) -> None:
        """Lose power: nothing is told, and what is not durable yet is lost."""
        if not self._powered:
            return
        self._slot.cut()
        self._keeper.close()
        self._old_link = self._link
        self._powered = False
        self._link.cut()
        self._end()
        await self._disconnect()

    async def set_fault(self, kind: str, *, present: bool) -> None:
        """Break something, or mend it."""
        if kind == "no-link":
            self._linkless = present
            if present and self._powered:
                self._link.cut()
                await self._disconnect()
                self._old_link, self._link = self._link, self._new_link()
                self.feed(events.LinkDown())
            elif self._powered:
                self._connect()
            return
        (self._faults.add if present else self._faults.discard)(kind)
        if kind == TRANSMITTER and self._parts.transmitter is not None:
            self._parts.transmitter.break_down(present=present)
        if self._powered:
            self._feel(self._parts.clock())

    def feed(self, event: events.Event) -> None:
        """Let something happen to it."""
        if not self._powered:
            return
        now = self._parts.clock()
        effects = self._speaker.handle(event, now)
        kept = [effect for effect in effects if isinstance(effect, Keep)]
        if kept:
            self._keep(kept)
        rest: deque[Effect] = deque(effect for effect in effects if not isinstance(effect, Keep))
        if rest:
            self._turns.append(_Turn(self._keeper.last, rest))
            self._carry_on()
        self._sleep_until_due(now)

    def _keep(self, kept: list[Keep]) -> None:
        self._keeper.keep(kept)
        for keep in kept:
            if self._parts.watcher is not None:
                self._parts.watcher.kept(self.identity.device, keep)
            if isinstance(keep, KeepOrder) and isinstance(keep.signed.order.body, Play | Hold):
                tones = [part for part in keep.signed.order.body.parts if isinstance(part, Tone)]
                self._player.prepare(tones)

    # --- time

    def _sleep_until_due(self, now: Reading) -> None:
        loop = asyncio.get_running_loop()
        at_s = loop.time() + (self._speaker.wake_at(now) - now.mono_ms) / 1_000
        if self._timer is not None:
            if self._timer.when() <= at_s:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self._parts.clock()
        if now.mono_ms - self._health_mono_ms >= HEALTH_EVERY_MS or not self._health_mono_ms:
            self._feel(now)
        else:
            self.feed(events.Tick())

    def _feel(self, now: Reading) -> None:
        self._health_mono_ms = now.mono_ms
        felt, site = self._parts.sensors.read(now.mono_ms / 1_000), self.file.site
        self.health = events.Health(
            power=site.power,
            battery_pct=felt.battery_pct,
            link=site.link,
            signal_dbm=felt.signal_dbm,
            temperature_c=felt.temperature_c,
            storage_free_kib=self._contents.free_bytes >> 10,
            storage_total_kib=self._contents.capacity_bytes >> 10,
            faults=tuple(sorted(self._all_faults())),
            children={child.id: self._heard(child) for child in self.identity.children},
        )
        self.feed(self.health)

    def _all_faults(self) -> set[str]:
        radio = self._parts.transmitter
        felt = {STORAGE: self._keeper.failing, TRANSMITTER: radio is not None and radio.faulty}
        return self._faults | {fault for fault, present in felt.items() if present}

    def _heard(self, child: Cluster) -> str:
        """What is known of a wireless cluster: its own answer, or only whether its transmitter works."""
        radio = self._parts.transmitter
        return Heard.ASSUMED if radio is None else radio.heard(child.code)

    def _new_player(self) -> Player:
        player, radio = self._parts.player(), self._parts.transmitter
        if radio is None:
            return player
        radio.on_change = self._radio_changed
        radio.start()
        return RadioPlayer(player, radio)

    def _radio_changed(self) -> None:
        if self._powered:
            self._feel(self._parts.clock())

    # --- effects

    def _carry_on(self) -> None:
        """Carry out what needs no waiting at once; leave the rest to a task."""
        if self._pump is None and not self._advance():
            self._pump = asyncio.get_running_loop().create_task(self._pump_on())

    def _advance(self) -> bool:
        """Carry out effects until one has to wait for flash; whether all are done."""
        while self._turns:
            turn = self._turns[0]
            while turn.effects:
                waits = isinstance(turn.effects[0], Sound | Publish)
                if waits and turn.durable is not None and not turn.durable.done():
                    return False
                self._try_out(turn.effects.popleft(), turn.durable)
            self._turns.popleft()
        return True

    async def _pump_on(self) -> None:
        while self._turns and not self._advance():
            durable = self._turns[0].durable
            if durable is not None:
                with contextlib.suppress(LoaError):
                    # Shielded: whoever stops waiting must not take the write back.
                    await asyncio.shield(asyncio.wrap_future(durable))
        self._pump = None

    def _try_out(self, effect: Effect, durable: "Future[Any] | None") -> None:
        try:
            self._carry_out(effect, durable)
        except Exception:  # noqa: BLE001 - one effect that fails must not silence a speaker for good; it is logged
            _log.exception("speaker.effect_failed", device=self.identity.device, effect=type(effect).__name__)

    def _carry_out(self, effect: Effect, durable: "Future[Any] | None") -> None:
        match effect:
            case Sound():
                self._sound(effect, safe=_succeeded(durable))
            case Silence(output=output, occurrence=occurrence):
                self._player.silence(output, occurrence)
            case Publish(topic=topic, payload=payload, stated=stated):
                if not stated or _succeeded(durable):
                    self._link.publish(topic, payload)
            case Fetch(rendition=rendition, urgency_ms=urgency_ms, bank=bank, emergency=emergency):
                self._fetcher.want(rendition, urgency_ms, bank=bank, emergency=emergency)
            case Forget(sha256=sha):
                self._fetcher.drop(sha)
            case Log():
                self._note(effect)

    def _sound(self, sound: Sound, *, safe: bool) -> None:
        """Sound it when its mark is durable; an emergency is heard even if flash has failed."""

        def ended(position_ms: int, reason: str) -> None:
            self.feed(events.SoundEnded(sound.output, sound.occurrence, sound.run, position_ms, reason))

        if not safe and not sound.emergency:
            asyncio.get_running_loop().call_soon(ended, sound.position_ms, "flash")
            return
        try:
            self._player.sound(sound, self._contents.locate, ended)
        except LoaError as error:
            _log.error("player.failed", device=self.identity.device, problem=str(error))
            asyncio.get_running_loop().call_soon(ended, sound.position_ms, PLAYER_FAILED)
            return
        if self._parts.watcher is not None:
            self._parts.watcher.sounded(self.identity.device, sound, self._parts.clock())

    def _note(self, log: Log) -> None:
        write = _log.warning if log.alarming or log.event == "message_refused" else _log.info
        write(f"speaker.{log.event}", device=self.identity.device, reason=log.reason, detail=log.detail)

    # --- the link, and the end

    def _new_link(self) -> DeviceLink:
        return DeviceLink(self.identity, self._address, self.feed, self._random.random)

    def _connect(self) -> None:
        if self._linkless or self._link_task is not None:
            return
        if self._old_link is not None:
            self._old_link.let_go()
            self._old_link = None
        self._link_task = asyncio.get_running_loop().create_task(self._link.run())

    async def _disconnect(self) -> None:
        task, self._link_task = self._link_task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _end(self) -> None:
        self._powered = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        self._turns.clear()
        self._fetcher.close()
        self._player.close()


def _succeeded(durable: "Future[Any] | None") -> bool:
    return durable is None or (not durable.cancelled() and durable.exception() is None)
