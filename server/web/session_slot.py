"""The short way to a session of one thing: a station relayed for some minutes, or background music for as long."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError, Refused
from base.ids import new_id
from devices.wire.orders import PlayClass
from schedules.announcements import AnnouncementView
from schedules.composing import ItemKind
from schedules.composition import Composition, Element, Music, Relay
from schedules.dispatch import MAX_TITLE
from schedules.models import AnnouncementState, RelaySource
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer, once
from server.web.announcements import changed, find
from server.web.page import Page, WritePage, go
from server.web.session_form import USUAL_RELAY_MIN, minutes

router = APIRouter(include_in_schema=False)

CHOICES = 200
"""The newest announcements are offered."""


@router.post("/sessions/slot")
async def create(page: WritePage) -> Response:
    """Make it once, however often the button is pressed."""
    said = await page.request.form()
    kind = ItemKind.MUSIC if said.get("kind") == ItemKind.MUSIC else ItemKind.RELAY
    about, typed = str(said.get("about", ""))[:26], str(said.get("minutes", ""))[:8]

    async def work(session: AsyncSession) -> Answer:
        return await _create(page, session, kind, about, typed)

    asked = repr((kind, about, typed)).encode()
    try:
        runtime, key = page.runtime, str(said.get("key", ""))
        answer = await once(runtime.database, runtime.clock, user_id=page.me.id, key=key, asked=asked, work=work)
    except LoaError as error:
        return await slot_form(page, kind, about, typed, error)
    return go(f"/announcements/{answer['id']}", "written")


async def slot_form(
    page: Page, kind: ItemKind, about: str = "", typed: str = USUAL_RELAY_MIN, error: LoaError | None = None
) -> HTMLResponse:
    """The form with its two questions: what, and for how many minutes."""
    sources: list[RelaySource] = []
    songs: list[AnnouncementView] = []
    async with page.runtime.database.reading() as session:
        if kind is ItemKind.RELAY:
            sources += await page.runtime.programme.relays.sources(session, page.place.id)
        else:
            found = await page.runtime.announcements.list(session, page.place.id, limit=CHOICES)
            songs += [each for each in found if _can_be_music(each)]
    options = [(source.id, source.name) for source in sources]
    options += [(each.announcement.id, each.announcement.title) for each in songs]
    shown: dict[str, Any] = {"kind": kind.value, "options": options, "about": about, "minutes": typed, "key": new_id()}
    return page.html("sessions/slot.html", error=error, **shown)


def _can_be_music(view: AnnouncementView) -> bool:
    it = view.announcement
    return it.composition is None and it.state is not AnnouncementState.ARCHIVED


async def _create(page: Page, session: AsyncSession, kind: ItemKind, about: str, typed: str) -> Answer:
    act = Act(session, page.runtime, page.me)
    act.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
    lasts_s = minutes(typed)
    item: Element = Relay(about, lasts_s) if kind is ItemKind.RELAY else Music(about, lasts_s)
    it = await page.runtime.announcements.compose(
        session,
        place_id=page.place.id,
        title=await _title(page, session, kind, about, lasts_s),
        play_class=PlayClass.NORMAL if kind is ItemKind.RELAY else PlayClass.BACKGROUND,
        composition=Composition(opening=None, items=(item,), closing=None),
        user_id=page.me.id,
    )
    await act.done("write_announcement", f"announcement/{it.id}", it.place_id, changed(it), session=1)
    return {"id": it.id}


async def _title(page: Page, session: AsyncSession, kind: ItemKind, about: str, lasts_s: int) -> str:
    """What the list will call it; people may change it."""
    if not about:
        raise Refused("server.input_wrong")
    if kind is ItemKind.RELAY:
        name = (await page.runtime.programme.relays.get(session, about)).name
        text = page.gettext("Relay: %(name)s, %(num)s min", name=name, num=round(lasts_s / 60))
    else:
        name = (await find(page, session, about)).announcement.title
        text = page.gettext("Background music: %(name)s, %(num)s min", name=name, num=round(lasts_s / 60))
    return text[:MAX_TITLE]
