"""Composing a session of announcements, new or again: every step is an ordinary form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError, NotFound, Refused
from base.ids import new_id
from devices.wire.content import Fill, Gap, Rendition, Version, pieces
from schedules.announcements import AnnouncementView
from schedules.composing import ItemKind
from schedules.composition import JINGLES, MAX_ITEMS, Relay, Source, check, numbered
from schedules.models import Announcement, AnnouncementState, RelaySource
from server.acts import Act
from server.auth.permissions import Permission
from server.idempotency import Answer, once
from server.web.announcements import changed, find
from server.web.fields import whole
from server.web.page import Page, WritePage, go, in_place
from server.web.session_form import Row, SessionForm, focus_of, form_of, read_form
from server.web.session_slot import CHOICES, slot_form
from server.web.signs import ANNOUNCEMENT
from server.web.tones import TONE_WORDS

router = APIRouter(include_in_schema=False)

_SAVING = {"save", "listen"}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as the page shows it; without a view, or a source, it is no longer there. start_ms: when it begins where
    people hear one language of each announcement; None while that cannot be said.
    """

    row: Row
    view: AnnouncementView | None
    source: RelaySource | None
    start_ms: int | None

    @property
    def title(self) -> str:
        if self.source is not None:
            return self.source.name
        return self.view.announcement.title if self.view is not None else "–"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a session is, and when each item begins, in the first language of each announcement."""

    lasts_ms: int | None = None
    starts_ms: Mapping[int, int] = field(default_factory=dict)


@router.get("/sessions/new")
async def new(page: WritePage, relay: str | None = None, music: str | None = None) -> HTMLResponse:
    """A session; with `relay` or `music`, which may be empty, the short form for one station or for music alone."""
    if relay is not None:
        return await slot_form(page, ItemKind.RELAY, relay)
    if music is not None:
        return await slot_form(page, ItemKind.MUSIC, music)
    return await _form(page, SessionForm(key=new_id()), "/sessions/new")


@router.post("/sessions/new")
async def create(page: WritePage) -> Response:
    """Change the items in the form, or save it: once, however often the button is pressed."""
    form = read_form(await page.request.form())

    async def work(session: AsyncSession) -> Answer:
        return await _create(page, session, form)

    try:
        if form.do not in _SAVING:
            return await _form(page, form.done(), "/sessions/new")
        runtime = page.runtime
        asked = repr(replace(form, do="")).encode()
        answer = await once(runtime.database, runtime.clock, user_id=page.me.id, key=form.key, asked=asked, work=work)
    except LoaError as error:
        return await _form(page, replace(form, key=new_id()), "/sessions/new", error)
    return _saved(str(answer["id"]), form)


@router.get("/announcements/{announcement_id}/compose")
async def again(page: WritePage, announcement_id: str) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        it = (await find(page, session, announcement_id)).announcement
    if it.composition is None:
        raise NotFound("server.page_unknown")
    page = await in_place(page, it.place_id)
    form = form_of(it.title, it.play_class, it.revision, it.composition)
    return await _form(page, form, f"/announcements/{it.id}/compose", approved=_is_approved(it))


@router.post("/announcements/{announcement_id}/compose")
async def change(page: WritePage, announcement_id: str) -> Response:
    """Change the items in the form, or save it unless somebody changed the session meanwhile."""
    form = read_form(await page.request.form())
    action = f"/announcements/{announcement_id}/compose"
    async with page.runtime.database.reading() as session:
        it = (await find(page, session, announcement_id)).announcement
    page, approved = await in_place(page, it.place_id), _is_approved(it)
    try:
        if form.do not in _SAVING:
            return await _form(page, form.done(), action, approved=approved)
        async with page.act() as act:
            await _change(page, act, announcement_id, form)
    except LoaError as error:
        return await _form(page, form, action, error, approved=approved)
    return _saved(announcement_id, form)


def _is_approved(it: Announcement) -> bool:
    return it.state is AnnouncementState.APPROVED


async def _create(page: Page, session: AsyncSession, form: SessionForm) -> Answer:
    act = Act(session, page.runtime, page.me)
    act.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
    it = await page.runtime.announcements.compose(
        session,
        place_id=page.place.id,
        title=form.title,
        play_class=_play_class(form),
        composition=form.composition(),
        user_id=page.me.id,
    )
    await act.done("write_announcement", f"announcement/{it.id}", it.place_id, changed(it), session=len(form.rows))
    return {"id": it.id}


async def _change(page: Page, act: Act, announcement_id: str, form: SessionForm) -> None:
    it = (await find(page, act.session, announcement_id)).announcement
    act.require(Permission.WRITE_ANNOUNCEMENT, it.place_id)
    await page.runtime.announcements.edit(
        act.session,
        announcement_id,
        revision=whole({"revision": form.revision}, "revision"),
        user_id=page.me.id,
        title=form.title,
        play_class=_play_class(form),
        composition=form.composition(),
    )
    await act.done("edit_announcement", f"announcement/{it.id}", it.place_id, changed(it), session=len(form.rows))


def _saved(announcement_id: str, form: SessionForm) -> Response:
    if form.do == "listen":
        return go(f"/announcements/{announcement_id}/listen")
    return go(f"/announcements/{announcement_id}", "written")


def _play_class(form: SessionForm) -> int:
    return whole({"play_class": form.play_class}, "play_class")


async def _form(
    page: Page, form: SessionForm, action: str, error: LoaError | None = None, *, approved: bool = False
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        offered = await choices(page, session)
        views = await _views(page, session, form, offered)
        sources = await page.runtime.programme.relays.sources(session, page.place.id)
    known = {source.id: source for source in sources}
    timing = _timing(form, views, known)
    return page.html(
        "sessions/compose.html",
        error=error,
        form=form,
        focus=focus_of(form),
        approved=approved,
        action=action,
        rows=[_shown(row, number, views, known, timing) for number, row in enumerate(form.rows)],
        choices=offered,
        sources=sources,
        identifications=_with(offered, views.get(form.identification)),
        states=ANNOUNCEMENT,
        tones={name: TONE_WORDS[name] for name in JINGLES},
        most=MAX_ITEMS,
        lasts_ms=timing.lasts_ms,
    )


def _shown(
    row: Row, number: int, views: Mapping[str, AnnouncementView], sources: Mapping[str, RelaySource], timing: Timing
) -> ItemRow:
    start_ms = timing.starts_ms.get(number)
    if row.kind is ItemKind.RELAY:
        return ItemRow(row, None, sources.get(row.about), start_ms)
    return ItemRow(row, views.get(row.about), None, start_ms)


async def choices(page: Page, session: AsyncSession) -> list[AnnouncementView]:
    """What can stand in a session, or in for a station: neither archived nor a session itself."""
    found = await page.runtime.announcements.list(session, page.place.id, limit=CHOICES)
    return [
        view
        for view in found
        if view.announcement.composition is None and view.announcement.state is not AnnouncementState.ARCHIVED
    ]


def _with(offered: list[AnnouncementView], chosen: AnnouncementView | None) -> list[AnnouncementView]:
    """What is offered and what is chosen already, which may be older than all of it."""
    return offered if chosen is None or chosen in offered else [chosen, *offered]


async def _views(
    page: Page, session: AsyncSession, form: SessionForm, offered: Sequence[AnnouncementView]
) -> Mapping[str, AnnouncementView]:
    """What the form names, older ones too; what is not there or not this place's is left out."""
    known = {view.announcement.id: view for view in offered}
    named = {row.about for row in form.rows if row.kind is not ItemKind.RELAY}
    for announcement_id in {form.identification, *named} - known.keys() - {""}:
        try:
            view = await page.runtime.announcements.get(session, announcement_id)
        except NotFound:
            continue
        if view.announcement.place_id == page.place.id:
            known[announcement_id] = view
    return known


def _timing(form: SessionForm, views: Mapping[str, AnnouncementView], sources: Mapping[str, RelaySource]) -> Timing:
    """In the first language of each announcement; nothing while that cannot be said."""
    try:
        composition = form.composition()
        check(composition)
    except Refused:
        return Timing()
    # A fallback changes no length.
    bare = {source.id: Source(source.name, source.url, source.quiet_s, source.level) for source in sources.values()}
    composition = composition.with_sources(bare)
    spoken = {key: _first_version(view) for key, view in views.items()}
    lost = any(isinstance(each, Relay) and each.source is None for each in composition.items)
    if lost or not all(spoken.get(each) for each in composition.announcement_ids):
        return Timing()
    found = list(numbered(composition, spoken))
    starts_ms: dict[int, int] = {}
    end_ms = 0
    for piece in pieces([part for part, _ in found], ()):
        part, number = found[piece.part]
        if number is not None and not isinstance(part, Gap) and not (isinstance(part, Fill) and part.sound is None):
            starts_ms.setdefault(number, piece.start_ms)
        end_ms = piece.start_ms + piece.duration_ms
    return Timing(end_ms or None, starts_ms)


def _first_version(view: AnnouncementView) -> tuple[Version, ...]:
    """Its main version as far as lengths go."""
    return tuple(
        Version(version.language, (Rendition(bytes(32), 1, "", version.asset.duration_ms),))
        for version in view.versions[:1]
    )
