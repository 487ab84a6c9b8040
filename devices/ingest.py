"""The uplink: what devices publish, authenticated, taken into the database in batches, and answered."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

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
from devices.uplink import KINDS, MAX_BYE_BYTES, Checker, Report
from devices.waiting import Waiting, WaitingRoom
from devices.wire.errors import BadMessage
from devices.wire.haves import Haves
from devices.wire.topics import Up, parse_up

_log = structlog.get_logger(__name__)

GATHER_S = 0.02
"""How long the first message waits for company; well under the 50 ms a batch may take."""
MAX_BATCH = 500
VERIFY_AT_ONCE = 25
"""Signatures checked before others get a turn on the event loop: about 2 ms."""

OnRefused = Callable[[str, str], None]
"""Told the kind and reason of every refused message."""


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
        on_refused: OnRefused | None = None,
        capacity: int | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._database, self._clock = database, clock
        self._send_missing, self._watch, self._on_refused = send_missing, watch, on_refused
        self._checker = Checker(lambda device_id, generation: keys.device_secrets(device_id, generation).mac_key)
        self._acks = Acknowledger(database, keys, send_down)
        self._waiting = WaitingRoom() if capacity is None else WaitingRoom(capacity)
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._quiet = QuietLog(_log, clock, timedelta(minutes=1))

    def on_message(self, topic: str, payload: bytes) -> None:
        """Take a message from the broker link. Cheap: only the topic and the size are looked at."""
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
            while True:
                await self._arrived.wait()
                await asyncio.sleep(GATHER_S)
                await self._take_batch()

    async def settled(self) -> None:
        """Wait until everything that came is taken in and committed."""
        await self._idle.wait()

    def _put(self, message: Waiting) -> None:
        gone = self._waiting.put(message)
        if gone is not None:
            self.dropped[gone.uplink.kind.value] += 1
        self._idle.clear()
        self._arrived.set()

    async def _take_batch(self) -> None:
        try:
            await self._process(self._waiting.take(MAX_BATCH))
        except Exception:  # noqa: BLE001 - one bad batch must not end the uplink; nothing in it was acknowledged
            _log.exception("devices.batch_failed")
        if not len(self._waiting):
            self._arrived.clear()
            self._idle.set()

    async def _process(self, batch: Sequence[Waiting]) -> None:
        async with self._database.reading() as session:
            known = await rows.identities(session, {message.uplink.device for message in batch})
        reports: list[Report] = []
        for index, message in enumerate(batch):
            if index % VERIFY_AT_ONCE == VERIFY_AT_ONCE - 1:
                await asyncio.sleep(0)
            try:
                reports.append(self._checker.open(message.uplink, message.payload, known.get(message.uplink.device)))
                self.counts[message.uplink.kind.value] += 1
            except BadMessage as error:
                self._refuse(message.uplink.device, message.uplink.kind.value, error.reason)
        if not reports:
            return
        communes = {device_id: identity.commune_id for device_id, identity in known.items()}
        await self._store(reports, communes)

    async def _store(self, reports: Sequence[Report], communes: dict[str, str]) -> None:
        """Take reports in; by halves when the database refuses a value, so that one device spoils nothing of others."""
        try:
            async with self._database.writing() as session:
                outcome = await Intake(session, communes, self._clock()).take(reports)
        except (DataError, IntegrityError) as error:
            if len(reports) == 1:
                self._refuse(reports[0].device_id, type(reports[0].message).__name__.lower(), "unstorable")
                _log.debug("devices.unstorable", device=reports[0].device_id, error=str(error.orig))
                return
            middle = len(reports) // 2
            await self._store(reports[:middle], communes)
            await self._store(reports[middle:], communes)
        else:
            await self._after_commit(outcome, communes)

    async def _after_commit(self, outcome: Outcome, communes: dict[str, str]) -> None:
        for refusal in outcome.refusals:
            self._refuse(refusal.device_id, refusal.kind, refusal.reason)
        for device_id in outcome.filed.foreign:
            self._refuse(device_id, "receipt", "foreign")
        self._acks.add(outcome.filed, communes)
        for device_id, gap in outcome.gaps.items():
            await self._fill(device_id, gap)
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
