"""What a new schedule would bring, before it is saved: its times, what the policy forbids and offers, whom it meets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.ids import new_id
from devices.wire.audience import Audience
from schedules import clashes
from schedules import ground as grounds
from schedules.allowances import Kind
from schedules.clashes import Clash, Scene, Ways
from schedules.composing import check_schedulable
from schedules.content import Content
from schedules.dispatch import lasts, with_times
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.judging import Judgement, judge
from schedules.models import AnnouncementState, Occurrence
from schedules.permitting import longest, nearest
from schedules.planning import in_place
from schedules.plans import Plan, Planned, Preempted
from schedules.recurrence import Rule, check_happens
from schedules.repository import announcements as announcement_rows
from schedules.violations import Violation

MOST_STOPS = 6
MOST_MEETINGS = 3
"""How many violations and clashes are spelled out: more would bury the first."""
MOST_AIRINGS = 1_000
_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is about to schedule."""

    announcement_id: str
    rule: Rule
    audience: Audience
    volume: int
    preempted: Preempted


@dataclass(frozen=True, slots=True)
class Stop:
    """Airings that a rule of the policy forbids, in one: the first of those at one time of day, of so many `times`.

    before, after: the nearest permitted beginnings either side; longest: how long it may be as it is.
    """

    at: datetime
    lasts: timedelta
    violation: Violation
    times: int
    before: datetime | None
    after: datetime | None
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class Meets:
    """Another schedule it meets: the first time, what can be done then, and how often in the time looked at."""

    ways: Ways
    own: Occurrence
    other: Occurrence
    times: int

    @property
    def clash(self) -> Clash:
        return self.ways.clash


@dataclass(frozen=True, slots=True)
class Look:
    """What would come of it. more_stops, more_meets: found and not spelled out."""

    lasts: timedelta
    airings: int
    stops: tuple[Stop, ...]
    meets: tuple[Meets, ...]
    more_stops: int = 0
    more_meets: int = 0


@dataclass(frozen=True, slots=True)
class Author:
    """Looks at what is not written yet; writes nothing."""

    issuer: Issuer
    horizon: timedelta

    async def look(self, session: AsyncSession, wanted: Wanted, now: datetime) -> Look:
        """Judge a schedule as it would be. Raises Refused for a rule that never happens, or an audience that is nobody;
        NotFound for the announcement, Conflict: not_approved for one that was put away.
        """
        content = await self._content(session, wanted.announcement_id)
        ground = await grounds.load(session, self.issuer.devices, content.announcement.place_id)
        ground.check(wanted.audience)
        rule = in_place(wanted.rule, ground)
        check_happens(rule)
        plan = Plan(new_id(), rule, wanted.announcement_id, wanted.audience, wanted.volume, preempted=wanted.preempted)
        airings = self._airings(plan, now)
        long = lasts(content.parts(content.announcement.play_class))
        if not airings:
            return Look(long, 0, (), ())
        fresh = [_row(each, content, now) for each in airings]
        stops = _stops(await judge(session, ground, fresh, offer=False), now)
        meets, more = await self._meets(session, ground, fresh, now)
        return Look(
            lasts=long,
            airings=len(fresh),
            stops=tuple(stops[:MOST_STOPS]),
            meets=meets,
            more_stops=max(0, len(stops) - MOST_STOPS),
            more_meets=more,
        )

    async def _content(self, session: AsyncSession, announcement_id: str) -> Content:
        about = await announcement_rows.one(session, announcement_id)
        content = (await self.issuer.contents(session, [announcement_id])).get(announcement_id)
        if about is None or content is None or about.state is AnnouncementState.ARCHIVED:
            raise Conflict("schedules.not_approved", title="" if about is None else about.title)
        check_schedulable(content)
        return content

    def _airings(self, plan: Plan, now: datetime) -> Sequence[Planned]:
        """Those up to the horizon; of a rule that begins later, the first of them."""
        first = plan.first(now)
        return [] if first is None else plan.airings(max(now, first), max(now, first) + self.horizon)[:MOST_AIRINGS]

    async def _meets(
        self, session: AsyncSession, ground: Ground, fresh: Sequence[Occurrence], now: datetime
    ) -> tuple[tuple[Meets, ...], int]:
        own = {row.id for row in fresh}
        start, end = min(row.start_at for row in fresh), max(row.ends_at for row in fresh)
        near = timedelta(days=1)
        scene = await clashes.load(session, self.issuer, ground.place.id, start - near, end + near, more=fresh)
        met: dict[str, list[Clash]] = {}
        for clash in scene.clashes(now):
            others = [row for row in (clash.first, clash.second) if row.id not in own]
            if len(others) == 1:
                met.setdefault(others[0].schedule_id or others[0].id, []).append(clash)
        in_order = sorted(met.values(), key=lambda found: (not found[0].must, found[0].first.start_at))
        spelled = [await self._meeting(session, scene, found, own, now) for found in in_order[:MOST_MEETINGS]]
        return tuple(spelled), max(0, len(in_order) - MOST_MEETINGS)

    async def _meeting(
        self, session: AsyncSession, scene: Scene, found: Sequence[Clash], own: set[str], now: datetime
    ) -> Meets:
        clash = found[0]
        mine, other = (clash.first, clash.second) if clash.first.id in own else (clash.second, clash.first)
        return Meets(await scene.ways(session, self.issuer, clash, now), mine, other, len(found))


def _row(airing: Planned, content: Content, now: datetime) -> Occurrence:
    """An occurrence as it would be written."""
    about = content.announcement
    row = Occurrence(
        id=new_id(),
        place_id=about.place_id,
        schedule_id=airing.plan,
        announcement_id=about.id,
        title=about.title,
        original_at=airing.original,
        start_at=airing.start,
        ends_at=airing.start,
        expires_at=airing.start,
        play_class=about.play_class,
        level=about.level,
        audience=airing.audience.to_map(),
        volume=airing.volume,
        preempted=airing.preempted.then,
        stale_s=airing.preempted.stale_s,
        created_by="",
        created_at=now,
    )
    return with_times(row, content.parts(row.play_class))


def _stops(found: Judgement, now: datetime) -> list[Stop]:
    """One for each rule that is broken and each time of day, in order of time."""
    zone = found.ground.rules.zone
    alike: dict[tuple[Kind, str], list[str]] = {}
    for name, violation in found.violations.items():
        time = f"{found.slots[name].start.astimezone(zone):%H:%M}"
        alike.setdefault((violation.kind, time), []).append(name)
    groups = list(alike.values())
    return [_stop(found, names, now) if at < MOST_STOPS else _bare(found, names) for at, names in enumerate(groups)]


def _stop(found: Judgement, names: Sequence[str], now: datetime) -> Stop:
    """With what would be permitted instead on the first day it is forbidden, where it is not only too loud."""
    bare = _bare(found, names)
    if bare.violation.kind is Kind.VOLUME:
        return bare
    slot, allowance = found.slots[names[0]], found.ground.allowance
    others = [each for name, each in found.slots.items() if name not in found.violations]

    def permitted(fits: Callable[[datetime], bool]) -> datetime | None:
        return nearest(slot, others, allowance, earliest=now + _A_MINUTE, fits=fits)

    return Stop(
        at=bare.at,
        lasts=bare.lasts,
        violation=bare.violation,
        times=bare.times,
        before=permitted(lambda at: at < slot.start),
        after=permitted(lambda at: at > slot.start),
        longest=longest(slot, others, allowance),
    )


def _bare(found: Judgement, names: Sequence[str]) -> Stop:
    slot = found.slots[names[0]]
    return Stop(slot.start, slot.lasts, found.violations[names[0]], len(names), None, None, None)
