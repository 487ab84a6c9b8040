"""Keys and their age: those of the commune and of the authorities above it; how one follows another."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError, NotFound
from devices import rotation
from devices.repository import places
from devices.rotation import KeyState
from server.acts import Act
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web.page import AdminPage, Page, go
from server.web.signs import Sign

router = APIRouter(include_in_schema=False)

STATES = {
    KeyState.ANNOUNCED: Sign("◌", N_("announced"), "plan"),
    KeyState.SIGNING: Sign("●", N_("signs"), "ok"),
    KeyState.TRUSTED: Sign("◐", N_("signed once, still obeyed"), "late"),
    KeyState.RETIRED: Sign("–", N_("retired"), "off"),
}

Step = Callable[[Act, str, bool], Awaitable[int]]


@router.get("/keys")
async def index(page: AdminPage) -> HTMLResponse:
    return await _index(page)


@router.post("/keys/{authority_id}/{step}")
async def step(page: AdminPage, authority_id: str, step: str) -> Response:
    """Announce, use or retire."""
    work = _STEPS.get(step)
    if work is None:
        raise NotFound("server.page_unknown")
    page.me.require(Permission.ADMINISTER, authority_id)
    force = (await page.request.form()).get("force") == "yes"
    try:
        async with page.act() as act:
            epoch = await work(act, authority_id, force)
            await act.done(f"{step}_key", f"key/{authority_id}#{epoch}", authority_id)
    except LoaError as error:
        return await _index(page, error, insist=authority_id if error.code == "devices.key_not_everywhere" else "")
    return go("/keys", f"key_{step}")


async def _announce(act: Act, authority_id: str, force: bool) -> int:  # noqa: FBT001 - steps share one shape
    del force
    return (await rotation.announce(act.session, act.runtime.keys, act.runtime.clock, authority_id)).epoch


async def _use(act: Act, authority_id: str, force: bool) -> int:  # noqa: FBT001 - as above
    return (await rotation.use(act.session, act.runtime.keys, act.runtime.clock, authority_id, force=force)).epoch


async def _retire(act: Act, authority_id: str, force: bool) -> int:  # noqa: FBT001 - as above
    del force
    return (await rotation.retire(act.session, act.runtime.keys, act.runtime.clock, authority_id))[-1].epoch


_STEPS: dict[str, Step] = {"announce": _announce, "use": _use, "retire": _retire}


async def _index(page: Page, error: LoaError | None = None, insist: str = "") -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        line = (await places.lineages(session, [page.place.id])).get(page.place.id, ())
        mine = [place_id for place_id in line if page.me.can(Permission.ADMINISTER, place_id)]
        names = {place.id: place.name for place in await page.runtime.places.all(session)}
        views = await rotation.key_views(session, page.runtime.keys, page.now, mine)
        waiting = {view.key.authority_id for view in views if view.state is KeyState.ANNOUNCED}
        lacking = {each: len(await rotation.lacking(session, each)) for each in waiting}
    authorities: list[dict[str, Any]] = [
        {
            "id": place_id,
            "name": names.get(place_id, place_id),
            "keys": [view for view in views if view.key.authority_id == place_id],
            "states": {view.state for view in views if view.key.authority_id == place_id},
            "lacking": lacking.get(place_id),
            "insist": place_id == insist,
        }
        for place_id in mine
    ]
    return page.html("keys.html", error=error, authorities=authorities, states=STATES)
