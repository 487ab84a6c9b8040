"""What a device tells of itself: hello at every connection, heartbeats, and when the next one is due (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.wire import topics
from devices.wire.config import Spans
from devices.wire.envelope import Kind, seal, sign
from devices.wire.haves import Haves
from devices.wire.reports import Heartbeat, Hello
from firmware_sim.clock import Reading
from firmware_sim.effects import Turn
from firmware_sim.events import Health
from firmware_sim.identity import FIRMWARE, Identity, Keys

SOON_MS = 100
SOON_SPREAD_MS = 200
"""News of the logs waits 100 to 300 ms, so that one heartbeat tells of many orders."""
GREETING_SPREAD_MS = 2_000
"""After a connection the first heartbeats of a fleet are spread over this."""


MAX_FAULTS = 16


@dataclass(frozen=True, slots=True)
class State:
    """What heartbeats tell beside health: haves, what sounds, the volume, the wake plan, faults the machine found."""

    haves: Mapping[str, Haves]
    playing: tuple[str, ...]
    volume: int
    wake: Spans = ()
    faults: tuple[str, ...] = ()


class Vitals:
    """Counts heartbeats within this boot."""

    def __init__(self, identity: Identity, keys: Keys, boot: int, jitter: Callable[[], float]) -> None:
        self._identity, self._keys, self._boot, self._jitter = identity, keys, boot, jitter
        self._beats = 0
        self._due_mono_ms = 0
        self._booted_mono_ms: int | None = None
        self.health = Health()
        self.period_s = 20

    @property
    def due_mono_ms(self) -> int:
        """When the next heartbeat is due."""
        return self._due_mono_ms

    def booted(self, mono_ms: int) -> None:
        self._booted_mono_ms = mono_ms

    def soon(self, mono_ms: int) -> None:
        """Something changed that the server should hear of."""
        self._due_mono_ms = min(self._due_mono_ms, mono_ms + SOON_MS + int(SOON_SPREAD_MS * self._jitter()))

    def greet(self, haves: Mapping[str, Haves], turn: Turn) -> None:
        """Say hello; the first heartbeat follows."""
        identity = self._identity
        hello = Hello(
            device=identity.device,
            boot=self._boot,
            firmware=FIRMWARE,
            model=identity.model,
            codecs=identity.codecs,
            clusters=tuple(cluster.id for cluster in identity.clusters),
            clock=turn.now.report,
            haves=haves,
            parts=identity.parts,
        )
        payload = sign(Kind.HELLO, hello.to_map(), self._keys.signing)
        turn.publish(topics.up(identity.device, topics.Up.HELLO), payload)
        self._due_mono_ms = turn.now.mono_ms + SOON_MS + int(GREETING_SPREAD_MS * self._jitter())

    def beat(self, state: Callable[[], State], turn: Turn) -> None:
        """Publish a heartbeat when one is due."""
        if turn.linked and turn.now.mono_ms >= self._due_mono_ms:
            self.beat_now(state(), turn)

    def beat_now(self, state: State, turn: Turn, *, quiet_until_ms: int | None = None) -> None:
        """Publish a heartbeat. quiet_until_ms: nothing more will be heard until then."""
        now = turn.now
        self._due_mono_ms = now.mono_ms + int(self.period_s * (950 + 100 * self._jitter()))
        beat = self.report(state, now, quiet_until_ms=quiet_until_ms)
        payload = seal(Kind.HEARTBEAT, beat.to_map(), self._keys.mac)
        turn.publish(topics.up(self._identity.device, topics.Up.HEARTBEAT), payload)

    def report(self, state: State, now: Reading, *, quiet_until_ms: int | None = None) -> Heartbeat:
        """The next heartbeat of this boot, by whatever carrier."""
        self._beats += 1
        health = self.health
        booted = now.mono_ms if self._booted_mono_ms is None else self._booted_mono_ms
        return Heartbeat(
            device=self._identity.device,
            boot=self._boot,
            n=self._beats,
            clock=now.report,
            haves=state.haves,
            playing=state.playing,
            volume=state.volume,
            power=health.power,
            battery_pct=health.battery_pct,
            link=health.link,
            signal_dbm=health.signal_dbm,
            temperature_c=health.temperature_c,
            storage_free_kib=health.storage_free_kib,
            storage_total_kib=health.storage_total_kib,
            faults=tuple(sorted({*health.faults, *state.faults}))[:MAX_FAULTS],
            uptime_s=(now.mono_ms - booted) // 1_000,
            quiet_until_ms=quiet_until_ms,
            children=health.children,
            wake=state.wake,
        )
