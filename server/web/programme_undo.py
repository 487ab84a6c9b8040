"""The last changes of the programme: who made which and when, and the last of them taken back."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from base.ids import new_id
from schedules import ground as grounds
from schedules.changes import ProgrammeChanged
from schedules.models import ProgrammeChange
from server.acts import Act
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.idempotency import Answer
from server.web import repository
from server.web.effect_words import SHOWN, lines, names_of
from server.web.form_once import once_only
from server.web.page import Page, SchedulePage, go

router = APIRouter(include_in_schema=False)

ROWS = 20
WHAT = {
    "create": N_("made a schedule"),
    "this": N_("changed one airing"),
    "following": N_("changed one airing and those that follow"),
    "all": N_("changed all coming airings of a schedule"),
    "end": N_("ended a schedule"),
    "copy": N_("copied days of the programme"),
    "bulk": N_("changed many schedules at once"),
    "draft": N_("put a drafted week in force"),
}
"""What a change is called after a person's name."""
OTHERWISE = N_("changed the programme")


@router.get("/programme/undo")
async def show(page: SchedulePage) -> HTMLResponse:
    return await _show(page)


@router.post("/programme/undo")
async def undo(page: SchedulePage) -> Response:
    """Take back the change that was seen, once, however often the button is pressed."""
    said = await page.request.form()
    change_id = str(said.get("change", ""))[:26]

    async def work(session: AsyncSession) -> Answer:
        act = Act(session, page.runtime, page.me)
        act.require(Permission.SCHEDULE, page.place.id)
        done = await page.runtime.programme.undo(session, page.place.id, page.me.id, change_id=change_id)
        changes = [ProgrammeChanged(page.place.id, "schedule", schedule.id) for schedule in done.schedules]
        await act.done("undo_programme", f"programme_change/{done.change.id}", page.place.id, *changes)
        return {"id": done.change.id}

    try:
        await once_only(page, said, work, page.place.id)
    except LoaError as error:
        return await _show(page, error)
    return go("/programme/undo", "undone")


async def _show(page: Page, error: LoaError | None = None) -> HTMLResponse:
    page.me.require(Permission.SCHEDULE, page.place.id)
    history = page.runtime.programme.history
    async with page.runtime.database.reading() as session:
        offer = await history.offer(session, page.place.id, page.now)
        made = await history.changes(session, page.place.id, ROWS)
        ground = await grounds.load(session, page.runtime.devices, page.place.id)
        names = names_of(ground, await repository.place_and_zone_names(session, page.place.id))
        people = await repository.user_names(session, {change.by for change in made})
        titles = await repository.titles(session, {f"schedule/{each}" for change in made for each in _plans(change)})
    found = offer.differences if offer is not None else ()
    return page.html(
        "changes/undo.html",
        error=error,
        offer=offer,
        refused=page.error_text(offer.refusal) if offer is not None else "",
        lines=lines(page, names, found),
        more=max(0, len(found) - SHOWN),
        count=len(found),
        rows=[
            {
                "change": change,
                "who": people.get(change.by, "–"),
                "what": WHAT.get(change.what, OTHERWISE),
                "title": next((titles[name] for each in _plans(change) if (name := f"schedule/{each}") in titles), ""),
            }
            for change in made
        ],
        key=new_id(),
    )


def _plans(change: ProgrammeChange) -> list[str]:
    """The schedules a change touched; of very many, the first."""
    return [str(each["id"]) for each in (*change.before, *change.after)][:2]
