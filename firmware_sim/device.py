"""One speaker wired together: what it is built from, its powering on and off, its time, its health."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import BinaryIO

import httpx
import structlog

from devices.wire import topics
from devices.wire.blocks import Want
from devices.wire.content import Tone
from devices.wire.envelope import Kind, seal
from devices.wire.orders import Hold, Play
from firmware_sim import events
from firmware_sim.block_fetcher import BlockFetcher
from firmware_sim.carriers import Carriers
from firmware_sim.carrying import Carrying, Tools, Watcher
from firmware_sim.clock import Reading
from firmware_sim.contents import ContentFolder, Contents
from firmware_sim.courier import Courier
from firmware_sim.effects import Keep, KeepOrder
from firmware_sim.fetcher import Fetcher
from firmware_sim.flash import Flash
from firmware_sim.hand_over import Result
from firmware_sim.identity import Cluster
from firmware_sim.keeper import Keeper
from firmware_sim.player import Player
from firmware_sim.radio import TRANSMITTER, Heard, Transmitter
from firmware_sim.radio_player import RadioPlayer
from firmware_sim.reserve import Reserve
from firmware_sim.saved import Loss, Saved
from firmware_sim.sensors import Sensors
from firmware_sim.settings import DeviceFile
from firmware_sim.speaker import Speaker

HEALTH_EVERY_MS = 15_000
STORAGE, STORAGE_FULL = "storage", "storage_full"
"""The faults of a device whose flash refuses to write, and of one that lives on its reserve."""
_log = structlog.get_logger(__name__)


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


class Device:
    """A speaker that is powered by `start` and ends by `stop`, or by `cut` as a power cut ends it."""

    def __init__(self, file: DeviceFile, parts: Parts) -> None:
        self.file, self._parts = file, parts
        self.identity = file.identity
        self._keys = file.key_material
        self._random = Random()  # noqa: S311 - spreads load, keeps no secret
        self._faults: set[str] = set()
        self._powered = False
        self._carriers = self._new_carriers()
        self.health = events.Health()
        """What its sensors said last."""

    @property
    def powered(self) -> bool:
        return self._powered

    @property
    def online(self) -> bool:
        """Whether it reaches its server."""
        return self._powered and bool(self._carriers.carrier)

    @property
    def carrier(self) -> str:
        """By which way it reaches its server now: mqtt, http, or empty."""
        return self._carriers.carrier if self._powered else ""

    @property
    def now(self) -> Reading:
        """The present moment by its own clock."""
        return self._parts.clock()

    @property
    def flash(self) -> Flash:
        return self._parts.flash

    @property
    def speaker(self) -> Speaker:
        """The state machine of this boot."""
        return self._speaker

    # --- power

    async def start(self) -> None:
        """Boot: read flash, go on with what was broken off, connect. Raises Unavailable("firmware.flash_failed")."""
        slot = self._slot = self._parts.flash.slot(self.identity.device)
        saved = await slot.boot()
        capacity = self.file.storage.capacity_mib << 20
        self._contents = Contents(self.identity.device, self._parts.folder, slot, capacity)
        await self._contents.load(adopt=saved.loss == Loss())
        self._put_together(saved)
        self._powered = True
        self.feed(events.Booted(self._read_sensors(self._parts.clock())))
        self._see_to_room()
        self._carriers.start()

    def _put_together(self, saved: Saved) -> None:
        parts, jitter = self._parts, self._random.random
        self._boot, self._wants = saved.boot, 0
        self._speaker = Speaker(self.identity, self._keys, saved, defaults=self.file.defaults, jitter=jitter)
        self._player = self._new_player()
        self._keeper = Keeper(self._slot, lambda: self._feel(parts.clock()))
        blocks = BlockFetcher(self._ask, lambda: bool(self._carriers.carrier))
        self._fetcher = Fetcher(
            device=self.identity.device,
            client=parts.client,
            gate=parts.gate,
            urls=lambda: self._speaker.config.content or self.file.content.urls,
            contents=self._contents,
            on_stored=lambda sha: self.feed(events.ContentStored(sha)),
            on_failed=lambda sha, reason: self.feed(events.ContentFailed(sha, reason)),
            jitter=jitter,
            blocks=blocks,
        )
        self._courier = Courier(
            self.identity,
            self._keys.signing,
            self._speaker,
            self._contents,
            self._keeper,
            on_content=self._fetcher.here,
            feed=self.feed,
            clock=parts.clock,
        )
        self._carriers.let_go()
        self._carriers = self._new_carriers(hindered=self._carriers.hindered)
        tools = Tools(
            device=self.identity.device,
            player=self._player,
            contents=self._contents,
            fetcher=self._fetcher,
            blocks=blocks,
            carriers=self._carriers,
            clock=parts.clock,
            watcher=parts.watcher,
        )
        self._carrying = Carrying(tools, self.feed)
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Task[None] | None = None
        self._health_mono_ms = 0

    async def stop(self) -> None:
        """End in good order: a farewell to the broker, everything kept."""
        self._carriers.let_go()
        if not self._powered:
            return
        self._end()
        await self._carriers.stop()
        await self._keeper.finish()

    async def cut(self) -> None:
        """Lose power: nothing is told, and what is not durable yet is lost."""
        if not self._powered:
            return
        self._slot.cut()
        self._keeper.close()
        self._end()
        await self._carriers.cut()

    def _end(self) -> None:
        self._powered = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._room is not None:
            self._room.cancel()
        self._carrying.close()
        self._fetcher.close()
        self._player.close()

    async def set_fault(self, kind: str, *, present: bool) -> None:
        """Break something, or mend it."""
        if kind == "no-link":
            await self._carriers.hinder(hindered=present)
            return
        (self._faults.add if present else self._faults.discard)(kind)
        if kind == TRANSMITTER and self._parts.transmitter is not None:
            self._parts.transmitter.break_down(present=present)
        if self._powered:
            self._feel(self._parts.clock())

    # --- what a courier brings and takes

    async def take_bundle(self, file: BinaryIO) -> Result:
        """Take a courier's bundle; see Courier. Only while powered."""
        return await self._courier.take_bundle(file)

    async def make_return(self, out: BinaryIO) -> str:
        """Write a return file; see Courier. Only while powered."""
        return await self._courier.make_return(out)

    # --- what happens

    def feed(self, event: events.Event) -> None:
        """Let something happen to it."""
        if not self._powered:
            return
        now = self._parts.clock()
        effects = self._speaker.handle(event, now)
        kept = [effect for effect in effects if isinstance(effect, Keep)]
        if kept:
            self._keep(kept)
        rest = [effect for effect in effects if not isinstance(effect, Keep)]
        if rest:
            self._carrying.add(rest, self._keeper.last)
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
        self._see_to_room()
        self.feed(self._read_sensors(now))

    def _read_sensors(self, now: Reading) -> events.Health:
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
        return self.health

    def _all_faults(self) -> set[str]:
        radio = self._parts.transmitter
        felt = {
            STORAGE: self._keeper.failing,
            STORAGE_FULL: not self._parts.flash.reserve.held,
            TRANSMITTER: radio is not None and radio.faulty,
        }
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

    # --- room, and ways

    def _see_to_room(self) -> None:
        """The disk was full, and orders and receipts live on the reserve: content makes room until it is back."""
        reserve = self._parts.flash.reserve
        if reserve.held or (self._room is not None and not self._room.done()):
            return
        self._fetcher.dropped(self._contents.relieve(reserve.wanted_bytes))
        self._room = asyncio.get_running_loop().create_task(_restore(reserve))

    def _ask(self, sha: bytes, blocks: Sequence[int]) -> None:
        """Ask the server for blocks of a content."""
        self._wants += 1
        device = self.identity.device
        want = Want.of(device, self._boot, self._wants, sha, blocks)
        self._carriers.publish(topics.up(device, topics.Up.WANT), seal(Kind.WANT, want.to_map(), self._keys.mac))

    def _new_carriers(self, *, hindered: bool = False) -> Carriers:
        return Carriers(
            self.identity,
            self.file.broker_address,
            client=self._parts.client,
            bases=lambda: self._speaker.config.exchange or self.file.content.exchange,
            feed=self.feed,
            period_s=lambda: self._speaker.config.heartbeat_s,
            jitter=self._random.random,
            hindered=hindered,
        )


async def _restore(reserve: Reserve) -> None:
    if await asyncio.to_thread(reserve.restore):
        _log.info("flash.room_again")
