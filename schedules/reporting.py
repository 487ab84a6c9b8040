"""The as-run log and the reports of a place: what was planned, and what may be said of it; nothing is written."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Database
from base.errors import Refused
from devices import ordered
from devices.models import ClusterKind
from devices.service import DeviceService
from devices.wire.orders import Status
from schedules import ground as grounds
from schedules import log_rows, log_scope
from schedules.asrun import Claim, Row, claim
from schedules.by_place import Counted, Tally, by_village
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.log_rows import Soundings
from schedules.log_scope import Scope
from schedules.models import ApprovalStep, Emergency, Off
from schedules.repository import asrun as rows
from schedules.repository.asrun import Airing, Proved, Which
from schedules.totals import Alike, Report, Silence, report, silences

MOST_AIRINGS = 20_000
MOST_ROWS = 1_000_000
"""Airings times clusters. A spreadsheet has 1,048,576 lines; 400,000 rows take some seconds to add up."""
BATCH = 100
"""How many airings one query is about."""
ROWS_READ, ROWS_AT_ONCE = 2_000, 500
"""Of a file: how many rows are read together, and how many are written before others get their turn."""
LISTED = 200
"""How many approvals and emergencies of a period are listed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of the log: of a village, of a cluster, of which so much may be said; all when nothing is named."""

    village: str | None = None
    cluster: str | None = None
    claims: frozenset[Claim] = frozenset()

    def takes(self, row: Row, now: datetime) -> bool:
        return (
            self.village in {None, row.village_id}
            and self.cluster in {None, row.cluster}
            and (not self.claims or claim(row, now) in self.claims)
        )


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some rows of the log in order, and where to go on; next None: that was all."""

    rows: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Period:
    """All that a report of a day or a month says. approvals: with the announcements' titles."""

    scope: Scope
    report: Report
    silences: tuple[Silence, ...]
    villages: tuple[Tally, ...]
    approvals: Sequence[tuple[ApprovalStep, str]]
    emergencies: Sequence[Emergency]


@dataclass(frozen=True, slots=True)
class Reporter:
    """Every method reads inside the caller's session, but for `batches`, which opens its own."""

    devices: DeviceService

    async def scope(self, session: AsyncSession, place_id: str, first: date, last: date) -> Scope:
        """A place and local days of it, the last included.

        Raises NotFound: place_unknown; Refused: report_when_wrong.
        """
        return await log_scope.load(session, place_id, first, last)

    async def period(self, session: AsyncSession, scope: Scope, now: datetime) -> Period:
        """The report. Raises Refused("schedules.report_too_large")."""
        known: list[Alike] = []
        counted: list[Counted] = []
        for batch in _batches(await _airings(session, scope)):
            found, sums = await self._added_up(session, scope, batch, now)
            known += found
            counted += sums
        # A month is some thousand groups: others on this loop need not wait for their sums.
        added, unheard = await asyncio.to_thread(_add_up, known, scope, now)
        names = {each.id: each.name for each in scope.clusters.values()}
        villages = {each: scope.village_of(each) for each in {village for _, village, *_ in counted}}
        return Period(
            scope,
            added,
            unheard,
            by_village(counted, names, villages),
            await rows.approvals(session, scope.owners, scope.start, scope.end, LISTED),
            await rows.emergencies(session, scope.owners, scope.start, scope.end, LISTED),
        )

    async def page(
        self, session: AsyncSession, scope: Scope, wanted: Wanted, *, after: str | None, limit: int, now: datetime
    ) -> LogPage:
        """Rows of the log in order of time; `after`: the `next` of the page before.

        Raises Refused: report_too_large, log_cursor_wrong.
        """
        airings = await _airings(session, scope)
        since = None if after is None else _position(airings, after)
        if since is not None:
            airings = [each for each in airings if (each.start_at, each.id) >= since[:2]]
        found: list[Row] = []
        at, size = 0, 4
        while at < len(airings) and len(found) <= limit:
            batch = airings[at : at + size]
            found += await self._rows(session, scope, batch, wanted, since=since, limit=limit + 1, now=now)
            at, size = at + size, min(size * 2, BATCH)
        last = found[limit - 1] if len(found) > limit else None
        return LogPage(tuple(found[:limit]), None if last is None else f"{last.occurrence}.{last.cluster}")

    async def batches(self, database: Database, scope: Scope, now: datetime) -> AsyncIterator[list[Row]]:
        """Every row of the log in order, some at a time, each lot read in a session of its own: whoever takes the file
        slowly keeps no transaction open.
        """
        async with database.reading() as session:
            airings = await _airings(session, scope)
        everything = Wanted()
        for batch in _batches(airings, max(1, ROWS_READ // max(1, len(scope.clusters)))):
            async with database.reading() as session:
                # An airing has a row for each cluster at most.
                most = len(scope.clusters) * len(batch) + 1
                found = await self._rows(session, scope, batch, everything, since=None, limit=most, now=now)
            for at in range(0, len(found), ROWS_AT_ONCE):
                yield found[at : at + ROWS_AT_ONCE]
                await asyncio.sleep(0)

    async def _rows(
        self,
        session: AsyncSession,
        scope: Scope,
        airings: Sequence[Airing],
        wanted: Wanted,
        *,
        since: tuple[datetime, str, str] | None,
        limit: int,
        now: datetime,
    ) -> list[Row]:
        village = wanted.village if scope.village is None else scope.village
        which = Which({each.id for each in airings}, scope.communes, village, wanted.cluster, wanted.claims)
        had = await ordered.ordered(session, which.occurrence_ids)
        proved = await rows.proved(session, which, now, after=since, limit=limit)
        about = {each.id: each for each in airings}
        soundings = await _soundings(session, scope, {each.occurrence_id for each in proved})
        on_air = await _on_air(session, which, scope, proved)
        found = [log_rows.of_proved(scope, about[each.occurrence_id], each, soundings, on_air) for each in proved]
        silent = await self._without_order(session, scope, airings, had)
        narrowed = Wanted(village, wanted.cluster, wanted.claims)
        added = [row for row in silent if narrowed.takes(row, now) and (since is None or log_rows.place(row) > since)]
        if len(proved) == limit:
            added = [row for row in added if log_rows.place(row) < log_rows.place(found[-1])]
        return sorted([*found, *added], key=log_rows.place)

    async def _added_up(
        self, session: AsyncSession, scope: Scope, airings: Sequence[Airing], now: datetime
    ) -> tuple[list[Alike], list[Counted]]:
        which = Which({each.id for each in airings}, scope.communes, scope.village)
        about = {each.id: each for each in airings}
        groups = await rows.groups(session, which, now)
        sums: list[Counted] = list(await rows.sums(session, which, now))
        soundings = await _soundings(session, scope, {each.occurrence_id for each in groups})
        known = await asyncio.to_thread(log_rows.of_groups, scope, about, groups, soundings)
        had = await ordered.ordered(session, which.occurrence_ids)
        silent = await self._without_order(session, scope, airings, had)
        silent = [row for row in silent if scope.village in {None, row.village_id}]
        once = Counter((row.cluster, row.village_id, claim(row, now)) for row in silent if row.status is Status.ACTUAL)
        sums += [(*key, count, 0) for key, count in once.items()]
        return [*known, *log_rows.alike(silent)], sums

    async def _without_order(
        self, session: AsyncSession, scope: Scope, airings: Iterable[Airing], had: Collection[str]
    ) -> list[Row]:
        """The clusters that never had an order: by the zones and villages as they are now, for nothing was written."""
        never = [each for each in airings if each.id not in had and each.off is not Off.NOT_WANTED]
        without = [each for each in airings if each.id in had and each.paused and each.off is not Off.NOT_WANTED]
        written = await rows.delivered(session, {each.id for each in without}) if without else set()
        loaded: dict[str, Ground] = {}
        found = []
        for each in never:
            if each.place_id not in loaded:
                loaded[each.place_id] = await grounds.load(session, self.devices, each.place_id)
            meant = loaded[each.place_id].meant(read_audience(each.audience))
            found += [log_rows.never_ordered(scope, each, cluster) for cluster in sorted(meant)]
        for each in without:
            left = [cluster for cluster in each.paused if (each.id, cluster) not in written]
            found += [log_rows.never_ordered(scope, each, cluster) for cluster in sorted(left)]
        return [row for row in found if row.cluster in scope.clusters]


async def _airings(session: AsyncSession, scope: Scope) -> list[Airing]:
    found = await rows.airings(session, scope.owners, scope.start, scope.end, MOST_AIRINGS + 1)
    if len(found) > MOST_AIRINGS or sum(each.clusters for each in found) > MOST_ROWS:
        raise Refused("schedules.report_too_large", airings=MOST_AIRINGS, rows=MOST_ROWS)
    return found


async def _soundings(session: AsyncSession, scope: Scope, occurrence_ids: Collection[str]) -> Soundings:
    envelopes = await ordered.envelopes(session, occurrence_ids)
    keys = await ordered.keyring(session, scope.owners)
    return await asyncio.to_thread(log_rows.soundings, envelopes, keys)


async def _on_air(
    session: AsyncSession, which: Which, scope: Scope, proved: Iterable[Proved]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Occurrence and gateway → the languages it sent, one after the other."""
    wireless = {
        each.occurrence_id
        for each in proved
        if (known := scope.clusters.get(each.cluster_id)) is not None and known.kind is ClusterKind.WIRELESS
    }
    if not wireless:
        return {}
    found = await rows.on_air(session, Which(wireless, which.communes))
    return {key: log_rows.together(languages) for key, languages in found.items()}


def _add_up(known: Sequence[Alike], scope: Scope, now: datetime) -> tuple[Report, tuple[Silence, ...]]:
    return report(known, scope.zone, now), silences(known, now)


def _batches(airings: Sequence[Airing], size: int = BATCH) -> list[Sequence[Airing]]:
    return [airings[at : at + size] for at in range(0, len(airings), size)]


def _position(airings: Sequence[Airing], after: str) -> tuple[datetime, str, str]:
    occurrence_id, _, cluster_id = after.partition(".")
    for each in airings:
        if each.id == occurrence_id and cluster_id:
            return each.start_at, occurrence_id, cluster_id
    raise Refused("schedules.log_cursor_wrong")
