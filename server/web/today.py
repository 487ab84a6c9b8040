"""Today: what plays now, what plays next, what went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from devices.models import Presence
from devices.rotation import key_views
from devices.views import ClusterView, FleetSummary
from schedules.models import AnnouncementState, Emergency, EmergencyState, Occurrence, OccurrenceState
from server.i18n.catalogue import N_
from server.web.modes import mode_for
from server.web.page import Page, ViewPage
from server.web.reach import Reach, reach_of
from server.web.signs import ANNOUNCEMENT, FAILED, PRESENCE, Sign, occurrence_sign

router = APIRouter(include_in_schema=False)

ROWS = 50
TROUBLES = 5
NEXT = 5
AHEAD = 7
"""Days in which a clash that has to be decided is told of."""


@dataclass(frozen=True, slots=True)
class Row:
    """An airing of the day."""

    occurrence: Occurrence
    reach: Reach
    sign: Sign
    past: bool
    href: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to look at."""

    sign: Sign
    title: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Day:
    """All the page shows."""

    emergencies: Sequence[Emergency]
    now: Sequence[Row]
    rows: Sequence[Row]
    more: bool
    next: Sequence[Occurrence]
    troubles: Sequence[Trouble]
    waiting: int
    fleet: FleetSummary
    waiting_sign: Sign = ANNOUNCEMENT[AnnouncementState.SUBMITTED]


@router.get("/")
async def today(page: ViewPage) -> HTMLResponse:
    return page.html("today.html", day=await _day(page))


@router.get("/today/live")
async def live(page: ViewPage) -> HTMLResponse:
    """The part of the page that changes."""
    return page.html("today_live.html", day=await _day(page))


async def _day(page: Page) -> Day:
    runtime, place_id = page.runtime, page.place.id
    start = datetime.combine(page.today, time(), page.zone)
    async with runtime.database.reading() as session:
        found = await runtime.programme.occurrences(session, place_id, start, start + timedelta(days=1), ROWS + 1)
        rows = await airings(page, session, found[:ROWS])
        coming = await runtime.programme.upcoming(session, place_id, NEXT + len(rows))
        emergencies = await runtime.emergencies.list(session, place_id, state=EmergencyState.SOUNDING, limit=TROUBLES)
        lost = await runtime.devices.clusters(session, place_id, presence=Presence.LOST, limit=TROUBLES)
        fleet = await runtime.devices.fleet_summary(session, place_id)
        waiting = await _waiting(page, session)
        keys = await _keys(page, session)
        unsigned = await runtime.emergencies.not_countersigned(session, place_id, TROUBLES)
        undecided = await _undecided(page, session)
    return Day(
        emergencies=emergencies,
        now=[row for row in rows if _on_air(row, page.now)],
        rows=rows,
        more=len(found) > ROWS,
        next=[row for row in coming if row.start_at > page.now][:NEXT],
        troubles=[*(_unsigned(page, each) for each in unsigned), *undecided, *keys, *_troubles(page, rows, lost)],
        waiting=waiting,
        fleet=fleet,
    )


async def airings(page: Page, session: AsyncSession, found: Sequence[Occurrence]) -> list[Row]:
    """Occurrences with what is proved of each, in one query."""
    counts = await page.runtime.devices.delivery_counts(session, [row.id for row in found])
    return [_row(page, occurrence, reach_of(counts.get(occurrence.id))) for occurrence in found]


def _row(page: Page, occurrence: Occurrence, reach: Reach) -> Row:
    past = occurrence.ends_at < page.now or occurrence.state in {OccurrenceState.OVER, OccurrenceState.CANCELLED}
    sign = occurrence_sign(occurrence, sounding=reach.sounding > 0, settled=reach.settled)
    return Row(occurrence, reach, sign, past, _href(occurrence))


def _href(occurrence: Occurrence) -> str:
    if occurrence.emergency_id is not None:
        return f"{mode_for(occurrence.status).base}/{occurrence.emergency_id}"
    return f"/occurrences/{occurrence.id}"


def _on_air(row: Row, now: datetime) -> bool:
    occurrence = row.occurrence
    due = occurrence.state is OccurrenceState.ISSUED and occurrence.start_at <= now < occurrence.expires_at
    still = row.reach.sounding > 0 or now < occurrence.ends_at
    return due and still and occurrence.emergency_id is None


async def _waiting(page: Page, session: AsyncSession) -> int:
    if not page.can("approve"):
        return 0
    announcements = page.runtime.announcements
    return len(await announcements.list(session, page.place.id, state=AnnouncementState.SUBMITTED, limit=ROWS))


async def _keys(page: Page, session: AsyncSession) -> list[Trouble]:
    """Keys of the commune whose time ends, for who can do something about it."""
    if not page.can("administer"):
        return []
    views = await key_views(session, page.runtime.keys, page.now, [page.place.id])
    sign = Sign("▲", N_("ends soon"), "late")
    return [
        Trouble(sign, view.kid, page.gettext(N_("good until %(time)s"), time=page.moment(view.key.expires_at)), "/keys")
        for view in views
        if view.expires_soon
    ]


async def _undecided(page: Page, session: AsyncSession) -> list[Trouble]:
    """Priority against priority in the coming days, of which nobody has said what goes first."""
    end = page.now + timedelta(days=AHEAD)
    found = await page.runtime.programme.clash_desk.undecided(session, page.place.id, page.now, end, page.now)
    if not found:
        return []
    count = page.ngettext("%(num)d clash has to be decided", "%(num)d clashes have to be decided", len(found))
    first = f"{page.moment(found[0].overlap.start)}: {found[0].first.title} + {found[0].second.title}"
    return [Trouble(Sign("▲", N_("at the same time"), "late"), count, first, "/programme/clashes")]


def _unsigned(page: Page, emergency: Emergency) -> Trouble:
    """An emergency that aired and that no second person has signed."""
    sign = Sign("▲", N_("not countersigned"), "late")
    when = page.gettext(N_("started at %(time)s"), time=page.moment(emergency.started_at))
    return Trouble(sign, emergency.title, when, f"/emergency/{emergency.id}")


def _troubles(page: Page, rows: Sequence[Row], lost: Sequence[ClusterView]) -> list[Trouble]:
    failed = [row for row in rows if row.reach.failed]
    return [_missed(page, row) for row in failed[-TROUBLES:]] + [_lost(page, view) for view in lost]


def _missed(page: Page, row: Row) -> Trouble:
    detail = page.ngettext("not played in %(num)d cluster", "not played in %(num)d clusters", row.reach.failed)
    worst = next(part for part in reversed(row.reach.parts) if part.state in FAILED)
    title = f"{page.clock(row.occurrence.start_at)} {row.occurrence.title}"
    href = f"/occurrences/{row.occurrence.id}?state={worst.state}"
    return Trouble(worst.sign, title, detail, href)


def _lost(page: Page, view: ClusterView) -> Trouble:
    since = view.state.presence_since if view.state is not None else None
    when = page.gettext(N_("silent since %(time)s"), time=page.moment(since)) if since is not None else ""
    detail = " · ".join(part for part in (view.village_name, when) if part)
    return Trouble(PRESENCE[view.presence], view.cluster.name, detail, f"/clusters/{view.cluster.id}")
