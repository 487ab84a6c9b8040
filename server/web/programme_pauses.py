"""Pauses: who is left in peace, a new one with what each cluster will miss before it is confirmed, one ended early."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import Conflict, LoaError, Refused
from base.ids import new_id
from devices.wire.audience import Audience
from devices.wire.orders import PlayClass
from schedules import ground as grounds
from schedules.changes import ProgrammeChanged
from schedules.conflicts import Slot
from schedules.ground import Ground
from schedules.models import Occurrence, OccurrenceState
from schedules.pauses import Occasion, Pause
from schedules.pausing import Paused
from schedules.recurrence.rule import YEARS
from schedules.recurrence.times import moment
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer
from server.web import audience, fields, repository
from server.web.audience import Chosen, read_chosen
from server.web.effect_words import names_of
from server.web.form_once import once_only
from server.web.marks import OCCASIONS
from server.web.page import Page, SchedulePage, ViewPage, go
from server.web.pause_words import UP_TO, told

router = APIRouter(include_in_schema=False)

ROWS = 50
"""Clusters of the table, and pauses of the past."""
AIRINGS = 6
"""Airings that are named for one cluster; the others are counted."""


@dataclass(frozen=True, slots=True)
class Miss:
    """What one cluster will not hear: time and title each, and how many there are beside."""

    cluster_id: str
    name: str
    village: str
    rows: Sequence[tuple[str, str]]
    count: int
    more: int


@router.get("/programme/pauses")
async def index(page: ViewPage) -> HTMLResponse:
    return await _index(page)


@router.get("/programme/pauses/new")
async def form(page: SchedulePage, cluster: str = "", village: str = "") -> HTMLResponse:
    """`cluster` or `village`: whom the form chooses at first."""
    chosen = Chosen(audience.VILLAGES, villages=(village,) if village else ())
    if cluster:
        chosen = Chosen(audience.CLUSTERS, clusters=(cluster,))
    blank = {"begins": f"{page.today}T00:00", "ends": f"{page.today}T23:59", "occasion": Occasion.FUNERAL.value}
    return await _form(page, blank | {"note": "", "up_to": int(PlayClass.PRIORITY)}, chosen)


@router.post("/programme/pauses/new")
async def begin(page: SchedulePage) -> Response:
    """Show what everybody will miss, and write it when that was seen; once, however often the button is pressed."""
    said = await audience.settled(page, await page.request.form())
    chosen = read_chosen(said)
    names = ("begins", "ends", "occasion", "note", "up_to")
    typed = {name: str(said.get(name, "")) for name in names}
    try:
        if said.get("step") == "back":
            return await _form(page, typed, chosen)
        pause = _pause(page, typed, audience.needed(chosen))
        if said.get("step") != "do":
            return await _look(page, pause, said)
        await _once(page, pause, said)
    except LoaError as error:
        return await _form(page, typed, chosen, error)
    return go("/programme/pauses", "paused")


@router.post("/programme/pauses/{pause_id}/end")
async def end(page: SchedulePage, pause_id: str) -> Response:
    """End one early; what it would still have silenced is heard again."""
    try:
        async with page.act() as act:
            done = await page.runtime.programme.end_pause(act.session, pause_id, page.me.id)
            act.require(Permission.SCHEDULE, done.pause.place_id)
            await _done(act, "end_pause", done)
    except LoaError as error:
        return await _index(page, error)
    return go("/programme/pauses", "pause_ended")


async def _index(page: Page, error: LoaError | None = None) -> HTMLResponse:
    pauses = page.runtime.programme.pauses
    async with page.runtime.database.reading() as session:
        page.me.require(Permission.VIEW, page.place.id)
        ground = await grounds.load(session, page.runtime.devices, page.place.id)
        names = names_of(ground, await repository.place_and_zone_names(session, page.place.id))
        ahead = [told(page, names, ground, row) for row in await pauses.to_come(session, page.place.id, page.now)]
        past = [told(page, names, ground, row) for row in await pauses.over(session, page.place.id, page.now, ROWS)]
        people = await repository.user_names(session, {each.row.created_by for each in (*ahead, *past)})
    return page.html(
        "changes/pauses.html",
        error=error,
        present=[each for each in ahead if each.row.start_at <= page.now],
        coming=[each for each in ahead if each.row.start_at > page.now],
        past=past,
        people=people,
        may_pause=page.me.can(Permission.SCHEDULE, page.place.id),
    )


def _pause(page: Page, typed: Mapping[str, str], whom: Audience) -> Pause:
    """Raises Refused: pause_reversed, pause_too_long, pause_wrong, and for what cannot be read."""
    occasion = fields.member(Occasion, typed["occasion"])
    up_to = {str(int(each)): each for each in UP_TO}.get(typed["up_to"])
    if up_to is None:
        raise Refused("server.input_wrong")
    start, end = (_moment(typed[name], page.zone) for name in ("begins", "ends"))
    return Pause(new_id(), whom, start, end, occasion, page.me.id, typed["note"].strip(), up_to)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A local time as `<input type=datetime-local>` sends it."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("server.date_wrong", date=text[:20]) from error
    if local.tzinfo is not None or local.year not in YEARS:
        raise Refused("server.date_wrong", date=text[:20])
    return moment(local.date(), local.time().replace(second=0, microsecond=0), zone)


async def _look(page: Page, pause: Pause, said: ImmutableMultiDict[str, Any]) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        page.me.require(Permission.SCHEDULE, page.place.id)
        if pause.end <= page.now:
            raise Conflict("schedules.pause_over")
        missed, rows = await page.runtime.programme.pauses.missed_rows(session, page.place.id, pause, page.now)
        ground = await grounds.load(session, page.runtime.devices, page.place.id)
        names = names_of(ground, await repository.place_and_zone_names(session, page.place.id))
    return page.html(
        "changes/pause_effect.html",
        pause=pause,
        misses=_misses(page, ground, missed, rows)[:ROWS],
        more=max(0, len(missed) - ROWS),
        silent=len(ground.meant(pause.whom)),
        airings=len(rows),
        ordered=sum(row.state is OccurrenceState.ISSUED for row in rows.values()),
        whom=audience.describe(page, names, pause.whom),
        occasion=OCCASIONS[pause.occasion],
        up_to=UP_TO[pause.up_to],
        kept=[(name, str(value)) for name, value in said.multi_items() if name not in {"csrf", "step", "key"}],
        key=new_id(),
    )


def _misses(
    page: Page, ground: Ground, missed: Mapping[str, Sequence[Slot]], rows: Mapping[str, Occurrence]
) -> list[Miss]:
    clusters = {cluster.id: cluster for cluster in ground.clusters}
    return [
        Miss(
            cluster_id=name,
            name=clusters[name].name,
            village=ground.places[clusters[name].village_id].name,
            rows=[(page.moment(slot.start), rows[slot.occurrence].title) for slot in slots[:AIRINGS]],
            count=len(slots),
            more=max(0, len(slots) - AIRINGS),
        )
        for name, slots in missed.items()
    ]


async def _once(page: Page, pause: Pause, said: ImmutableMultiDict[str, Any]) -> None:
    async def work(session: AsyncSession) -> Answer:
        act = Act(session, page.runtime, page.me)
        act.require(Permission.SCHEDULE, page.place.id)
        await _done(act, "pause", await page.runtime.programme.pause(session, page.place.id, pause))
        return {"id": pause.id}

    await once_only(page, said, work, page.place.id)


async def _done(act: Act, action: str, done: Paused) -> None:
    row = done.pause
    changed = ProgrammeChanged(row.place_id, "pause", row.id)
    await act.done(action, f"pause/{row.id}", row.place_id, changed, occasion=row.occasion)


async def _form(
    page: Page,
    typed: Mapping[str, Any],
    chosen: Chosen,
    error: LoaError | None = None,
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        page.me.require(Permission.SCHEDULE, page.place.id)
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
    return page.html(
        "changes/pause_new.html",
        error=error,
        form=typed,
        places=places,
        chosen=chosen,
        occasions=OCCASIONS,
        classes=UP_TO,
    )
