"""What stands before every route: `allow(Permission.X)`, `signed_in` or, said aloud, `public`."""

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from base.errors import Forbidden
from server.auth import tokens
from server.auth.people import People, SignedIn
from server.auth.permissions import Permission
from server.auth.who import Who
from server.errors import NotSignedIn

COOKIE = "loa_session"
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Guard:
    """A dependency that lets in whoever may do `permission` somewhere; the route then asks `Who.require` for the place.

    Without a permission anybody signed in may pass, even with a one-time password.
    """

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Who:
        """Raises NotSignedIn, Forbidden."""
        who = await identify(request)
        if who is None:
            raise NotSignedIn
        await _check_csrf(request, who)
        if self.permission is None:
            return who
        if who.user.must_change:
            raise Forbidden("server.password_change_needed")
        if not who.can_somewhere(self.permission):
            raise Forbidden("server.not_allowed", permission=self.permission.value, place="")
        return who


class Public:
    """A dependency that says: this route is for everybody. A form posted from another site is still refused."""

    async def __call__(self, request: Request) -> None:
        """Raises Forbidden("server.foreign_origin")."""
        origin = request.headers.get("origin")
        if request.method in _SAFE or origin is None:
            return
        if urlsplit(origin).netloc != request.headers.get("host", ""):
            raise Forbidden("server.foreign_origin", origin=origin[:200])


def allow(permission: Permission) -> Guard:
    """The guard of a route that needs `permission`."""
    return Guard(permission)


signed_in = Guard(None)
public = Public()

Anyone = Annotated[Who, Depends(signed_in)]
Manager = Annotated[Who, Depends(allow(Permission.MANAGE_CLUSTERS))]
Viewer = Annotated[Who, Depends(allow(Permission.VIEW))]


async def identify(request: Request) -> Who | None:
    """Who sent this request, by bearer token or cookie; looked up once a request."""
    if not hasattr(request.state, "who"):
        request.state.who = await _look_up(request)
    return cast("Who | None", request.state.who)


async def is_known(request: Request) -> bool:
    """Whether somebody signed in sent this request."""
    return await identify(request) is not None


async def still_signed_in(request: Request) -> bool:
    """Whether who began this long answer is still signed in now."""
    return await _look_up(request) is not None


def set_cookie(response: Response, signed: SignedIn, *, secure: bool) -> None:
    """Sign the browser in: unreadable to scripts, unsent by other sites' forms, over TLS only where there is any."""
    response.set_cookie(
        COOKIE,
        signed.token,
        max_age=int(tokens.LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure,
        path="/",
    )


def clear_cookie(response: Response) -> None:
    """Sign the browser out."""
    response.delete_cookie(COOKIE, path="/")


def client_address(request: Request) -> str:
    """Where the request comes from, as far as the trusted proxies say."""
    return request.client.host if request.client else ""


async def _look_up(request: Request) -> Who | None:
    people: People = request.app.state.runtime.people
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.startswith(tokens.BEARER_PREFIX):
        return await people.by_bearer(bearer.strip())
    cookie = request.cookies.get(COOKIE)
    return await people.by_cookie(cookie) if cookie else None


async def _check_csrf(request: Request, who: Who) -> None:
    if request.method in _SAFE or who.csrf is None:
        return
    shown = request.headers.get(CSRF_HEADER)
    if shown is None and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get(CSRF_FIELD)
        shown = field if isinstance(field, str) else None
    if shown is None or not tokens.same(shown, who.csrf):
        raise Forbidden("server.csrf_failed")
