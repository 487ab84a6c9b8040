"""The as-run log and its totals for programs: what was planned, and no more than receipts prove of it."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from devices.wire.orders import Status
from schedules.asrun import Claim, Row, claim
from schedules.by_place import Tally
from schedules.log_scope import Scope, day_of, days_of_month
from schedules.reporting import Period, Wanted
from schedules.totals import Total
from server.api.shapes import PROBLEMS, Limit, Moment, Name, Page, Shown
from server.auth.guard import Viewer
from server.auth.permissions import Permission
from server.deps import RuntimeOf
from server.runtime import Runtime

router = APIRouter(prefix="/places/{place_id}", tags=["reports"], responses=PROBLEMS)

DayText = Annotated[str, Query(max_length=10, description="YYYY-MM-DD, by the place's clock")]
MonthText = Annotated[str, Query(max_length=7, description="YYYY-MM, by the place's clock")]
Cursor = Annotated[str | None, Query(max_length=80, description="`next` of the page before")]


class RowOut(Shown):
    """One airing in one cluster. claim: what may be said of it; a wireless cluster is never `played`."""

    occurrence_id: str
    title: str
    start_at: Moment
    play_class: str
    level: str
    status: Status
    cluster_id: str
    cluster_name: str
    village_id: str
    village_name: str
    wireless: bool
    claim: Claim
    reason: str
    started_at: Moment | None
    start_bound_ms: int | None
    sounded_ms: int
    planned_ms: int
    languages: list[str]


class TotalOut(Shown):
    """Sums over airings. claims: clusters by what may be said; programme_ms: each airing where it sounded longest;
    heard_ms, transmitted_ms: over all clusters; people: of villages where something played to its end.
    """

    airings: int
    clusters: int
    claims: dict[Claim, int]
    reasons: dict[str, int]
    programme_ms: int
    heard_ms: int
    transmitted_ms: int
    people: int
    only_transmitted: int


class ClusterTally(Shown):
    """The airings of one cluster by what may be said of them."""

    id: str
    name: str
    claims: dict[Claim, int]
    heard_ms: int
    transmitted_ms: int


class VillageTally(ClusterTally):
    """A village, and each of its clusters."""

    people: int
    clusters: list[ClusterTally]


class ReportOut(Shown):
    """The totals of some local days. Exercises and tests are heads of their own among the classes, and no programme."""

    place_id: str
    first_day: date
    last_day: date
    zone: str
    whole: TotalOut
    days: dict[date, TotalOut]
    classes: dict[str, TotalOut]
    levels: dict[str, TotalOut]
    languages: dict[str, TotalOut]
    villages: list[VillageTally]


@router.get("/as-run")
async def as_run(
    *,
    place_id: Name,
    who: Viewer,
    runtime: RuntimeOf,
    day: DayText | None = None,
    month: MonthText | None = None,
    village: Name | None = None,
    cluster: Name | None = None,
    said: Annotated[Claim | None, Query(alias="claim")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RowOut]:
    """The log of a day (today when neither is given) or a month, in order of time."""
    who.require(Permission.VIEW, place_id)
    now, reports = runtime.clock(), runtime.programme.reports
    wanted = Wanted(village, cluster, frozenset() if said is None else frozenset({said}))
    async with runtime.database.reading() as session:
        scope = await _scope(runtime, session, place_id, day, month)
        found = await reports.page(session, scope, wanted, after=cursor, limit=limit, now=now)
    return Page(items=[_row(row, claim(row, now)) for row in found.rows], next=found.next)


@router.get("/reports/day")
async def of_day(place_id: Name, who: Viewer, runtime: RuntimeOf, day: DayText) -> ReportOut:
    """The totals of a local day."""
    who.require(Permission.VIEW, place_id)
    return await _report(runtime, place_id, day, None)


@router.get("/reports/month")
async def of_month(place_id: Name, who: Viewer, runtime: RuntimeOf, month: MonthText) -> ReportOut:
    """The totals of a local month."""
    who.require(Permission.VIEW, place_id)
    return await _report(runtime, place_id, None, month)


async def _report(runtime: Runtime, place_id: str, day: str | None, month: str | None) -> ReportOut:
    async with runtime.database.reading() as session:
        scope = await _scope(runtime, session, place_id, day, month)
        return report_out(await runtime.programme.reports.period(session, scope, runtime.clock()))


async def _scope(runtime: Runtime, session: AsyncSession, place_id: str, day: str | None, month: str | None) -> Scope:
    reports = runtime.programme.reports
    if month is not None:
        return await reports.scope(session, place_id, *days_of_month(month))
    if day is None:
        zone = await runtime.programme.zone(session, place_id)
        day = runtime.clock().astimezone(zone).date().isoformat()
    return await reports.scope(session, place_id, day_of(day), day_of(day))


def report_out(found: Period) -> ReportOut:
    """A report as programs read it."""
    scope, report = found.scope, found.report
    return ReportOut(
        place_id=scope.place.id,
        first_day=scope.first,
        last_day=scope.last,
        zone=scope.zone.key,
        whole=_total(report.whole),
        days={day: _total(each) for day, each in report.days.items()},
        classes={head: _total(each) for head, each in report.classes.items()},
        levels={head: _total(each) for head, each in report.levels.items()},
        languages={head: _total(each) for head, each in report.languages.items()},
        villages=[_village(each) for each in found.villages],
    )


def _total(total: Total) -> TotalOut:
    return TotalOut.model_validate(total)


def _village(each: Tally) -> VillageTally:
    return VillageTally.model_validate(each)


def _row(row: Row, said: Claim) -> RowOut:
    renamed: dict[str, Any] = {
        "occurrence_id": row.occurrence,
        "start_at": row.start,
        "play_class": row.play_class.name.lower(),
        "level": row.level.name.lower(),
        "cluster_id": row.cluster,
        "village_name": row.village,
        "claim": said,
        "languages": list(row.languages),
    }
    same = {name: getattr(row, name) for name in RowOut.model_fields if name not in renamed}
    return RowOut(**renamed, **same)
