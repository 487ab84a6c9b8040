"""Puts the web application together: routes, limits, errors, headers."""

from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import api, content, enrolling, errors, exchange, health, live, web
from server.auth.guard import is_known
from server.limits import BodyLimit
from server.runtime import Runtime
from server.settings import Settings
from server.telemetry import RequestLog
from server.web.errors import render_error_page

TITLE = "Loa"
STATIC = Path(web.__file__).parent / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"


def create_app(runtime: Runtime) -> FastAPI:
    """The application that serves `runtime`."""
    app = FastAPI(title=TITLE, version="1", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.runtime = runtime
    app.router.routes.extend(_routes())
    errors.install(app, page=render_error_page)
    # The last added is the outermost: every answer, of the limits too, is logged and carries the headers.
    app.add_middleware(BodyLimit, limits=runtime.settings.limits, knows=is_known)
    app.add_middleware(SecurityHeaders, settings=runtime.settings)
    app.add_middleware(RequestLog, metrics=runtime.metrics)
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Every route, put together once for all applications of a process: it takes a third of a second.

    They belong to no application of their own, so `dependency_overrides` would not reach them; nothing uses it.
    """
    made = FastAPI()
    before = len(made.router.routes)
    add_routes(made)
    return tuple(made.router.routes[before:])


def add_routes(app: FastAPI) -> None:
    """Everything that answers; each route is guarded or says that it is public."""
    app.include_router(api.router())
    app.include_router(content.router)
    app.include_router(exchange.router)
    app.include_router(enrolling.router)
    app.include_router(health.router)
    app.include_router(live.router)
    for page in web.routers():
        app.include_router(page)
    # Only what holds no secret is compressed: a page carries its form secret beside what others wrote (BREACH).
    app.mount("/static", GZipMiddleware(CachedFiles(directory=STATIC)), name="static")


class CachedFiles(StaticFiles):
    """Static files; an address with the digest of its contents may be kept for ever."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, adding Cache-Control."""
        named = scope.get("query_string", b"").startswith(b"v=")
        keep = "public, max-age=31536000, immutable" if named else "public, max-age=300"
        await super().__call__(scope, receive, _adding(send, {"Cache-Control": keep}))


class SecurityHeaders:
    """Puts the security headers on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._headers = dict(SECURITY_HEADERS)
        if settings.https:
            self._headers["Strict-Transport-Security"] = TWO_YEARS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        await self._app(scope, receive, _adding(send, self._headers) if scope["type"] == "http" else send)


def _adding(send: Send, headers: dict[str, str]) -> Send:
    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = MutableHeaders(scope=message)
            for name, value in headers.items():
                present.setdefault(name, value)
        await send(message)

    return adding
