"""The fragment that says who would hear what is chosen, and which languages an announcement lacks there."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from server.web import audience
from server.web.abilities import unable
from server.web.announcements import find
from server.web.languages import lacking_for
from server.web.page import ViewPage, in_place

router = APIRouter(include_in_schema=False)


@router.get("/audience")
async def heard(page: ViewPage, announcement: str = "", place: str = "") -> HTMLResponse:
    """Counted again whenever the choice changes; place: the commune of what the form is about."""
    page = await in_place(page, place) if place else page
    chosen = audience.read_chosen(await audience.settled(page, page.request.query_params))
    async with page.runtime.database.reading() as session:
        ground = await audience.load(session, page)
        if not announcement:
            return page.html("parts/heard.html", heard=audience.count(ground, chosen))
        it = (await find(page, session, announcement)).announcement
        lacking = await lacking_for(page, session, ground, it.id, chosen)
        old = await unable(page, session, it.id, chosen)
    return page.html("parts/heard_of.html", heard=audience.count(ground, chosen), lacking=lacking, unable=old)
