"""People: who may sign in and do what where. Only an administrator of all their places may change them."""

from collections.abc import Collection, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, LoaError, Refused
from server.acts import Act
from server.auth import repository as people
from server.auth import users
from server.auth.models import EVERYWHERE, Role, RoleGrant, User
from server.auth.passwords import hash_password, one_time_password
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository
from server.web.page import AdminPage, Page, go
from server.web.signs import ROLES

router = APIRouter(include_in_schema=False)

ROWS = 50


@router.get("/people")
async def index(page: AdminPage, after: str | None = None) -> HTMLResponse:
    """By user name, fifty at a time."""
    async with page.runtime.database.reading() as session:
        found = await people.users(session, after=after, limit=ROWS + 1)
        grants = await people.grants(session, [user.id for user in found])
        names = await _place_names(page, session, grants)
    rows = [
        {"user": user, "roles": _roles_text(page, mine, names)}
        for user in found[:ROWS]
        if _administers(page, mine := [grant for grant in grants if grant.user_id == user.id])
    ]
    return page.html("people/index.html", rows=rows, after=found[ROWS - 1].login if len(found) > ROWS else "")


@router.get("/people/new")
async def new_form(page: AdminPage) -> HTMLResponse:
    return await _new_form(
        page,
        {"name": "", "login": "", "roles": [Role.OPERATOR.value], "place": page.commune.id if page.commune else ""},
    )


@router.post("/people/new")
async def create(page: AdminPage) -> Response:
    """Make an account and show its one-time password, this once."""
    said = await page.request.form()
    roles, place_id = [str(role) for role in said.getlist("role")], str(said.get("place", ""))
    typed = {"name": str(said.get("name", "")), "login": str(said.get("login", "")), "roles": roles, "place": place_id}
    password = one_time_password()
    password_hash = await hash_password(password)
    try:
        async with page.act() as act:
            grants = _wanted(act, roles, place_id)
            made = await users.create_user(
                act.session,
                page.runtime.clock,
                name=str(typed["name"]),
                login=str(typed["login"]),
                password_hash=password_hash,
                grants=grants,
            )
            await _done(act, "create_user", made, grants=[f"{role}@{place}" for role, place in grants])
    except LoaError as error:
        return await _new_form(page, typed, error)
    return await _show(page, made.id, password=password)


@router.get("/people/{user_id}")
async def show(page: AdminPage, user_id: str) -> HTMLResponse:
    return await _show(page, user_id)


@router.post("/people/{user_id}/roles")
async def set_roles(page: AdminPage, user_id: str) -> Response:
    """Give someone these roles at one place; roles elsewhere stay."""
    said = await page.request.form()
    roles, place_id = [str(role) for role in said.getlist("role")], str(said.get("place", ""))
    try:
        async with page.act() as act:
            user = await _theirs(act, user_id)
            wanted = _wanted(act, roles, place_id, may_be_none=True)
            others = [grant for grant in await people.grants(act.session, [user_id]) if grant.place_id != place_id]
            kept = [(grant.role, grant.place_id) for grant in others]
            await users.set_grants(act.session, user_id, kept + wanted)
            await _done(act, "change_user", user, grants=[f"{role}@{place}" for role, place in kept + wanted])
    except LoaError as error:
        return await _show(page, user_id, error=error)
    return go(f"/people/{user_id}", "saved")


@router.post("/people/{user_id}/password")
async def new_password(page: AdminPage, user_id: str) -> Response:
    """A new one-time password, shown this once; all sessions of that person end."""
    password = one_time_password()
    password_hash = await hash_password(password)
    try:
        async with page.act() as act:
            await _theirs(act, user_id)
            user = await users.set_password(act.session, user_id, password_hash, must_change=True)
            await _done(act, "reset_password", user)
    except LoaError as error:
        return await _show(page, user_id, error=error)
    return await _show(page, user_id, password=password)


@router.post("/people/{user_id}/close")
async def close(page: AdminPage, user_id: str) -> Response:
    return await _set_disabled(page, user_id, disabled=True)


@router.post("/people/{user_id}/open")
async def reopen(page: AdminPage, user_id: str) -> Response:
    return await _set_disabled(page, user_id, disabled=False)


async def _set_disabled(page: Page, user_id: str, *, disabled: bool) -> Response:
    try:
        async with page.act() as act:
            await _theirs(act, user_id)
            user = await users.set_disabled(act.session, user_id, disabled=disabled)
            await _done(act, "change_user", user, disabled=disabled)
    except LoaError as error:
        return await _show(page, user_id, error=error)
    return go(f"/people/{user_id}", "closed" if disabled else "opened")


async def _theirs(act: Act, user_id: str) -> User:
    """Someone else, all of whose roles lie where this administrator administers. Raises Conflict, Forbidden."""
    user = await users.get_user(act.session, user_id)
    if user_id == act.who.id:
        raise Conflict("server.not_yourself")
    for grant in await people.grants(act.session, [user_id]):
        act.require(Permission.ADMINISTER, grant.place_id)
    return user


def _wanted(act: Act, roles: Collection[str], place_id: str, *, may_be_none: bool = False) -> list[tuple[Role, str]]:
    """The roles of a form at its place. Raises Refused, Forbidden."""
    if place_id != EVERYWHERE and place_id not in act.who.places:
        raise Refused("server.place_unknown", place=place_id[:48])
    act.require(Permission.ADMINISTER, place_id)
    known = [Role(role) for role in roles if role in set(Role)]
    if not known and not may_be_none:
        raise Refused("server.roles_missing")
    return [(role, place_id) for role in known]


async def _done(act: Act, action: str, user: User, **details: Any) -> None:
    await act.done(action, f"user/{user.id}", None, login=user.login, **details)


async def _new_form(page: Page, form: dict[str, Any], error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        places = await _places(page, session)
    return page.html("people/new.html", error=error, form=form, places=places)


async def _show(page: Page, user_id: str, *, password: str = "", error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        user = await users.get_user(session, user_id)
        grants = await people.grants(session, [user_id])
        for grant in grants:
            page.me.require(Permission.ADMINISTER, grant.place_id)
        places = await _places(page, session)
        names = await _place_names(page, session, grants)
    here = next((grant.place_id for grant in grants), places[0]["id"] if places else "")
    others = [grant for grant in grants if grant.place_id != here]
    return page.html(
        "people/show.html",
        error=error,
        user=user,
        password=password,
        places=places,
        form={"roles": [grant.role.value for grant in grants if grant.place_id == here], "place": here},
        others=_roles_text(page, others, names),
    )


async def _places(page: Page, session: AsyncSession) -> list[dict[str, str]]:
    """Where this administrator may give roles."""
    everywhere = [{"id": EVERYWHERE, "name": page.gettext(N_("Everywhere"))}]
    mine = [
        {"id": place.id, "name": place.name}
        for place in await repository.role_places(session)
        if page.me.can(Permission.ADMINISTER, place.id)
    ]
    return mine + (everywhere if page.me.can_everywhere(Permission.ADMINISTER) else [])


async def _place_names(page: Page, session: AsyncSession, grants: Sequence[RoleGrant]) -> dict[str, str]:
    places = await repository.places(session, {grant.place_id for grant in grants})
    return {place_id: place.name for place_id, place in places.items()} | {EVERYWHERE: page.gettext(N_("Everywhere"))}


def _roles_text(page: Page, grants: Sequence[RoleGrant], names: dict[str, str]) -> str:
    """Roles by place, in words."""
    by_place: dict[str, list[str]] = {}
    for grant in grants:
        by_place.setdefault(grant.place_id, []).append(page.gettext(ROLES[grant.role]))
    return "; ".join(f"{names.get(place_id, place_id)}: {', '.join(roles)}" for place_id, roles in by_place.items())


def _administers(page: Page, grants: Sequence[RoleGrant]) -> bool:
    return all(page.me.can(Permission.ADMINISTER, grant.place_id) for grant in grants)
