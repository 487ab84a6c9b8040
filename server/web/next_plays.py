"""The next plays: renewed in the frame of a page that stays open, and as a page for a small screen."""

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from server.web import repository
from server.web.page import NEXT, Page, ViewPage

router = APIRouter(include_in_schema=False)


@router.get("/programme/next")
async def next_plays(page: ViewPage) -> HTMLResponse:
    """The page; for a page that is open, the strip in its frame alone."""
    if "HX-Request" not in page.request.headers:
        return page.html("programme/next.html", commune=page.place)
    return (await _now(page)).html("parts/next.html")


async def _now(page: Page) -> Page:
    async with page.runtime.database.reading() as session:
        coming = await repository.coming(session, page.place.id, page.now, NEXT)
    return replace(page, coming=tuple(coming))
