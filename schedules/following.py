"""Occurrence rows brought in line with the plans, each airing once, in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.ids import new_id
from schedules.aligning import Added, Alignment, Renamed, align
from schedules.content import Content, as_approved
from schedules.dispatch import with_times
from schedules.ground import Ground
from schedules.issuing import Issuer, mark_off
from schedules.judging import judge
from schedules.keeping import plan_of, present
from schedules.models import Occurrence, OccurrenceState, Off, Schedule, ScheduleState
from schedules.plans import Planned, airings
from schedules.repository import programme as rows
from schedules.repository.places import lock_place
from schedules.turns import LONGEST, Turns


@dataclass(frozen=True, slots=True)
class Followed:
    """What was done. added: rows that are new; instead: these, where something issued was called off with it.

    changed: planned rows that say something new; called_off: rows no longer wanted, or replaced.
    """

    added: tuple[Occurrence, ...] = ()
    instead: tuple[Occurrence, ...] = ()
    changed: tuple[Occurrence, ...] = ()
    called_off: tuple[Occurrence, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """What is planned now: the airings that begin after `now` and before `until`."""

    now: datetime
    until: datetime


@dataclass(slots=True)
class _Work:
    """One carrying out: the alignment, the rows it names, and the schedules and sounds they come from."""

    ground: Ground
    schedules: Mapping[str, Schedule]
    now: datetime
    needed: Alignment
    present: Mapping[str, Occurrence]
    contents: Mapping[str, Content] = field(default_factory=dict)

    @property
    def gone(self) -> list[Occurrence]:
        """What is called off or replaced, as it is kept."""
        replaced = (each.replaces or "" for each in self.needed.replace)
        return [self.present[name] for name in (*self.needed.call_off, *replaced)]

    def mark_off(self) -> list[tuple[list[Occurrence], str]]:
        """Let be off what is no longer wanted. Gives what the speakers have of it, with the reason they are told."""
        gone, count = self.gone, len(self.needed.call_off)
        off = (gone[:count], "no_longer_planned"), (gone[count:], "replaced")
        return [(mark_off(some, reason, Off.NOT_WANTED), reason) for some, reason in off]

    def rename(self) -> None:
        """Let what is heard just the same belong to the plan that goes on."""
        for each in self.needed.rename:
            row = self.present[each.id]
            row.schedule_id, row.original_at = each.airing.plan, each.airing.original

    def row(self, added: Added) -> Occurrence:
        schedule, airing = self.schedules[added.airing.plan], added.airing
        row = Occurrence(
            id=new_id(),
            place_id=schedule.place_id,
            schedule_id=schedule.id,
            title=schedule.title,
            generation=added.generation,
            replaces_id=added.replaces,
            start_at=airing.start,
            ends_at=airing.start,
            expires_at=airing.start + timedelta(seconds=schedule.late_s),
            late_s=schedule.late_s,
            audience={},
            paused=[],  # given, for a default made anew is what costs most of a row
            created_by=schedule.created_by,
            created_at=self.now,
        )
        return self.say(row, airing)

    def say(self, row: Occurrence, airing: Planned) -> Occurrence:
        """Let a row say what an airing is."""
        schedule, content = self.schedules[airing.plan], self.contents[airing.announcement]
        about, own = content.announcement, airing.announcement == schedule.announcement_id
        row.schedule_id, row.original_at, row.start_at = airing.plan, airing.original, airing.start
        as_approved(row, content)
        row.title = schedule.title if own else about.title
        row.audience, row.volume = airing.audience.to_map(), airing.volume
        row.preempted, row.stale_s = airing.preempted.then, airing.preempted.stale_s
        row.ends_at = airing.start
        return with_times(row, content.parts(row.play_class))


@dataclass(frozen=True, slots=True)
class Follower:
    """Carries out what `aligning` asks for."""

    issuer: Issuer

    async def follow(
        self, session: AsyncSession, ground: Ground, schedules: Sequence[Schedule], window: Window, *, refuse: bool
    ) -> Followed:
        """Let the rows of these schedules of one place, locked by the caller, be those of their plans.

        What the policy does not permit is refused, with what it would permit instead; without `refuse` its row is kept
        cancelled, with the reason. What was issued and is not wanted any more is cancelled by a signed order.
        """
        await lock_place(session, ground.place.id)
        work = await self._work(session, ground, schedules, window)
        if work.needed.is_empty:
            return Followed()
        needed = work.needed
        gone = work.gone
        issued = any(row.state is OccurrenceState.ISSUED for row in gone)
        asked = {each.airing.announcement for each in _said(needed)}
        # What takes the place of an order is ordered at once: its sounds are locked before the log is.
        work.contents = await self.issuer.contents(session, asked, lock=issued)
        added = [work.row(each) for each in (*needed.add, *needed.replace)]
        changed = [work.say(work.present[each.id], each.airing) for each in needed.rewrite]
        fresh = [*added, *changed]
        with session.no_autoflush:
            found = await judge(session, ground, fresh, {row.id for row in gone}, offer=refuse)
        if refuse:
            found.refuse()
        _keep_out(fresh, found.unfit())
        recalls = work.mark_off()
        work.rename()
        await session.flush()
        new = await rows.add_new(session, added)
        kept = tuple(row for row in added if row.id in new)
        moved = [row.start_at for row in (*fresh, *gone)]
        waiting = await self._settle(session, ground, moved, window.now)
        for told, reason in recalls:
            await self.issuer.recall(session, told, reason)
        return Followed(
            added=kept,
            instead=(*(kept if issued else ()), *waiting),
            changed=tuple(changed),
            called_off=tuple(gone),
        )

    async def _settle(
        self, session: AsyncSession, ground: Ground, moved: Sequence[datetime], now: datetime
    ) -> tuple[Occurrence, ...]:
        """Let wait for each other what was decided to; nothing else than where something has changed."""
        if not moved:
            return ()
        return await Turns(self.issuer).settle(session, ground, min(moved), max(moved) + LONGEST, now)

    async def _work(
        self, session: AsyncSession, ground: Ground, schedules: Sequence[Schedule], window: Window
    ) -> _Work:
        """What is needed; the rows it touches are locked, and looked at again, for they may have changed meanwhile."""
        by_id = {schedule.id: schedule for schedule in schedules}
        plans = [plan_of(each, ground.holidays) for each in schedules if each.state is ScheduleState.ACTIVE]
        wanted = airings(plans, window.now, window.until)
        names = {(each.plan, each.original) for each in wanted}
        originals = [each.original for each in wanted]
        between = (min(originals), max(originals)) if originals else None
        found = await rows.present(session, by_id, start=window.now, end=window.until, originals=between)
        known = {row.id: row for row in found if _within(row, window) or (row.schedule_id, row.original_at) in names}
        locked: set[str] = set()
        while True:
            needed = align(map(present, known.values()), wanted, window.now)
            touched = _touched(needed)
            if touched <= locked:
                return _Work(ground, by_id, window.now, needed, known)
            known |= {row.id: row for row in await rows.lock(session, touched)}
            locked |= touched


def _within(row: Occurrence, window: Window) -> bool:
    return window.now <= row.start_at < window.until


def _touched(needed: Alignment) -> set[str]:
    replaced = {each.replaces for each in needed.replace if each.replaces is not None}
    return {each.id for each in (*needed.rename, *needed.rewrite)} | replaced | set(needed.call_off)


def _said(needed: Alignment) -> Iterable[Added | Renamed]:
    return (*needed.add, *needed.replace, *needed.rewrite)


def _keep_out(fresh: Collection[Occurrence], unfit: Mapping[str, str]) -> None:
    """What is not permitted keeps its row, called off, with the reason."""
    for row in fresh:
        if row.id in unfit:
            row.state, row.off, row.reason = OccurrenceState.CANCELLED, Off.UNFIT, unfit[row.id]
