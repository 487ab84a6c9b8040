"""The fragment that says who would hear what is chosen."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from server.web import audience
from server.web.page import ViewPage

router = APIRouter(include_in_schema=False)


@router.get("/audience")
async def heard(page: ViewPage) -> HTMLResponse:
    """Counted again whenever the choice changes."""
    async with page.runtime.database.reading() as session:
        ground = await audience.load(session, page)
    return page.html("parts/heard.html", heard=audience.count(ground, audience.read_chosen(page.request.query_params)))
