"""Signing in and out, and recognising who a request comes from."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Database
from base.errors import Refused
from base.times import Clock
from server import audit
from server.auth import repository, tokens, users
from server.auth.models import ApiToken, LoginSession, User
from server.auth.passwords import check_password, hash_password, verify_password
from server.auth.who import Who
from server.limits import SignInLimiter
from server.places import Places

_log = structlog.get_logger(__name__)

TOUCH_EVERY = timedelta(minutes=1)
API_TOKEN_LASTS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What goes back to the browser or program: the only time the token is known in clear."""

    user: User
    token: str
    expires_at: datetime


class People:
    """The door everybody comes through."""

    def __init__(self, database: Database, clock: Clock, places: Places, limiter: SignInLimiter) -> None:
        self._database = database
        self._clock = clock
        self._places = places
        self._limiter = limiter

    async def sign_in(self, login: str, password: str, address: str) -> SignedIn:
        """Open a browser session. Raises Refused("server.password_wrong"), TooMany."""
        user = await self._authenticate(login, password, address)
        token, now = tokens.new_session_token(), self._clock()
        opened = LoginSession(
            token_hash=tokens.digest(token),
            user_id=user.id,
            csrf=tokens.new_csrf(),
            address=address[:64],
            created_at=now,
            seen_at=now,
            expires_at=now + tokens.LONGEST,
        )
        return await self._open(user, token, opened, opened.expires_at, "sign_in")

    async def issue_token(self, login: str, password: str, address: str, name: str) -> SignedIn:
        """Open a program's access. Raises Refused("server.password_wrong"), TooMany."""
        user = await self._authenticate(login, password, address)
        token, now = tokens.new_bearer_token(), self._clock()
        opened = ApiToken(
            token_hash=tokens.digest(token),
            user_id=user.id,
            name=name[:120],
            created_at=now,
            expires_at=now + API_TOKEN_LASTS,
        )
        return await self._open(user, token, opened, opened.expires_at, "issue_token")

    async def sign_out(self, who: Who) -> None:
        """End the session or token of this request."""
        async with self._database.writing() as session:
            await repository.end_session(session, who.token_hash)
            await audit.record(session, self._clock, who.id, "sign_out", f"user/{who.id}")

    async def change_password(self, who: Who, old: str, new: str, address: str) -> None:
        """Raises Refused: server.password_wrong, server.password_length, server.password_weak; TooMany."""
        await self._authenticate(who.user.login, old, address)
        check_password(new, who.user.login)
        if tokens.same(old, new):
            raise Refused("server.password_weak")
        password_hash = await hash_password(new)
        async with self._database.writing() as session:
            await users.set_password(session, who.id, password_hash, must_change=False, keep_session=who.token_hash)
            await audit.record(session, self._clock, who.id, "change_password", f"user/{who.id}")

    async def by_cookie(self, token: str) -> Who | None:
        """Whom a session cookie signs in; None when it is unknown, ended or idle for too long."""
        now, token_hash = self._clock(), tokens.digest(token)
        async with self._database.reading() as session:
            found = await repository.login_session(session, token_hash)
            if found is None or not tokens.session_holds(found, now):
                return None
            who = await self._who(session, found.user_id, token_hash, found.csrf)
        if who is not None and now - found.seen_at > TOUCH_EVERY:
            async with self._database.writing() as session:
                await repository.touch_session(session, token_hash, now)
        return who

    async def by_bearer(self, token: str) -> Who | None:
        """Whom a bearer token stands for."""
        token_hash = tokens.digest(token)
        async with self._database.reading() as session:
            found = await repository.api_token(session, token_hash)
            if found is None or self._clock() >= found.expires_at:
                return None
            return await self._who(session, found.user_id, token_hash, None)

    async def _who(self, session: AsyncSession, user_id: str, token_hash: bytes, csrf: str | None) -> Who | None:
        found = await repository.user_with_grants(session, user_id)
        if found is None or found[0].disabled:
            return None
        user, grants = found
        return Who(user, tuple(grants), await self._places.tree(session), token_hash, csrf)

    async def _authenticate(self, login: str, password: str, address: str) -> User:
        login = login.strip().lower()
        await self._limiter.attempt(login, address)
        async with self._database.reading() as session:
            user = await repository.user_by_login(session, login)
        right = await verify_password(password, None if user is None else user.password_hash)
        if user is None or user.disabled or not right:
            _log.warning("sign_in.refused", address=address)
            raise Refused("server.password_wrong")
        await self._limiter.succeeded(login, address)
        return user

    async def _open(
        self, user: User, token: str, opened: LoginSession | ApiToken, expires_at: datetime, action: str
    ) -> SignedIn:
        async with self._database.writing() as session:
            session.add(opened)
            await audit.record(session, self._clock, user.id, action, f"user/{user.id}")
        return SignedIn(user, token, expires_at)
