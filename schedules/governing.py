"""A place's policy written, with all that follows for what is planned below it, in one transaction.

The nearest place above has the word: a province's policy holds in every commune that has none of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.ids import new_id
from devices.models import PlaceKind
from devices.places import PlaceTree
from schedules import approving, keeping
from schedules import ground as grounds
from schedules.allowances import Allowance
from schedules.dispatch import with_times
from schedules.ground import Ground
from schedules.judging import REASONS, judge
from schedules.models import Occurrence, OccurrenceState, Off, Policy, Schedule
from schedules.planning import Planner
from schedules.policy import DEFAULT_HOURS, DEFAULT_SOURCE, LOUDEST
from schedules.repository import governing as rows
from schedules.repository import ground as place_rows
from schedules.repository import programme
from schedules.repository.places import lock_place
from schedules.said_policy import SaidPolicy, said_of, version_of
from schedules.violations import Violation

_REASONS = frozenset(REASONS.values())
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stopped:
    """An airing that would no longer be permitted, and the rule that says so."""

    row: Occurrence
    reason: str
    violation: Violation


@dataclass(slots=True)
class Effect:
    """What a policy does to what is ahead. louder_or_softer: issued ones whose order says another volume.

    communes: where speakers have to be told other hours or another volume.
    """

    stops: list[Stopped] = field(default_factory=list)
    returns: list[Occurrence] = field(default_factory=list)
    louder_or_softer: list[Occurrence] = field(default_factory=list)
    communes: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.stops or self.returns or self.louder_or_softer)

    def join(self, other: "Effect") -> None:
        """Take in what it does in another place."""
        self.stops += other.stops
        self.returns += other.returns
        self.louder_or_softer += other.louder_or_softer
        self.communes += other.communes


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy that holds in a place. own: whether it is its own; place_id: whose it is, empty for Loa's default."""

    said: SaidPolicy
    place_id: str
    own: bool
    version: str
    """Of the place's own policy."""


@dataclass(frozen=True, slots=True)
class Governor:
    """Locked are, as everywhere, the places, the schedules by id, then occurrences, announcements, and the log."""

    planner: Planner
    ahead: timedelta
    """How far ahead orders are written."""

    async def in_force(self, session: AsyncSession, place_id: str) -> InForce:
        """What holds in a place now. Raises NotFound("schedules.place_unknown")."""
        path = await approving.path_of(session, place_id)
        policies = await programme.policies(session, path)
        whose = next((place for place in path if place in policies), "")
        own = policies.get(place_id)
        said = said_of(policies[whose]) if whose else _default()
        return InForce(said, whose, own is not None, version_of(own))

    async def effect(self, session: AsyncSession, place_id: str, said: SaidPolicy | None, now: datetime) -> Effect:
        """What saying this in a place would do; None: taking its own policy away. Nothing is written."""
        found = Effect()
        for ground, allowance in await self._touched(session, place_id, said, now):
            await self._judge(session, ground, allowance, now, found, lock=False)
        return found

    async def put(
        self,
        session: AsyncSession,
        place_id: str,
        said: SaidPolicy | None,
        *,
        seen: str | None = None,
        now: datetime,
        user_id: str,
    ) -> Effect:
        """Write a place's policy, or take it away, and let what is ahead follow.

        What no longer fits is called off, with its reason and by signed order where it was issued; what fits again is
        planned again. seen: the version it was written upon. Raises Conflict("schedules.stale_policy").
        """
        for each in sorted({place_id, *(await self._governed(session, place_id, now))}):
            await lock_place(session, each)
        row = await rows.policy(session, place_id)
        if seen is not None and seen != version_of(row):
            raise Conflict("schedules.stale_policy")
        touched = await self._touched(session, place_id, said, now)
        await _write(session, place_id, row, said)
        judged: list[tuple[Ground, Effect]] = []
        for ground, allowance in touched:
            found = Effect()
            judged.append((await self._judge(session, ground, allowance, now, found, lock=True), found))
        await self.planner.issuer.contents(session, _sounding(found for _, found in judged), lock=True)
        whole = Effect()
        for governed, found in judged:
            await self._carry_out(session, governed, found, now)
            whole.join(found)
        _log.info("policy.changed", place=place_id, user=user_id, stopped=len(whole.stops), returned=len(whole.returns))
        return whole

    async def _touched(
        self, session: AsyncSession, place_id: str, said: SaidPolicy | None, now: datetime
    ) -> list[tuple[Ground, Allowance]]:
        """The places with a programme in which this policy has the word, as they are and with what it would permit."""
        path = await approving.path_of(session, place_id)
        policies = await programme.policies(session, path[1:])
        above = next((said_of(policies[each]) for each in path[1:] if each in policies), _default())
        wanted = above if said is None else said
        found = []
        for each in await self._governed(session, place_id, now):
            ground = await grounds.load(session, self.planner.issuer.devices, each)
            found.append((ground, wanted.for_zone(ground.rules.zone)))
        return found

    async def _governed(self, session: AsyncSession, place_id: str, now: datetime) -> list[str]:
        """The places in which a policy of this one has the word: communes, and what has a programme; by id."""
        places = await place_rows.around(session, place_id)
        tree = PlaceTree.of(places)
        below = [place_id, *(tree.descendants(place_id) if place_id in tree else ())]
        policies = await programme.policies(session, below)
        governed = [each for each in below if _nearest(tree, each, policies, place_id) == place_id]
        communes = {place.id for place in places if place.kind is PlaceKind.COMMUNE}
        return sorted(communes.intersection(governed).union(await rows.with_programme(session, governed, now)))

    async def _judge(
        self, session: AsyncSession, ground: Ground, allowance: Allowance, now: datetime, into: Effect, *, lock: bool
    ) -> Ground:
        """Judge what a place has ahead by another policy; gives the place as that policy has it."""
        schedules = await rows.running(session, ground.place.id, lock=lock)
        by = await self.planner.moment(session, ground.place.id, now, schedules)
        found = await rows.ahead(session, ground.place.id, by, _REASONS, lock=lock)
        governed = replace(ground, allowance=allowance)
        standing = [row for row in found if row.state is not OccurrenceState.CANCELLED]
        judged = await judge(session, governed, standing, offer=False)
        unfit = judged.unfit()
        into.stops += [Stopped(row, unfit[row.id], judged.violations[row.id]) for row in standing if row.id in unfit]
        into.returns += await self._returning(session, governed, found, schedules, unfit)
        into.louder_or_softer += [
            row
            for row in standing
            if row.state is OccurrenceState.ISSUED
            and row.id not in unfit
            and min(row.volume, ground.volume_at(row)) != min(row.volume, governed.volume_at(row))
        ]
        told = ground.rules.spans, ground.rules.volume_max
        if ground.place.kind is PlaceKind.COMMUNE and told != (allowance.hours.spans, allowance.hours.volume_max):
            into.communes.append(ground.place.id)
        return governed

    async def _returning(
        self,
        session: AsyncSession,
        governed: Ground,
        found: Sequence[Occurrence],
        schedules: Sequence[Schedule],
        unfit: dict[str, str],
    ) -> list[Occurrence]:
        """What a policy had called off, its plan still asks for, nothing has replaced, and this policy permits."""
        off = [row for row in found if row.state is OccurrenceState.CANCELLED and row.schedule_id is not None]
        asked = keeping.still_asked(off, schedules, governed.holidays)
        replaced = await programme.replaced(session, [row.id for row in asked])
        waiting = [row for row in asked if row.id not in replaced]
        again = (await judge(session, governed, waiting, unfit.keys(), offer=False)).unfit()
        return [row for row in waiting if row.id not in again]

    async def _carry_out(self, session: AsyncSession, ground: Ground, effect: Effect, now: datetime) -> None:
        """Everything but the log is locked."""
        issuer = self.planner.issuer
        for reason in sorted({each.reason for each in effect.stops}):
            stopped = [each.row for each in effect.stops if each.reason == reason]
            await issuer.call_off(session, stopped, reason, Off.UNFIT)
        await issuer.call_off(session, effect.louder_or_softer, "replaced", Off.NOT_WANTED)
        before = [*effect.returns, *effect.louder_or_softer]
        contents = await issuer.contents(session, {row.announcement_id for row in before})
        fresh = []
        for row in before:
            once_more = keeping.again(row, new_id(), now)
            content = contents.get(row.announcement_id or "")
            parts = () if content is None else content.parts(row.play_class)
            fresh.append(with_times(once_more, parts))
        new = await programme.add_new(session, fresh)
        await session.flush()
        await issuer.issue_these(session, ground, sorted(new), now + self.ahead)


def _sounding(effects: Iterable[Effect]) -> set[str | None]:
    """The announcements of what is ordered anew."""
    return {row.announcement_id for each in effects for row in (*each.returns, *each.louder_or_softer)}


def _nearest(tree: PlaceTree, place_id: str, policies: dict[str, Policy], or_this: str) -> str | None:
    """Whose policy has the word in a place, when `or_this` has one."""
    return next((each for each in tree.path(place_id) if each in policies or each == or_this), None)


async def _write(session: AsyncSession, place_id: str, row: Policy | None, said: SaidPolicy | None) -> None:
    if said is None:
        if row is not None:
            await session.delete(row)
    else:
        kept = row or Policy(place_id=place_id)
        said.write(kept)
        session.add(kept)
    await session.flush()


def _default() -> SaidPolicy:
    return SaidPolicy([list(pair) for pair in DEFAULT_HOURS], LOUDEST, DEFAULT_SOURCE)
