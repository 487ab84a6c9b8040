"""Every query on people, their roles, sessions and tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from server.auth.models import ApiToken, LoginSession, RoleGrant, User


async def any_user(session: AsyncSession) -> bool:
    """Whether anybody exists yet."""
    return await session.scalar(select(User.id).limit(1)) is not None


async def user(session: AsyncSession, user_id: str) -> User | None:
    return await session.get(User, user_id)


async def user_with_grants(session: AsyncSession, user_id: str) -> tuple[User, list[RoleGrant]] | None:
    """A person and the roles granted, in one query."""
    query = select(User, RoleGrant).outerjoin(RoleGrant, col(RoleGrant.user_id) == col(User.id))
    ordered = query.where(col(User.id) == user_id).order_by(col(RoleGrant.place_id), col(RoleGrant.role))
    found = (await session.execute(ordered)).all()
    return (found[0][0], [grant for _, grant in found if grant is not None]) if found else None


async def user_by_login(session: AsyncSession, login: str) -> User | None:
    found: User | None = await session.scalar(select(User).where(col(User.login) == login.strip().lower()))
    return found


async def users(session: AsyncSession, *, after: str | None, limit: int) -> list[User]:
    """People in the order of their login."""
    query = select(User).order_by(col(User.login)).limit(limit)
    if after is not None:
        query = query.where(col(User.login) > after)
    return list(await session.scalars(query))


async def grants(session: AsyncSession, user_ids: Collection[str]) -> list[RoleGrant]:
    """The roles of these people, in one query."""
    query = select(RoleGrant).where(col(RoleGrant.user_id).in_(user_ids))
    return list(await session.scalars(query.order_by(col(RoleGrant.place_id), col(RoleGrant.role))))


async def replace_grants(session: AsyncSession, user_id: str, wanted: Sequence[RoleGrant]) -> None:
    """Give a person these roles and no others."""
    await session.execute(delete(RoleGrant).where(col(RoleGrant.user_id) == user_id))
    session.add_all(wanted)
    await session.flush()


async def login_session(session: AsyncSession, token_hash: bytes) -> LoginSession | None:
    return await session.get(LoginSession, token_hash)


async def api_token(session: AsyncSession, token_hash: bytes) -> ApiToken | None:
    return await session.get(ApiToken, token_hash)


async def touch_session(session: AsyncSession, token_hash: bytes, now: datetime) -> None:
    """Note that a session was used."""
    await session.execute(update(LoginSession).where(col(LoginSession.token_hash) == token_hash).values(seen_at=now))


async def end_session(session: AsyncSession, token_hash: bytes) -> None:
    await session.execute(delete(LoginSession).where(col(LoginSession.token_hash) == token_hash))
    await session.execute(delete(ApiToken).where(col(ApiToken.token_hash) == token_hash))


async def end_sessions(session: AsyncSession, user_id: str, but: bytes = b"") -> int:
    """Sign a person out everywhere, programs included, except in the session `but`; how many ended."""
    ended = 0
    for table in (LoginSession, ApiToken):
        mine = (col(table.user_id) == user_id) & (col(table.token_hash) != but)
        ended += int(await session.scalar(select(func.count()).select_from(table).where(mine)) or 0)
        await session.execute(delete(table).where(mine))
    return ended


async def prune(session: AsyncSession, now: datetime, idle_since: datetime) -> None:
    """Forget sessions and tokens that sign nobody in any more."""
    over = or_(col(LoginSession.expires_at) <= now, col(LoginSession.seen_at) <= idle_since)
    await session.execute(delete(LoginSession).where(over))
    await session.execute(delete(ApiToken).where(col(ApiToken.expires_at) <= now))
