"""Signing in as a program: a login and password for a bearer token."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from server.api.shapes import PROBLEMS, Moment, Shown, Strict
from server.auth.guard import Anyone, client_address, public
from server.auth.models import Role
from server.deps import RuntimeOf

router = APIRouter(prefix="/session", tags=["session"], responses=PROBLEMS)


class SignIn(Strict):
    """A person's login and password; `name` says which program the token is for."""

    login: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(max_length=120)] = ""


class Token(Shown):
    """The only time the token is shown. Send it as `Authorization: Bearer …`."""

    token: str
    expires_at: Moment
    must_change: bool


class PasswordChange(Strict):
    """The present password and the one to come."""

    current: Annotated[str, Field(max_length=200)]
    new: Annotated[str, Field(max_length=200)]


class Granted(Shown):
    """A role at a place and all below it; `*` is everywhere."""

    role: Role
    place_id: str


class Me(Shown):
    """Who the token stands for."""

    id: str
    name: str
    login: str
    must_change: bool
    grants: list[Granted]


@router.post("", status_code=201, dependencies=[Depends(public)], responses={429: {"description": "Too many attempts"}})
async def sign_in(body: SignIn, request: Request, runtime: RuntimeOf) -> Token:
    """Open access for a program."""
    signed = await runtime.people.issue_token(body.login, body.password, client_address(request), body.name)
    return Token(token=signed.token, expires_at=signed.expires_at, must_change=signed.user.must_change)


@router.get("")
async def me(who: Anyone) -> Me:
    """Who I am and what I may do where."""
    grants = [Granted.model_validate(grant) for grant in who.grants]
    user = who.user
    return Me(id=user.id, name=user.name, login=user.login, must_change=user.must_change, grants=grants)


@router.delete("", status_code=204)
async def sign_out(who: Anyone, runtime: RuntimeOf) -> None:
    """End this token or session."""
    await runtime.people.sign_out(who)


@router.put("/password", status_code=204)
async def change_password(body: PasswordChange, who: Anyone, request: Request, runtime: RuntimeOf) -> None:
    """Choose a password of one's own; every other session and token of this person ends."""
    await runtime.people.change_password(who, body.current, body.new, client_address(request))
