"""Stop everything that plays in the commune, after one question."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError
from devices.wire.orders import PlayClass
from schedules.changes import ProgrammeChanged
from schedules.models import EmergencyState
from server.auth.permissions import Permission
from server.web.page import Page, StopPage, go

router = APIRouter(include_in_schema=False)


@router.get("/stop-all")
async def ask(page: StopPage) -> HTMLResponse:
    return await _ask(page)


@router.post("/stop-all")
async def stop_all(page: StopPage) -> Response:
    """End everything below an emergency, which has a board of its own where people are told why it ends."""
    place_id = page.place.id
    try:
        async with page.act() as act:
            act.require(Permission.STOP, place_id)
            await page.runtime.programme.stop_all(act.session, place_id, page.me.id, PlayClass.PRIORITY)
            changed = ProgrammeChanged(place_id, "occurrence", "")
            await act.done("stop_all", f"place/{place_id}", place_id, changed, up_to=int(PlayClass.PRIORITY))
    except LoaError as error:
        return await _ask(page, error)
    return go("/", "stopped_all")


async def _ask(page: Page, error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        sounding = await page.runtime.emergencies.list(session, page.place.id, state=EmergencyState.SOUNDING, limit=1)
    return page.html("stop_all.html", error=error, sounding=bool(sounding))
