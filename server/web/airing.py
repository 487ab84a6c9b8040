"""Broadcast an approved announcement now: where, how loud, who hears it."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from base.ids import new_id
from schedules.changes import ProgrammeChanged
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer
from server.web import audience
from server.web.abilities import unable
from server.web.announcements import find
from server.web.audience import Chosen, read_chosen
from server.web.expected import not_in_time
from server.web.fields import whole
from server.web.form_once import once_only
from server.web.languages import lacking_for
from server.web.page import BroadcastPage, Page, go

router = APIRouter(include_in_schema=False)

DEFAULT_VOLUME = 80


@router.get("/announcements/{announcement_id}/broadcast")
async def form(page: BroadcastPage, announcement_id: str) -> HTMLResponse:
    return await _form(page, announcement_id, Chosen(), DEFAULT_VOLUME, key=new_id())


@router.post("/announcements/{announcement_id}/broadcast")
async def broadcast(page: BroadcastPage, announcement_id: str) -> Response:
    """Order it once, however often the button is pressed: the form carries a key."""
    fields = await audience.settled(page, await page.request.form())
    chosen, key = read_chosen(fields), str(fields.get("key", ""))
    volume = DEFAULT_VOLUME
    try:
        volume = whole(fields, "volume")
        if "count" in fields:
            return await _form(page, announcement_id, chosen, volume, key=key)

        async def work(session: AsyncSession) -> Answer:
            return await _broadcast(page, session, announcement_id, chosen, volume)

        answer = await once_only(page, fields, work)
    except LoaError as error:
        return await _form(page, announcement_id, chosen, volume, key=new_id(), error=error)
    return go(f"/occurrences/{answer['id']}")


async def _broadcast(page: Page, session: AsyncSession, announcement_id: str, chosen: Chosen, volume: int) -> Answer:
    it = (await find(page, session, announcement_id)).announcement
    act = Act(session, page.runtime, page.me)
    act.require(Permission.BROADCAST, it.place_id)
    occurrence = await page.runtime.programme.broadcast_now(
        session, announcement_id=it.id, audience=audience.needed(chosen), volume=volume, user_id=page.me.id
    )
    changed = ProgrammeChanged(it.place_id, "occurrence", occurrence.id)
    await act.done("broadcast_now", f"occurrence/{occurrence.id}", it.place_id, changed, announcement=it.id)
    return {"id": occurrence.id}


async def _form(
    page: Page, announcement_id: str, chosen: Chosen, volume: int, *, key: str, error: LoaError | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        it = (await find(page, session, announcement_id)).announcement
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
        lacking = await lacking_for(page, session, ground, it.id, chosen)
        old = await unable(page, session, it.id, chosen)
        late = await not_in_time(page, session, chosen, await page.runtime.programme.parts(session, it.id))
    return page.html(
        "announcements/broadcast.html",
        error=error,
        it=it,
        places=places,
        chosen=chosen,
        heard=audience.count_or_none(ground, chosen),
        lacking=lacking,
        unable=old,
        form={"volume": volume},
        key=key,
        lead_s=page.runtime.settings.programme.lead_s,
        late=late,
    )
