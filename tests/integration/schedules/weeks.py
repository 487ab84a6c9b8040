"""Weeks of a commune on the real services: what people do at random, what crashes, and what speakers then hold."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import LoaError
from base.ids import new_id
from base.times import from_ms
from devices.models import Delivery
from devices.wire.audience import Audience
from devices.wire.orders import Cancel, Order, Play
from schedules import ground as grounds
from schedules import quiet
from schedules.edits import Change, Scope
from schedules.ground import Ground
from schedules.keeping import plan_of
from schedules.models import Announcement, Occurrence, OccurrenceState, PauseRow, Schedule, ScheduleState
from schedules.pauses import Occasion, Pause, silent
from schedules.plans import Planned, airings
from schedules.recurrence import Rule
from schedules.slots import slot_of
from tests.integration.schedules.conftest import COMMUNE, OPERATOR, TODAY, ZONE, Room, issue, orders

A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
TIMES = ("05:00", "05:40", "06:20", "10:30", "17:00", "17:40", "03:15")
WHOM = (Audience(), Audience(places=("bn-v01",)), Audience(places=("bn-v02", "bn-v03")), Audience(but=("bn-v01",)))


@dataclass
class Weeks:
    """One seed lives the same weeks. true: what the speakers' clocks show; the server's is stepped now and then."""

    room: Room
    seed: int
    did: Counter[str] = field(default_factory=Counter)
    heard: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cluster and occurrence → how often it began."""
    off_by: timedelta = timedelta()
    about: list[Announcement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        # Half a minute past: nothing happens at the very moment something begins.
        self.true = self.room.clock.now + timedelta(seconds=30)

    async def live(self, days: int) -> None:
        async with self.room.database.writing() as session:
            self.about = [await self.room.approved(session, f"Tin {number}") for number in range(3)]
            for about, rrule, time in zip(self.about, ("FREQ=DAILY",) * 2 + ("FREQ=WEEKLY",), TIMES, strict=False):
                await self.room.daily(session, about, rrule=rrule, times=[time], title="")
        acts = (self.edit, self.edit, self.edit, self.copy, self.pause, self.end_pause, self.undo, self.end, self.step)
        end = self.true + days * A_DAY
        await self.tick()
        while self.true < end:
            await self.pass_until(self.true + AN_HOUR * self.rng.randint(1, 36))
            act, crashes = self.rng.choice(acts), self.rng.random() < 0.2
            try:
                async with self.room.database.writing() as session:
                    await act(session)
                    if crashes:
                        await session.rollback()
            except LoaError:
                self.did["refused"] += 1
            else:
                self.did["crashed" if crashes else act.__name__] += 1
            await self.tick()
            assert await self.wrong() == [], (self.seed, self.did)

    async def tick(self) -> None:
        async with self.room.database.writing() as session:
            await self.room.programme.plan(session, self.room.clock())
        await issue(self.room)

    async def pass_until(self, then: datetime) -> None:
        """The speakers begin what they hold, and say so."""
        async with self.room.database.writing() as session:
            ground = await grounds.load(session, self.room.devices, COMMUNE)
            have = held(await orders(session), ground)
            begun = {name for name, (play, _) in have.items() if self.true < from_ms(play.start_ms or 0) <= then}
            self.heard.update((cluster, name) for name in begun for cluster in have[name][1])
            heard = {name for name in begun if have[name][1]}
            said = update(Delivery).where(col(Delivery.occurrence_id).in_(heard)).values(started_at=then)
            await session.execute(said)
        self.true = then
        self.room.clock.now = then + self.off_by

    async def edit(self, session: AsyncSession) -> None:
        ahead = await self._ahead(session, self.room.clock() + 10 * A_DAY)
        airing, rng = self.rng.choice(ahead), self.rng
        scope = rng.choice((Scope.THIS, Scope.THIS, Scope.FOLLOWING, Scope.ALL))
        rule = Rule("FREQ=WEEKLY;BYDAY=MO,TH,SA", TODAY, None, (rng.choice(TIMES),), ZONE)
        change = rng.choice(
            (
                Change(time=rng.choice(TIMES)),
                Change(announcement=rng.choice(self.about).id),
                Change(audience=rng.choice(WHOM), volume=rng.choice((30, 60))),
                Change(cancel=True) if scope is Scope.THIS else Change(rule=rule),
            )
        )
        await self.room.programme.edit(session, airing.plan, airing.original, scope, change, user_id=OPERATOR)

    async def copy(self, session: AsyncSession) -> None:
        day = self.room.clock().astimezone(ZONE).date() + self.rng.randint(-1, 2) * A_DAY
        await self.room.programme.copy(session, COMMUNE, day, 1, by_days=self.rng.choice((1, 3, 5)), user_id=OPERATOR)

    async def pause(self, session: AsyncSession) -> None:
        start = self.room.clock() + AN_HOUR * self.rng.randint(-2, 90)
        end = start + AN_HOUR * self.rng.randint(1, 50)
        pause = Pause(new_id(), self.rng.choice(WHOM), start, end, Occasion.FUNERAL, OPERATOR)
        await self.room.programme.pause(session, COMMUNE, pause)

    async def end_pause(self, session: AsyncSession) -> None:
        for row in (await self.room.programme.pauses.to_come(session, COMMUNE, self.room.clock()))[:1]:
            await self.room.programme.end_pause(session, row.id, OPERATOR)

    async def undo(self, session: AsyncSession) -> None:
        await self.room.programme.undo(session, COMMUNE, OPERATOR)

    async def end(self, session: AsyncSession) -> None:
        running = await self.room.programme.schedules(session, COMMUNE, state=ScheduleState.ACTIVE)
        if len(running) > 2:
            await self.room.programme.end_schedule(session, self.rng.choice(running).id, OPERATOR)

    async def step(self, session: AsyncSession) -> None:
        self.off_by = self.rng.choice((-AN_HOUR, timedelta(), AN_HOUR))

    async def wrong(self) -> list[object]:
        """What does not hold: of what was heard, of what the speakers hold, and of the rows of what is to come."""
        async with self.room.database.reading() as session:
            ground = await grounds.load(session, self.room.devices, COMMUNE)
            rows = {row.id: row for row in await session.scalars(select(Occurrence))}
            silences = quiet.silences(await session.scalars(select(PauseRow)), ground)
            have = held(await orders(session), ground)
            # What begins within a step of the clock is not changed any more.
            soon = max(self.true, self.room.clock()) + AN_HOUR
            ahead = {(each.plan, each.original): each for each in await self._ahead(session, soon + 20 * A_DAY)}
        named = Counter((cluster, rows[name].schedule_id, rows[name].original_at) for cluster, name in self.heard)
        found: list[object] = [("heard again", key) for key, times in named.items() if times > 1]
        coming = [row for row in rows.values() if soon < row.start_at < soon + 20 * A_DAY]
        for row in coming:
            slot = slot_of(row, ground, whole=True)
            wanted = slot.clusters - silent(slot, silences) if row.state is OccurrenceState.ISSUED else frozenset()
            if have.get(row.id, (None, frozenset()))[1] != wanted:
                found.append(("held by others than meant", row.start_at, row.state))
        up = {(row.schedule_id, row.original_at): row for row in coming if row.state in OPEN}
        off = {(row.schedule_id, row.original_at) for row in coming if row.reason == "paused"}
        found += [("open and not planned", row.start_at) for name, row in up.items() if name not in ahead]
        late = [each for name, each in ahead.items() if each.start > soon and name not in up and name not in off]
        found += [("planned and no row", each) for each in late]
        found += [("outside the hours", row.start_at) for row in up.values() if not _permitted(row, ground)]
        return found

    async def _ahead(self, session: AsyncSession, until: datetime) -> list[Planned]:
        running = await session.scalars(select(Schedule).where(col(Schedule.state) == ScheduleState.ACTIVE))
        return airings([plan_of(each) for each in running], self.room.clock() - A_DAY, until)


OPEN = {OccurrenceState.PLANNED, OccurrenceState.ISSUED}


def held(log: list[Order], ground: Ground) -> dict[str, tuple[Play, frozenset[str]]]:
    """Occurrence → its play, and the clusters that have it and no cancel of it."""
    plays: dict[str, tuple[Play, frozenset[str]]] = {}
    for each in log:
        if isinstance(each.body, Play):
            plays[each.body.occurrence] = each.body, ground.meant(each.audience)
    for each in log:
        if isinstance(each.body, Cancel):
            for name in each.body.occurrences:
                play, whom = plays[name]
                plays[name] = play, whom - ground.meant(each.audience)
    return plays


def _permitted(row: Occurrence, ground: Ground) -> bool:
    return ground.hours_at(row.start_at).permitted(row.start_at, row.ends_at)
