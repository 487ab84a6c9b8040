"""People: made with a one-time password, given roles by place, closed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from base.errors import Conflict, Refused
from server.acts import Act, acting
from server.api.session import Granted
from server.api.shapes import PROBLEMS, Id, Limit, Moment, Page, Shown, Strict, page_of
from server.auth import repository, users
from server.auth.guard import allow
from server.auth.models import EVERYWHERE, Role, RoleGrant, User
from server.auth.passwords import hash_password, one_time_password
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf

router = APIRouter(prefix="/users", tags=["users"], responses=PROBLEMS)

Administrator = Annotated[Who, Depends(allow(Permission.ADMINISTER))]


class GrantIn(Strict):
    """A role at a place and all below it; `*` is everywhere."""

    role: Role
    place_id: Annotated[str, Field(max_length=48)]


class UserIn(Strict):
    """A new person."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    login: Annotated[str, Field(min_length=1, max_length=48)]
    grants: Annotated[list[GrantIn], Field(min_length=1, max_length=50)]


class UserChange(Strict):
    """What to change; what is not given stays."""

    grants: Annotated[list[GrantIn] | None, Field(max_length=50)] = None
    disabled: bool | None = None


class UserOut(Shown):
    """A person who may sign in."""

    id: str
    name: str
    login: str
    disabled: bool
    must_change: bool
    created_at: Moment
    grants: list[Granted] = Field(default_factory=list)


class NewUser(UserOut):
    """With the one-time password, shown this once."""

    password: str


@router.get("")
async def everyone(
    who: Administrator,
    runtime: RuntimeOf,
    after: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 50,
) -> Page[UserOut]:
    """The people this administrator may administer, by login."""
    async with runtime.database.reading() as session:
        found = await repository.users(session, after=after, limit=limit + 1)
        grants = await repository.grants(session, [user.id for user in found])
    shown = [_shown(user, grants) for user in found]
    page = page_of(found, shown, limit, "login")
    mine = [user for user in page.items if _may_administer(who, [grant.place_id for grant in user.grants])]
    return Page(items=mine, next=page.next)


@router.post("", status_code=201)
async def create(body: UserIn, who: Administrator, runtime: RuntimeOf) -> NewUser:
    """Make a person; the answer holds the one-time password."""
    password = one_time_password()
    password_hash = await hash_password(password)
    async with acting(runtime, who) as act:
        _check_grants(act, body.grants)
        grants = [(grant.role, grant.place_id) for grant in body.grants]
        user = await users.create_user(
            act.session, runtime.clock, name=body.name, login=body.login, password_hash=password_hash, grants=grants
        )
        await _done(act, "create_user", user, grants=[f"{role}@{place}" for role, place in grants])
        shown = _shown(user, await repository.grants(act.session, [user.id]))
    return NewUser(**shown.model_dump(), password=password)


@router.patch("/{user_id}")
async def change(user_id: Id, body: UserChange, who: Administrator, runtime: RuntimeOf) -> UserOut:
    """Change someone's roles, or close or open the account. Nobody does that to themselves."""
    async with acting(runtime, who) as act:
        user = await _theirs(act, user_id)
        if body.grants is not None:
            _check_grants(act, body.grants)
            await users.set_grants(act.session, user_id, [(grant.role, grant.place_id) for grant in body.grants])
        if body.disabled is not None:
            await users.set_disabled(act.session, user_id, disabled=body.disabled)
        await _done(act, "change_user", user, **body.model_dump(mode="json", exclude_none=True))
        return _shown(user, await repository.grants(act.session, [user_id]))


@router.post("/{user_id}/password")
async def new_password(user_id: Id, who: Administrator, runtime: RuntimeOf) -> NewUser:
    """Give someone a new one-time password, ending all their sessions."""
    password = one_time_password()
    password_hash = await hash_password(password)
    async with acting(runtime, who) as act:
        await _theirs(act, user_id)
        user = await users.set_password(act.session, user_id, password_hash, must_change=True)
        await _done(act, "reset_password", user)
        shown = _shown(user, await repository.grants(act.session, [user_id]))
    return NewUser(**shown.model_dump(), password=password)


async def _theirs(act: Act, user_id: str) -> User:
    """Someone else, all of whose roles lie where this administrator administers."""
    user = await users.get_user(act.session, user_id)
    if user_id == act.who.id:
        raise Conflict("server.not_yourself")
    for grant in await repository.grants(act.session, [user_id]):
        act.require(Permission.ADMINISTER, grant.place_id)
    return user


def _check_grants(act: Act, grants: list[GrantIn]) -> None:
    for grant in grants:
        if grant.place_id != EVERYWHERE and grant.place_id not in act.who.places:
            raise Refused("server.place_unknown", place=grant.place_id)
        act.require(Permission.ADMINISTER, grant.place_id)


def _may_administer(who: Who, place_ids: list[str]) -> bool:
    return all(who.can(Permission.ADMINISTER, place_id) for place_id in place_ids)


async def _done(act: Act, action: str, user: User, **details: object) -> None:
    await act.done(action, f"user/{user.id}", None, login=user.login, **details)


def _shown(user: User, grants: list[RoleGrant]) -> UserOut:
    mine = [Granted.model_validate(grant) for grant in grants if grant.user_id == user.id]
    return UserOut.model_validate(user).model_copy(update={"grants": mine})
