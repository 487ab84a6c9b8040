"""Limits that hold: failed sign-ins per login and address, and how large a request may be."""

from collections.abc import Awaitable, Callable

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from python_multipart.multipart import parse_options_header
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from base.errors import Refused
from server.errors import TooMany, answer
from server.settings import LimitSettings

MB = 1_000_000
_FORM_ROOM = 65_536
"""What the other fields and the boundaries of an upload form may take."""
MOST_PARTS = 64
"""Of a form with files; up to a megabyte of each is held in memory while it is read."""


class SignInLimiter:
    """Counts attempts before the password is looked at, so that parallel ones count too; a success clears the login."""

    def __init__(self, limits: LimitSettings) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._login = (
            RateLimitItemPerMinute(limits.sign_ins_per_minute),
            RateLimitItemPerHour(limits.sign_ins_per_hour),
        )
        self._address = RateLimitItemPerMinute(limits.address_sign_ins_per_minute)

    async def attempt(self, login: str, address: str) -> None:
        """Raises TooMany("server.too_many_sign_ins")."""
        allowed = await self._window.hit(self._address, "address", address)
        for item in self._login:
            allowed = await self._window.hit(item, login, address) and allowed
        if not allowed:
            raise TooMany("server.too_many_sign_ins", wait_s=60)

    async def succeeded(self, login: str, address: str) -> None:
        for item in self._login:
            await self._window.clear(item, login, address)


class EnrolmentLimiter:
    """Lets few codes of enrolment be tried: by one address, and by all together."""

    def __init__(self, limits: LimitSettings) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._address = (
            RateLimitItemPerMinute(limits.address_enrolments_per_minute),
            RateLimitItemPerHour(limits.address_enrolments_per_hour),
        )
        self._all = RateLimitItemPerHour(limits.enrolments_per_hour)

    async def attempt(self, address: str) -> None:
        """Counts before the code is looked at. Raises TooMany("server.too_many_enrolments")."""
        for item in self._address:
            if not await self._window.hit(item, "address", address):
                raise TooMany("server.too_many_enrolments", wait_s=60)
        if not await self._window.hit(self._all, "all"):
            raise TooMany("server.too_many_enrolments", wait_s=600)


class ExchangeLimiter:
    """How often a speaker may turn to the server by HTTP, and how often one address for speakers of any name."""

    def __init__(self, limits: LimitSettings) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._device = RateLimitItemPerMinute(limits.device_exchanges_per_minute)
        self._address = RateLimitItemPerMinute(limits.address_exchanges_per_minute)

    async def attempt(self, device_id: str, address: str) -> None:
        """Counts before anything is read. Raises TooMany("server.too_many_exchanges")."""
        if not await self._window.hit(self._address, "address", address):
            raise TooMany("server.too_many_exchanges", wait_s=20)
        if not await self._window.hit(self._device, "device", device_id, address):
            raise TooMany("server.too_many_exchanges", wait_s=5)


class BodyLimit:
    """Refuses a request body over its limit as soon as that is known: by its header, or while it streams in.

    Only a form with a file, from somebody who is signed in, may be large.
    """

    def __init__(self, app: ASGIApp, *, limits: LimitSettings, knows: Callable[[Request], Awaitable[bool]]) -> None:
        self._app = app
        self._limits = limits
        self._knows = knows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        limit = await self._limit(request)
        announced = request.headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            await answer(request, _too_large(limit))(scope, receive, send)
            return
        taken = 0
        parts = _Parts(request.headers.get("content-type", ""))

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
            parts.add(message.get("body", b""))
            return message

        await self._app(scope, counted, send)

    async def _limit(self, request: Request) -> int:
        is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
        if is_form and await self._knows(request):
            return self._limits.upload_bytes + _FORM_ROOM
        return self._limits.body_bytes


class _Parts:
    """Counts the parts of a form while it streams by."""

    def __init__(self, content_type: str) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        self._mark = b"\r\n--" + boundary if boundary else b""
        self._tail = b""
        self._count = 0

    def add(self, piece: bytes) -> None:
        """Raises Refused("server.input_wrong") when there are more than any form of ours has."""
        if not self._mark:
            return
        joined = self._tail + piece
        self._count += joined.count(self._mark)
        if self._count > MOST_PARTS:  # the first part has no line before it, but the end of the form has
            raise Refused("server.input_wrong")
        self._tail = joined[-(len(self._mark) - 1) :]


def _too_large(limit: int) -> Refused:
    return Refused("server.body_too_large", limit_mb=round(limit / MB, 1))
