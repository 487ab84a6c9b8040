"""Drafted weeks as the REST interface takes and shows them."""

from datetime import date
from typing import Annotated

from pydantic import Field

from schedules.draft_desk import Looked
from schedules.drafting import Begin
from schedules.drafts import MAX_PLANS, Problem
from schedules.models import DraftState
from schedules.plans import Planned
from schedules.recurrence import MAX_TIMES
from schedules.weeks import DAYS, Fate
from server.api.shapes import AudienceIn, Id, Moment, Shown, Strict
from server.i18n import translate_error


class DraftIn(Strict):
    """A draft of the week that `day` lies in. source: with `copy`, a day of the week it is to be like."""

    name: Annotated[str, Field(max_length=200)]
    day: date
    begin: Begin = Begin.AS_PLANNED
    source: date | None = None


class NewAiringsIn(Strict):
    """An announcement on days of the week, at the same local times each."""

    announcement_id: Id
    days: Annotated[list[date], Field(min_length=1, max_length=DAYS)]
    times: Annotated[list[Annotated[str, Field(max_length=5, description="HH:MM")]], Field(max_length=MAX_TIMES)]
    audience: AudienceIn = AudienceIn()
    volume: Annotated[int, Field(ge=0, le=100)] = 80


class DraftedChange(Strict):
    """What is to be different of one airing; cancel: it is not heard."""

    time: Annotated[str | None, Field(max_length=5, description="HH:MM")] = None
    day: date | None = None
    announcement_id: Id | None = None
    audience: AudienceIn | None = None
    volume: Annotated[int | None, Field(ge=0, le=100)] = None
    cancel: bool = False


class AiringOut(Shown):
    """An airing at one time."""

    start: Moment
    announcement_id: str
    audience: dict[str, list[str]]
    volume: int


class LineOut(Shown):
    """An airing of the week, by its schedule and the moment its rule gives it: as it is in force, as it is to be."""

    schedule_id: str
    original: Moment
    fate: Fate
    was: AiringOut | None
    will: AiringOut | None


class ProblemOut(Shown):
    """What keeps a draft from being published."""

    schedule_id: str
    original: Moment | None
    code: str
    detail: str


class WaitingOut(Shown):
    """An announcement nobody has approved."""

    id: str
    title: str
    state: str


class DraftOut(Shown):
    """A draft as it is listed."""

    id: str
    place_id: str
    name: str
    first_day: date
    state: DraftState
    revision: int
    created_by: str
    created_at: Moment
    changed_at: Moment


class DraftWhole(DraftOut):
    """A draft with its airings and everything that is to be said of them. stale: schedules changed since."""

    lines: Annotated[list[LineOut], Field(max_length=MAX_PLANS * DAYS)]
    problems: list[ProblemOut]
    waiting: list[WaitingOut]
    stale: list[str]


def whole(looked: Looked, locale: str) -> DraftWhole:
    """A draft as it is shown."""
    base = DraftOut.model_validate(looked.row).model_dump()
    return DraftWhole(
        **base,
        lines=[
            LineOut(
                schedule_id=line.plan,
                original=line.original,
                fate=line.fate,
                was=_airing(line.was),
                will=_airing(line.will),
            )
            for line in looked.lines
        ],
        problems=[problem_out(each, locale) for each in looked.problems],
        waiting=[WaitingOut(id=each.id, title=each.title, state=each.state.value) for each in looked.waiting],
        stale=list(looked.stale),
    )


def problem_out(found: Problem, locale: str) -> ProblemOut:
    """A problem in the reader's language."""
    detail = translate_error(locale, found.refusal)
    return ProblemOut(schedule_id=found.plan, original=found.original, code=found.refusal.code, detail=detail)


def _airing(it: Planned | None) -> AiringOut | None:
    if it is None:
        return None
    audience = it.audience.to_map()
    return AiringOut(start=it.start, announcement_id=it.announcement, audience=audience, volume=it.volume)
