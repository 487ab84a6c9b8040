"""Clashes: where airings of a place meet, what can be done about them, and what a person decided."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from base.errors import Refused
from devices.wire.orders import AfterPreemption, PlayClass
from schedules.changes import ProgrammeChanged
from schedules.clashes import Clash, Ways
from schedules.deciding import Asked, Decided
from schedules.decisions import Choice
from schedules.models import ClashDecision, Occurrence
from schedules.outcomes import Outcome
from schedules.resolving import Option
from server.acts import Act
from server.api.idempotent import Repeatable
from server.api.shapes import PROBLEMS, Id, Limit, Moment, MomentIn, Name, Page, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.idempotency import Answer

router = APIRouter(prefix="/places/{place_id}", tags=["clashes"], responses=PROBLEMS)

Scheduler = Annotated[Who, Depends(allow(Permission.SCHEDULE))]
LONGEST = timedelta(days=31)


class SideOut(Shown):
    """One of two airings that meet."""

    id: str
    schedule_id: str | None
    title: str
    start_at: Moment
    ends_at: Moment
    play_class: PlayClass


class ClashOut(Shown):
    """Two airings that meet, the earlier first. must_decide: priority against priority, and nobody has said yet.

    transmitters: asked for both at once. wins: the one of higher class. settled: what was decided holds.
    """

    first: SideOut
    second: SideOut
    start: Moment
    end: Moment
    clusters: int
    transmitters: list[str]
    wins: str | None
    must_decide: bool
    settled: bool


class HeardOut(Shown):
    """What is heard of an airing. heard_ms: milliseconds of sound, of total_ms; null: until it is stopped."""

    begin: Moment | None
    end: Moment | None
    heard_ms: int
    total_ms: int | None
    whole: bool


class OptionOut(Shown):
    """One way out. yields: the airing that moves, is shortened, gives way or waits; start: when it then begins.

    lasts_s: how long it then is. items: of a session. fate: what becomes of it when it gives way. waits_s: how long the
    speakers let it wait. outcome: what is heard of it, where it gives way or waits.
    """

    choice: Choice
    yields: str
    start: Moment
    lasts_s: float
    items: int | None
    fate: AfterPreemption | None
    waits_s: float | None
    outcome: HeardOut | None


class WaysOut(Shown):
    """What can be done about a clash. as_is: what is heard of the first and the second when nothing is done."""

    clash: ClashOut
    options: list[OptionOut]
    as_is: list[HeardOut]


class DecisionIn(Strict):
    """One of the options of two airings that meet, as it was given. always: whenever these two meet from now on, not on
    that day alone.
    """

    first: Id
    second: Id
    choice: Choice
    yields: Id
    start: MomentIn
    fate: AfterPreemption | None = None
    always: bool = False


class DecisionOut(Shown):
    """A decision. yields: the schedule (or the airing without one) that moves, is shortened, gives way or waits.

    plans: the two it is about; day: null for whenever they meet. shortened: a new session that waits for approval.
    """

    id: str
    plans: list[str]
    choice: Choice
    yields: str
    day: date | None
    by: str
    at: Moment
    shortened: str | None = None


def _span(start: MomentIn, end: MomentIn) -> tuple[datetime, datetime]:
    if not timedelta() < end - start <= LONGEST:
        raise Refused("server.clash_span", days=LONGEST.days)
    return start, end


def _pair(first: Id, second: Id) -> tuple[str, str]:
    return first, second


Span = Annotated[tuple[datetime, datetime], Depends(_span)]
Two = Annotated[tuple[str, str], Depends(_pair)]


@router.get("/clashes")
async def of_place(place_id: Name, who: Viewer, runtime: RuntimeOf, span: Span, limit: Limit = 100) -> Page[ClashOut]:
    """Those of at most 31 days of which both are still to begin, in order of time."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.clash_desk.of_place(session, place_id, *span, runtime.clock())
    return Page(items=[_clash(each) for each in found[:limit]])


@router.get("/clashes/options")
async def ways(place_id: Name, two: Two, who: Viewer, runtime: RuntimeOf) -> WaysOut:
    """What can be done where two meet."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.clash_desk.ways(session, place_id, *two, runtime.clock())
    return _ways(found)


@router.post("/decisions", status_code=201, response_model=DecisionOut)
async def decide(place_id: Name, body: DecisionIn, who: Scheduler, once: Repeatable) -> JSONResponse:
    """Keep a decision and do what it says; what the speakers have is replaced once."""

    async def work(act: Act) -> Answer:
        act.require(Permission.SCHEDULE, place_id)
        if body.choice is Choice.SHORTEN:
            act.require(Permission.WRITE_ANNOUNCEMENT, place_id)
        asked = Asked(body.choice, body.yields, body.start, body.fate, body.always)
        now = act.runtime.clock()
        desk = act.runtime.programme.clash_desk
        done = await desk.decide(act.session, place_id, body.first, body.second, asked, now=now, user_id=who.id)
        changed = ProgrammeChanged(place_id, "clash", done.decision.id)
        await act.done("decide_clash", f"decision/{done.decision.id}", place_id, changed, choice=body.choice.value)
        return _decision(done).model_dump(mode="json")

    return await once(who, body, work, status=201)


@router.get("/decisions")
async def decisions(place_id: Name, who: Viewer, runtime: RuntimeOf, limit: Limit = 50) -> Page[DecisionOut]:
    """What was decided in a place, latest first."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.clash_desk.history(session, place_id, limit)
    return Page(items=[_kept(row) for row in found])


def _clash(clash: Clash) -> ClashOut:
    overlap = clash.overlap
    return ClashOut(
        first=_side(clash.first),
        second=_side(clash.second),
        start=overlap.start,
        end=overlap.end,
        clusters=len(overlap.clusters),
        transmitters=sorted(overlap.transmitters),
        wins=overlap.wins,
        must_decide=clash.open,
        settled=clash.settled,
    )


def _side(row: Occurrence) -> SideOut:
    return SideOut.model_validate(row)


def _ways(found: Ways) -> WaysOut:
    as_is = [] if found.as_is is None else [_heard(each) for each in found.as_is]
    return WaysOut(clash=_clash(found.clash), options=[_option(each) for each in found.options], as_is=as_is)


def _option(option: Option) -> OptionOut:
    return OptionOut(
        choice=option.choice,
        yields=option.yields,
        start=option.start,
        lasts_s=option.lasts.total_seconds(),
        items=option.items,
        fate=option.fate,
        waits_s=None if option.late is None else option.late.total_seconds(),
        outcome=None if option.outcome is None else _heard(option.outcome),
    )


def _heard(outcome: Outcome) -> HeardOut:
    stretches = outcome.stretches
    return HeardOut(
        begin=stretches[0][0] if stretches else None,
        end=stretches[-1][1] if stretches else None,
        heard_ms=outcome.heard_ms,
        total_ms=outcome.total_ms,
        whole=outcome.whole,
    )


def _decision(done: Decided) -> DecisionOut:
    return _kept(done.decision).model_copy(update={"shortened": done.shortened})


def _kept(row: ClashDecision) -> DecisionOut:
    plans = [side["plan"] for side in row.sides]
    said = {name: getattr(row, name) for name in ("id", "choice", "yields", "day", "by", "at")}
    return DecisionOut(plans=plans, **said)
