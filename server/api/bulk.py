"""One change of many schedules, or of chosen airings of them: looked at first, then all of it or nothing."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from base.errors import Refused
from schedules.bulk import MAX_AIRINGS, Chosen, Effect, Effects
from schedules.many import MAX_SHIFT_MIN, ForMany
from schedules.undoing import MAX_BULK
from server.acts import Act
from server.api.draft_shapes import ProblemOut, problem_out
from server.api.idempotent import Repeatable
from server.api.programme_changes import ChangedOut, changed_out
from server.api.shapes import PROBLEMS, AudienceIn, Id, Moment, MomentIn, Name, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.i18n import negotiate, translate_error
from server.idempotency import Answer

router = APIRouter(prefix="/places/{place_id}/programme/bulk", tags=["programme"], responses=PROBLEMS)

Scheduler = Annotated[Who, Depends(allow(Permission.SCHEDULE))]


class OneOfMany(Strict):
    """A schedule as a whole, or those of its airings that are named by the moments its rule gives them.

    revision: as it was seen; when it is another one by now, nothing is changed.
    """

    schedule_id: Id
    airings: Annotated[list[MomentIn], Field(default_factory=list, max_length=MAX_AIRINGS)]
    revision: int | None = None


class BulkIn(Strict):
    """What is to be different of all these: time, volume, audience, announcement; or off, cancel or end alone.

    off: the first and the last day called off; cancel: the named airings; end: nothing ahead any more.
    """

    schedules: Annotated[list[OneOfMany], Field(min_length=1, max_length=MAX_BULK)]
    shift_min: Annotated[int, Field(ge=-MAX_SHIFT_MIN, le=MAX_SHIFT_MIN)] = 0
    volume: Annotated[int | None, Field(ge=0, le=100)] = None
    audience: AudienceIn | None = None
    announcement_id: Id | None = None
    off: tuple[date, date] | None = None
    cancel: bool = False
    end: bool = False

    def what(self) -> ForMany:
        """Raises Refused("schedules.bulk_wrong")."""
        return ForMany(
            shift_min=self.shift_min,
            volume=self.volume,
            audience=None if self.audience is None else self.audience.audience(),
            announcement=self.announcement_id,
            off=self.off,
            cancel=self.cancel,
            end=self.end,
        )

    def chosen(self) -> Chosen:
        """Raises Refused: bulk_count, "server.input_wrong" for a schedule that is named twice."""
        if len({each.schedule_id for each in self.schedules}) < len(self.schedules):
            raise Refused("server.input_wrong")
        revisions = {each.schedule_id: each.revision for each in self.schedules if each.revision is not None}
        return Chosen({each.schedule_id: tuple(each.airings) for each in self.schedules}, revisions)


class EffectOut(Shown):
    """What it comes to for one schedule in the weeks ahead: airings gone and new, or why it cannot be."""

    schedule_id: str
    title: str
    gone: list[Moment]
    new: list[Moment]
    refused: str | None


class EffectsOut(Shown):
    """possible: whether it would be done as asked. meetings: how many of the new airings would meet others."""

    possible: bool
    effects: list[EffectOut]
    problems: list[ProblemOut]
    meetings: int


@router.post("/look")
async def look(place_id: Name, body: BulkIn, who: Viewer, runtime: RuntimeOf, request: Request) -> EffectsOut:
    """What it would come to; nothing is changed."""
    who.require(Permission.SCHEDULE, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.bulk.look(session, place_id, body.chosen(), body.what())
    return _effects(found, negotiate(request))


@router.post("", response_model=ChangedOut)
async def change(place_id: Name, body: BulkIn, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Do it to all of them, or to none; one undo takes it back."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        done = await act.runtime.programme.bulk.change(
            act.session, place_id, body.chosen(), body.what(), user_id=who.id
        )
        return await changed_out(act, "change_many", place_id, done)

    return await once(who, body, work)


def _effects(found: Effects, locale: str) -> EffectsOut:
    return EffectsOut(
        possible=found.possible,
        effects=[_effect(each, locale) for each in found.each],
        problems=[problem_out(each, locale) for each in found.problems],
        meetings=len(found.meetings),
    )


def _effect(it: Effect, locale: str) -> EffectOut:
    shown: dict[str, Any] = {name: [each.start for each in getattr(it, name)] for name in ("gone", "new")}
    refused = None if it.refusal is None else translate_error(locale, it.refusal)
    return EffectOut(schedule_id=it.schedule.id, title=it.schedule.title, refused=refused, **shown)
