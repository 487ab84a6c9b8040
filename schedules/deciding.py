"""What people decide of airings that meet: the word kept, and everything that follows from it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, Refused
from devices.wire.orders import AfterPreemption, PlayClass
from schedules import clashes
from schedules.airtime import local_day
from schedules.announcements import AnnouncementService
from schedules.clashes import Clash, Scene, Ways
from schedules.contending import shortened
from schedules.decisions import Choice, Decision, Pair
from schedules.editing import Changed, Editor
from schedules.edits import Change, Scope
from schedules.keeping import plan_of
from schedules.models import ClashDecision, Occurrence
from schedules.repository import decisions as kept
from schedules.repository import programme as rows
from schedules.resolving import Option
from schedules.turns import LONGEST, Turns
from schedules.yielding import Meeting

_log = structlog.get_logger(__name__)

MOST_LOOKED = 10
"""For how many that a person has to decide it is looked at what is heard until then."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An option somebody has chosen, as it is told from the others of its clash.

    always: whenever these two meet from now on, not on that day alone.
    """

    choice: Choice
    yields: str
    start: datetime
    fate: AfterPreemption | None = None
    always: bool = False

    def means(self, option: Option) -> bool:
        return (option.choice, option.yields, option.start, option.fate) == (
            self.choice,
            self.yields,
            self.start,
            self.fate,
        )


@dataclass(frozen=True, slots=True)
class Encounter:
    """The same two that meet so many `times`, the first time and the last; ways: where a person has to say."""

    clash: Clash
    times: int
    last: datetime
    ways: Ways | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it is kept. changed: what became of schedules; shortened: a new session that waits for approval."""

    decision: ClashDecision
    option: Option
    changed: Changed | None = None
    shortened: str | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    """Somebody's word on a clash: which of its options, by whom, when."""

    scene: Scene
    meeting: Meeting
    clash: Clash
    option: Option
    always: bool
    user_id: str
    now: datetime

    @property
    def yields(self) -> Occurrence:
        """The airing that moves, is shortened, gives way or waits."""
        return self.scene.rows[self.option.yields]

    @property
    def moves(self) -> bool:
        """Whether it is planned for another time."""
        own = self.option.late is None and self.option.choice is not Choice.HIGHER_WINS
        return own and self.option.start != self.yields.start_at

    @property
    def decision(self) -> Decision:
        day = None if self.always else local_day(self.clash.first.start_at, self.scene.ground.rules.zone)
        plan = self.scene.parties[self.option.yields].side.plan
        return Decision(self.meeting.pair, self.option.choice, plan, self.user_id, self.now, day)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.scene.ground.rules.zone)


@dataclass(frozen=True, slots=True)
class ClashDesk:
    """Clashes of a place, in the caller's transaction."""

    editor: Editor
    announcements: AnnouncementService

    async def of_place(
        self, session: AsyncSession, place_id: str, start: datetime, end: datetime, now: datetime
    ) -> list[Clash]:
        """Those of [start, end) of which both are still to begin, decided or not, in order of time."""
        scene = await clashes.load(session, self.editor.planner.issuer, place_id, start, end)
        return scene.clashes(now)

    async def ways(self, session: AsyncSession, place_id: str, one: str, other: str, now: datetime) -> Ways:
        """What can be done where two meet. Raises NotFound: occurrence_unknown; Conflict: clash_gone."""
        scene = await clashes.around(session, self.editor.planner.issuer, place_id, one)
        _, clash = scene.between(one, other, now)
        return await scene.ways(session, self.editor.planner.issuer, clash, now)

    async def board(
        self, session: AsyncSession, place_id: str, start: datetime, end: datetime, now: datetime
    ) -> list[Encounter]:
        """The same, those of the same two together: what has to be decided first, then what nobody has decided."""
        scene = await clashes.load(session, self.editor.planner.issuer, place_id, start, end)
        alike: dict[tuple[Pair, bool], list[Clash]] = {}
        for clash in scene.clashes(now):
            pair = Pair.of(*(scene.parties[row.id].side for row in (clash.first, clash.second)))
            alike.setdefault((pair, clash.settled), []).append(clash)
        in_order = sorted(alike.values(), key=lambda same: (not same[0].open, same[0].settled))
        issuer = self.editor.planner.issuer
        found: list[Encounter] = []
        for same in in_order:
            looked = sum(each.ways is not None for each in found) < MOST_LOOKED
            ways = await scene.ways(session, issuer, same[0], now) if same[0].open and looked else None
            found.append(Encounter(same[0], len(same), same[-1].first.start_at, ways))
        return found

    async def undecided(
        self, session: AsyncSession, place_id: str, start: datetime, end: datetime, now: datetime
    ) -> list[Clash]:
        """Those in which a person has to say, and nobody has; found among what is of that class alone."""
        issuer = self.editor.planner.issuer
        scene = await clashes.load(session, issuer, place_id, start, end, of_class=PlayClass.PRIORITY)
        return [each for each in scene.clashes(now) if each.open]

    async def history(self, session: AsyncSession, place_id: str, limit: int) -> Sequence[ClashDecision]:
        """What was decided in a place, latest first."""
        return await kept.latest(session, place_id, limit)

    async def decide(
        self, session: AsyncSession, place_id: str, one: str, other: str, asked: Asked, *, now: datetime, user_id: str
    ) -> Decided:
        """Keep a person's word on two that meet, and do what it says; what the speakers have is replaced once.

        Raises NotFound: occurrence_unknown; Conflict: clash_gone, option_gone; Refused: option_once; what an edit does.
        """
        await self._lock(session, one, other)
        scene = await clashes.around(session, self.editor.planner.issuer, place_id, one)
        meeting, clash = scene.between(one, other, now)
        found = await scene.ways(session, self.editor.planner.issuer, clash, now)
        option = next((each for each in found.options if asked.means(each)), None)
        if option is None:
            raise Conflict("schedules.option_gone")
        word = _Word(scene, meeting, clash, option, asked.always, user_id, now)
        if word.always and word.moves and word.local(option.start).date() != word.local(word.yields.start_at).date():
            raise Refused("schedules.option_once")
        [row] = await kept.keep(session, place_id, [word.decision])
        done = await self._do(session, word, row)
        _log.info("clash.decided", place=place_id, decision=row.id, choice=option.choice.value, user=user_id)
        return done

    async def _lock(self, session: AsyncSession, one: str, other: str) -> None:
        """The schedules of both, and their places, so that they meet as we see them until all is written."""
        found = [await rows.occurrence(session, each) for each in (one, other)]
        await rows.locked_schedules(session, {row.schedule_id for row in found if row is not None and row.schedule_id})

    async def _do(self, session: AsyncSession, word: _Word, row: ClashDecision) -> Decided:
        change, shorter = await self._change(session, word)
        if change is None or word.yields.schedule_id is None:
            await self._settle(session, word)
            return Decided(row, word.option)
        changed = await self.editor.edit(
            session,
            word.yields.schedule_id,
            word.yields.original_at or word.yields.start_at,
            Scope.FOLLOWING if word.always else Scope.THIS,
            change,
            revision=None,
            now=word.now,
            user_id=word.user_id,
        )
        return Decided(row, word.option, changed, shorter)

    async def _change(self, session: AsyncSession, word: _Word) -> tuple[Change | None, str | None]:
        """What becomes of the schedule of the one that yields, and the session made for it; None: nothing."""
        option, yields = word.option, word.yields
        if word.moves:
            local = word.local(option.start)
            return Change(time=f"{local:%H:%M}", day=None if word.always else local.date()), None
        if option.items is not None:
            shorter = await self._shorter(session, yields, option.items, word.user_id)
            return Change(announcement=shorter), shorter
        if option.fate is not None and option.fate is not yields.preempted and yields.schedule_id is not None:
            schedule = (await rows.named_schedules(session, [yields.schedule_id]))[yields.schedule_id]
            return Change(preempted=replace(plan_of(schedule).preempted, then=option.fate)), None
        return None, None

    async def _shorter(self, session: AsyncSession, row: Occurrence, items: int, user_id: str) -> str:
        """A session of the first so many items, handed to the approver: what was approved was the whole."""
        contents = await self.editor.planner.issuer.contents(session, [row.announcement_id])
        content = contents[row.announcement_id or ""]
        about, composition = content.announcement, shortened(content, items).composition
        assert composition is not None
        made = await self.announcements.compose(
            session,
            place_id=about.place_id,
            title=f"{about.title[:180]} ({items})",
            play_class=about.play_class,
            level=about.level,
            composition=composition,
            user_id=user_id,
        )
        await self.announcements.submit(session, made.id, user_id)
        return made.id

    async def _settle(self, session: AsyncSession, word: _Word) -> None:
        """Let who waits say so, on that day or up to the horizon, and order what takes an order's place."""
        planner, start = self.editor.planner, word.clash.first.start_at
        end = (max(start, word.now + planner.horizon) if word.always else start) + LONGEST
        ground = word.scene.ground
        waiting = await Turns(planner.issuer).settle(session, ground, start, end, word.now)
        await planner.issuer.issue_these(session, ground, [row.id for row in waiting], word.now + self.editor.ahead)
