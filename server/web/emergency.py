"""Starting an emergency or a drill: what, where, exactly what will happen, and the button that is held."""

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError, NotFound, Refused
from base.ids import new_id
from schedules.changes import EmergencyChanged
from schedules.models import Emergency, EmergencyState, EmergencyTemplate, TemplateKind
from server.acts import Act
from server.auth.guard import allow
from server.idempotency import Answer, once
from server.web import audience, repository
from server.web.audience import Chosen, read_chosen
from server.web.modes import MODES, Mode, mode_for, mode_of, repeat_words, sound_words, tile
from server.web.page import Page, SignedInPage, go
from server.web.signs import EMERGENCY

router = APIRouter(include_in_schema=False)

PAST = 20


async def index(page: SignedInPage) -> HTMLResponse:
    """The tiles, what is on air now, and what was before."""
    return await _index(page)


async def where(page: SignedInPage) -> HTMLResponse:
    """Step two: where."""
    return await _where(page, read_chosen(await audience.settled(page, page.request.query_params)))


async def review(page: SignedInPage) -> HTMLResponse:
    """Step three: everything that will happen, before it does."""
    chosen = read_chosen(await audience.settled(page, page.request.query_params))
    try:
        return await _review(page, str(page.request.query_params.get("template", "")), chosen)
    except NotFound:
        raise
    except Refused as error:
        return await _where(page, chosen, error)


async def launch(page: SignedInPage) -> Response:
    """Broadcast it once, however often the button is pressed, and only when it was held or a box was ticked."""
    form = await audience.settled(page, await page.request.form())
    chosen, template_id = read_chosen(form), str(form.get("template", ""))
    if form.get("held") != "1" and form.get("confirm") != "yes":
        error = Refused("server.not_held") if "confirm" in form else None
        return await _review(page, template_id, chosen, confirm=True, error=error)
    mode, runtime = mode_of(page), page.runtime

    async def work(session: AsyncSession) -> Answer:
        return await _launch(page, session, mode, template_id, chosen)

    asked = f"launch {mode.base} {template_id} {chosen.query}".encode()
    key = str(form.get("key", ""))
    try:
        answer = await once(runtime.database, runtime.clock, user_id=page.me.id, key=key, asked=asked, work=work)
    except LoaError as error:
        return await _review(page, template_id, chosen, error=error)
    return go(f"{mode.base}/{answer['id']}")


for _mode in MODES:
    _pages = APIRouter(prefix=_mode.base, dependencies=[Depends(allow(_mode.permission))], include_in_schema=False)
    _pages.add_api_route("", index, methods=["GET"], response_class=HTMLResponse, name=f"{_mode.status}-index")
    _pages.add_api_route("/where", where, methods=["GET"], response_class=HTMLResponse, name=f"{_mode.status}-where")
    _pages.add_api_route("/review", review, methods=["GET"], response_class=HTMLResponse, name=f"{_mode.status}-review")
    _pages.add_api_route(
        "/launch", launch, methods=["POST"], response_class=HTMLResponse, name=f"{_mode.status}-launch"
    )
    router.include_router(_pages)


async def _launch(page: Page, session: AsyncSession, mode: Mode, template_id: str, chosen: Chosen) -> Answer:
    act = Act(session, page.runtime, page.me)
    template = await _template(page, session, template_id)
    act.require(mode.permission, template.place_id)
    started = await page.runtime.emergencies.launch(
        session,
        template_id=template.id,
        audience=audience.needed(chosen),
        status=mode.status,
        user_id=page.me.id,
    )
    changed = EmergencyChanged(started.place_id, started.id)
    await act.done("launch_emergency", f"emergency/{started.id}", started.place_id, changed, status=mode.status.value)
    return {"id": started.id}


async def _index(page: Page, error: LoaError | None = None) -> HTMLResponse:
    mode = mode_of(page)
    page.me.require(mode.permission, page.place.id)
    async with page.runtime.database.reading() as session:
        templates = await page.runtime.emergencies.templates(session, page.place.id)
        found = await page.runtime.emergencies.list(session, page.place.id, limit=PAST)
    live = [it for it in found if it.state is EmergencyState.SOUNDING]
    past = [it for it in found if it.state is not EmergencyState.SOUNDING and mode_for(it.status) is mode]
    return page.html(
        "emergency/index.html",
        error=error,
        drill=mode.drill,
        base=mode.base,
        templates=[tile(page, mode, it) for it in templates if it.kind is TemplateKind.ALARM],
        live=[_listed(it) for it in live],
        past=[_listed(it) for it in past],
    )


def _listed(it: Emergency) -> dict[str, Any]:
    href = f"{mode_for(it.status).base}/{it.id}"
    return {"title": it.title, "started_at": it.started_at, "sign": EMERGENCY[it.state], "href": href}


async def _where(page: Page, chosen: Chosen, error: LoaError | None = None) -> HTMLResponse:
    mode, asked = mode_of(page), page.request.query_params
    async with page.runtime.database.reading() as session:
        template = await _template(page, session, str(asked.get("template", "")))
        ground = await audience.load(session, page)
        places = await audience.choices(session, page, ground)
    return page.html(
        "emergency/where.html",
        error=error,
        drill=mode.drill,
        base=mode.base,
        template=tile(page, mode, template),
        places=places,
        chosen=chosen,
        heard=audience.count_or_none(ground, chosen),
    )


async def _review(
    page: Page, template_id: str, chosen: Chosen, *, confirm: bool = False, error: LoaError | None = None
) -> HTMLResponse:
    mode, wanted = mode_of(page), audience.needed(chosen)
    async with page.runtime.database.reading() as session:
        template = await _template(page, session, template_id)
        page.me.require(mode.permission, template.place_id)
        preview = await page.runtime.emergencies.preview(session, template_id, wanted)
        names = await repository.place_and_zone_names(session, template.place_id)
    heard = audience.Heard(preview.clusters, len(preview.villages), preview.people, preview.smart, preview.wireless)
    return page.html(
        "emergency/review.html",
        error=error,
        drill=mode.drill,
        base=mode.base,
        template=tile(page, mode, template),
        sound=sound_words(page, mode, template),
        repeats=repeat_words(page, mode, template),
        where=audience.describe(page, names, wanted),
        heard=heard,
        unreachable=preview.unreachable,
        chosen=chosen,
        query=f"template={template.id}&{chosen.query}",
        key=new_id(),
        confirm=confirm,
    )


async def _template(page: Page, session: AsyncSession, template_id: str) -> EmergencyTemplate:
    """A template of this commune. Raises NotFound."""
    for template in await page.runtime.emergencies.templates(session, page.place.id):
        if template.id == template_id:
            return template
    raise NotFound("schedules.template_unknown", id=template_id[:26])
