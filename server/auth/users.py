"""People: made, given roles and passwords, closed. The caller commits and writes the audit entry."""

import re
from collections.abc import Iterable

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, NotFound, Refused
from base.ids import is_name, new_id
from base.times import Clock
from server.auth import repository
from server.auth.models import EVERYWHERE, Role, RoleGrant, User
from server.auth.passwords import hash_password, one_time_password

FIRST_LOGIN = "admin"
_SPACES = re.compile(r"\s+")

Grants = Iterable[tuple[Role, str]]
"""Pairs of role and place; `EVERYWHERE` for every place."""


async def ensure_administrator(session: AsyncSession, clock: Clock) -> str | None:
    """Make the first person, who may do everything, and return the one-time password; None when anybody exists."""
    if await repository.any_user(session):
        return None
    password = one_time_password()
    await create_user(
        session,
        clock,
        name="Administrator",
        login=FIRST_LOGIN,
        password_hash=await hash_password(password),
        grants=[(Role.ADMINISTRATOR, EVERYWHERE)],
    )
    return password


async def create_user(
    session: AsyncSession,
    clock: Clock,
    *,
    name: str,
    login: str,
    password_hash: str,
    grants: Grants,
    must_change: bool = True,
) -> User:
    """Make a person. Hash the password before the transaction: it takes long.

    Raises Refused("server.login_wrong"), Conflict("server.login_taken").
    """
    login = login.strip().lower()
    if not is_name(login):
        raise Refused("server.login_wrong")
    shown = _SPACES.sub(" ", name).strip()[:120] or login
    user = User(
        id=new_id(),
        name=shown,
        login=login,
        password_hash=password_hash,
        must_change=must_change,
        created_at=clock(),
    )
    if await repository.user_by_login(session, login) is not None:
        raise Conflict("server.login_taken", login=login)
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict("server.login_taken", login=login) from error
    await set_grants(session, user.id, grants)
    return user


async def set_grants(session: AsyncSession, user_id: str, grants: Grants) -> None:
    """Give a person these roles and no others."""
    wanted = [RoleGrant(user_id=user_id, role=role, place_id=place_id) for role, place_id in sorted(set(grants))]
    await repository.replace_grants(session, user_id, wanted)


async def set_password(
    session: AsyncSession, user_id: str, password_hash: str, *, must_change: bool, keep_session: bytes = b""
) -> User:
    """Give a person a password, and sign that person out everywhere but in `keep_session`."""
    user = await get_user(session, user_id)
    user.password_hash, user.must_change = password_hash, must_change
    await repository.end_sessions(session, user_id, but=keep_session)
    return user


async def set_disabled(session: AsyncSession, user_id: str, *, disabled: bool) -> User:
    """Close an account, ending its sessions, or open it again."""
    user = await get_user(session, user_id)
    user.disabled = disabled
    if disabled:
        await repository.end_sessions(session, user_id)
    return user


async def get_user(session: AsyncSession, user_id: str) -> User:
    """Raises NotFound("server.user_unknown")."""
    user = await repository.user(session, user_id)
    if user is None:
        raise NotFound("server.user_unknown")
    return user
