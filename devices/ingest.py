"""The uplink: what devices publish, authenticated, taken into the database in batches, and answered.

Steady heartbeats go the short way (`devices.roll`), everything else the long one (`devices.intake`).
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from base.database import Database
from base.times import Clock
from devices.acks import Acknowledger, SendDown
from devices.changes import DeviceChange, Watcher
from devices.intake import Gap, Intake, Outcome
from devices.keys import KeyStore
from devices.quietlog import QuietLog
from devices.repository import uplink as rows
from devices.roll import Roll, Way
from devices.rollbook import MAX_DEVICES, RollBook
from devices.uplink import KINDS, MAX_BYE_BYTES, Checker, Identity, Report
from devices.waiting import Waiting, WaitingRoom
from devices.wire.blocks import Want
from devices.wire.errors import BadMessage
from devices.wire.haves import Haves
from devices.wire.reports import Heartbeat, Hello
from devices.wire.topics import Up, Uplink, parse_up

_log = structlog.get_logger(__name__)

GATHER_S = 0.02
"""How long the first message waits for company; well under the 50 ms a batch may take."""
MAX_BATCH = 500
WRITE_S = 1.0
"""How long steady heartbeats gather before they are written."""
_HEARTBEAT = Up.HEARTBEAT.value
VERIFY_AT_ONCE = 25
"""Signatures checked before others get a turn on the event loop: about 2 ms."""

OnWant = Callable[[Want], None]
"""Given what devices ask for that is not theirs to say but ours to send."""

OnRefused = Callable[[str, str], None]
"""Told the kind and reason of every refused message."""


class Taken(NamedTuple):
    """What came of the messages of one device: how many were taken, what is to be done, what it asks for."""

    number: int
    outcome: Outcome
    wants: Sequence[Want]


class SendMissing(Protocol):
    """Sends a device what it lacks; `fresh` when it has only just connected."""

    def __call__(self, device_id: str, haves: dict[str, Haves], *, fresh: bool) -> Awaitable[None]: ...


class Ingest:
    """One per server process. `run` works until cancelled; `on_message` is what the broker link calls.

    counts: messages taken, by kind. refused: messages refused, by reason. dropped: messages that gave way under load.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyStore,
        clock: Clock,
        *,
        send_missing: SendMissing,
        send_down: SendDown,
        watch: Watcher,
        on_want: OnWant = lambda _: None,
        on_refused: OnRefused | None = None,
        capacity: int | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._database, self._clock = database, clock
        self._send_missing, self._watch, self._on_refused = send_missing, watch, on_refused
        self._on_want = on_want
        self._checker = Checker(lambda device_id, generation: keys.device_secrets(device_id, generation).mac_key)
        self._acks = Acknowledger(database, keys, send_down)
        self._waiting = WaitingRoom() if capacity is None else WaitingRoom(capacity)
        self._roll = Roll(clock)
        self._book = RollBook(database, self._roll, self._go_long_way)
        self._turn = asyncio.Lock()
        self._arrived, self._unwritten, self._hurry = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._quiet = QuietLog(_log, clock, timedelta(minutes=1))

    def on_message(self, topic: str, payload: bytes) -> None:
        """Take a message from the broker link: a steady heartbeat at once, of others only topic and size are read."""
        way = self._roll.take(topic, payload)
        if way is Way.SHORT:
            self.counts[_HEARTBEAT] += 1
            self._idle.clear()
            self._unwritten.set()
        elif way is Way.NONE:
            self.dropped[_HEARTBEAT] += 1
        else:
            self._take_long_way(topic, payload)

    def _take_long_way(self, topic: str, payload: bytes) -> None:
        try:
            uplink = parse_up(topic)
        except BadMessage as error:
            self._refuse("", "topic", error.reason)
            return
        largest = MAX_BYE_BYTES if uplink.kind is Up.BYE else KINDS[uplink.kind].max_bytes
        if len(payload) > largest:
            self._refuse(uplink.device, uplink.kind.value, "too_large")
        elif uplink.kind is Up.BYE:
            # The broker says so, and brokers may lie: only silence counts.
            self.counts["bye"] += 1
        else:
            self._put(Waiting(uplink, payload))

    async def run(self) -> None:
        """Take in what comes, until cancelled. A batch that fails is lost and logged; devices say it again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._acks.run())
            group.create_task(self._write_roll())
            while True:
                await self._arrived.wait()
                await asyncio.sleep(GATHER_S)
                async with self._turn:
                    await self._take_batch()
                    self._rest()

    @property
    def backlog(self) -> int:
        """Messages that came and are not in the database yet."""
        return len(self._waiting) + self._roll.waiting

    async def settled(self) -> None:
        """Wait until everything that came is taken in and committed."""
        if not self._idle.is_set():
            self._hurry.set()
            await self._idle.wait()

    async def take(self, device_id: str, messages: Sequence[Waiting], carrier: str) -> Taken:
        """Take in at once what one device said by another carrier than the broker; the answer is the caller's.

        Raises what the database raises; then nothing was taken.
        """
        async with self._turn:
            async with self._database.reading() as session:
                known = await rows.identities(session, {device_id})
            reports, wants = await self._opened(messages, known)
            communes = {name: identity.commune_id for name, identity in known.items()}
            outcome = Outcome()
            if reports:  # anybody may ask by HTTP; only what is proved moves the device's place on the roll
                await self._book.write_of({device_id})
                self._roll.forget(device_id)
                async with self._database.writing() as session:
                    outcome = await Intake(session, communes, self._clock(), carrier).take(reports)
        self._account(outcome)
        return Taken(len(reports) + len(wants) - len(outcome.refusals), outcome, wants)

    async def _write_roll(self) -> None:
        while True:
            await self._unwritten.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WRITE_S):
                    await self._hurry.wait()
            await self._write_all(len(self._roll.unwritten))

    async def _write_all(self, devices: int) -> None:
        """Write so many devices' heartbeats, some at a time, and let others have the turn in between."""
        while devices > 0:
            devices -= MAX_DEVICES
            async with self._turn:
                try:
                    await self._book.write()
                except Exception:  # noqa: BLE001 - what was not written waits, and is written the next time
                    _log.exception("devices.roll_failed")
                    self._hurry.clear()
                    devices = 0
                self._rest()

    def _rest(self) -> None:
        """Note what there is nothing left of; only with the turn, when nothing is between here and the database."""
        if not len(self._waiting):
            self._arrived.clear()
        if not self._roll.waiting:
            self._unwritten.clear()
        if not len(self._waiting) and not self._roll.waiting:
            self._hurry.clear()
            self._idle.set()

    def _go_long_way(self, device_id: str, heartbeat: bytes) -> None:
        self.counts[_HEARTBEAT] -= 1  # it is counted again when it is taken
        self._put(Waiting(Uplink(device_id, Up.HEARTBEAT), heartbeat))

    def _put(self, message: Waiting) -> None:
        self._roll.goes_long_way(message.uplink.device)
        gone = self._waiting.put(message)
        if gone is not None:
            self._roll.came_long_way(gone.uplink.device)
            self.dropped[gone.uplink.kind.value] += 1
        self._idle.clear()
        self._arrived.set()

    async def _take_batch(self) -> None:
        batch = self._waiting.take(MAX_BATCH)
        try:
            # What came before them goes into the database before them.
            await self._book.write_of({message.uplink.device for message in batch})
            await self._process(batch)
        except Exception:  # noqa: BLE001 - one bad batch must not end the uplink; nothing in it was acknowledged
            _log.exception("devices.batch_failed")
        for message in batch:
            self._roll.came_long_way(message.uplink.device)

    async def _process(self, batch: Sequence[Waiting]) -> None:
        async with self._database.reading() as session:
            known = await rows.identities(session, {message.uplink.device for message in batch})
        reports, wants = await self._opened(batch, known)
        for want in wants:
            self._on_want(want)
        if reports:
            await self._store(reports, known)

    async def _opened(self, batch: Sequence[Waiting], known: Mapping[str, Identity]) -> tuple[list[Report], list[Want]]:
        """What is to be stored, and what is to be sent; what nobody vouches for is refused."""
        reports: list[Report] = []
        wants: list[Want] = []
        for index, message in enumerate(batch):
            if index % VERIFY_AT_ONCE == VERIFY_AT_ONCE - 1:
                await asyncio.sleep(0)
            device_id, kind = message.uplink
            try:
                report = self._checker.open(message.uplink, message.payload, known.get(device_id))
            except BadMessage as error:
                self._refuse(device_id, kind.value, error.reason)
                continue
            self.counts[kind.value] += 1
            if isinstance(report.message, Want):
                wants.append(report.message)
            else:
                reports.append(report)
        return reports, wants

    async def _store(self, reports: Sequence[Report], known: dict[str, Identity]) -> None:
        """Take reports in; by halves when the database refuses a value, so that one device spoils nothing of others."""
        communes = {report.device_id: known[report.device_id].commune_id for report in reports}
        try:
            async with self._database.writing() as session:
                outcome = await Intake(session, communes, self._clock()).take(reports)
        except (DataError, IntegrityError) as error:
            if len(reports) == 1:
                self._refuse(reports[0].device_id, type(reports[0].message).__name__.lower(), "unstorable")
                _log.debug("devices.unstorable", device=reports[0].device_id, error=str(error.orig))
                return
            middle = len(reports) // 2
            await self._store(reports[:middle], known)
            await self._store(reports[middle:], known)
        else:
            self._learn(reports, outcome, known)
            await self._after_commit(outcome, communes)

    def _learn(self, reports: Sequence[Report], outcome: Outcome, known: dict[str, Identity]) -> None:
        """Whose heartbeat was taken and lacks nothing may go the short way from now on; a hello ends that."""
        refused = {refusal.device_id for refusal in outcome.refusals}
        last = {report.device_id: report for report in reports if isinstance(report.message, Heartbeat)}
        for report in reports:
            if isinstance(report.message, Hello):
                self._roll.forget(report.device_id)
        for device_id, report in last.items():
            if isinstance(report.message, Heartbeat) and device_id not in refused and device_id not in outcome.gaps:
                identity = known[device_id]
                self._roll.learn(identity, report.message, report.envelope, self._checker.mac_key(identity))

    async def _after_commit(self, outcome: Outcome, communes: dict[str, str]) -> None:
        self._acks.add(outcome.filed, communes)
        for device_id, gap in outcome.gaps.items():
            await self._fill(device_id, gap)
        self._account(outcome)

    def _account(self, outcome: Outcome) -> None:
        for refusal in outcome.refusals:
            self._refuse(refusal.device_id, refusal.kind, refusal.reason)
        for device_id in outcome.filed.foreign:
            self._refuse(device_id, "receipt", "foreign")
        for change in outcome.changes:
            self._tell(change)

    async def _fill(self, device_id: str, gap: Gap) -> None:
        await self._send_missing(device_id, dict(gap.haves), fresh=gap.fresh)

    def _tell(self, change: DeviceChange) -> None:
        try:
            self._watch(change)
        except Exception:  # noqa: BLE001 - a watcher's trouble is its own; what it watches is already committed
            _log.exception("devices.watcher_failed")

    def _refuse(self, device_id: str, kind: str, reason: str) -> None:
        self.refused[reason] += 1
        if self._on_refused is not None:
            self._on_refused(kind, reason)
        self._quiet.warning("devices.refused", device_id, kind=kind, reason=reason)
