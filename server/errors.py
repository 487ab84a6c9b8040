"""An error's code → the answer people and programs get: problem+json (RFC 9457) or a page."""

import errno
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from base.errors import Conflict, Forbidden, LoaError, NotFound, Refused, Unavailable
from server.i18n import negotiate, translate_error
from server.messages import MESSAGES

__all__ = ["MESSAGES", "NotSignedIn", "PreconditionNeeded", "TooMany", "install", "problem", "status_of", "unexpected"]

_log = structlog.get_logger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"
_PROGRAM_PATHS = ("/api/", "/content/", "/enrol", "/exchange/", "/events", "/metrics", "/healthz")
_STATUS_BY_CODE = {
    "server.body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "wire.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "audio.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "server.precondition_needed": HTTPStatus.PRECONDITION_REQUIRED,
    "schedules.stale_revision": HTTPStatus.PRECONDITION_FAILED,
    "schedules.stale_policy": HTTPStatus.PRECONDITION_FAILED,
    "schedules.relay_changed": HTTPStatus.PRECONDITION_FAILED,
    "server.method_unknown": HTTPStatus.METHOD_NOT_ALLOWED,
}


class NotSignedIn(Refused):
    """Nobody is signed in, or no longer."""

    def __init__(self) -> None:
        super().__init__("server.not_signed_in")


class PreconditionNeeded(Refused):
    """A change must say which revision it is about."""

    def __init__(self) -> None:
        super().__init__("server.precondition_needed")


class TooMany(Unavailable):
    """A rate limit is reached; `wait_s` says when to come back."""

    def __init__(self, code: str, wait_s: int, **params: Any) -> None:
        super().__init__(code, wait_s=wait_s, **params)
        self.wait_s = wait_s


_STATUS_BY_KIND: tuple[tuple[type[LoaError], HTTPStatus], ...] = (
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


ErrorPage = Callable[[Request, LoaError], Response]


def status_of(error: LoaError) -> HTTPStatus:
    """The HTTP status an error is answered with."""
    by_code = _STATUS_BY_CODE.get(error.code)
    if by_code is not None:
        return by_code
    return next(
        (status for kind, status in _STATUS_BY_KIND if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def problem(request: Request, error: LoaError, **more: Any) -> JSONResponse:
    """The error as problem+json in the request's language; `more` are extension members."""
    status = status_of(error)
    body = {
        "type": f"urn:loa:error:{error.code}",
        "title": status.phrase,
        "status": status.value,
        "detail": translate_error(negotiate(request), error),
        "code": error.code,
        "params": error.params,
        "instance": getattr(request.state, "request_id", None),
    }
    return JSONResponse(body | more, status.value, headers=_headers(error), media_type=PROBLEM_MEDIA_TYPE)


def answer(request: Request, error: LoaError, **more: Any) -> Response:
    """Problem+json for programs, a page or the way to sign in for people."""
    if _asked_by_program(request):
        return problem(request, error, **more)
    if isinstance(error, NotSignedIn):
        return _away(request, f"/sign-in?next={quote(_local_path(request), safe='')}")
    if error.code == "server.password_change_needed":
        return _away(request, "/account/password")
    page: Response = request.app.state.error_page(request, error)
    page.status_code = status_of(error).value
    page.headers.update(_headers(error))
    return page


def in_words(cause: Exception, request_id: str) -> LoaError:
    """What can be told of an error nobody foresaw."""
    if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Unavailable("server.disk_full")
    return LoaError("server.unexpected", request_id=request_id)


def unexpected(request: Request, request_id: str, cause: Exception) -> Response:
    """The answer to an error nobody foresaw; it is logged elsewhere."""
    error = in_words(cause, request_id)
    try:
        return answer(request, error)
    except Exception:  # noqa: BLE001 - even the page that tells of an error may fail; then a plain one must do
        _log.exception("request.error_page_failed")
        return problem(request, error)


def install(app: FastAPI, *, page: ErrorPage) -> None:
    """Answer every error of ours, of FastAPI and of the database in one way; people are shown `page`."""
    app.state.error_page = page
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        LoaError: _on_loa_error,
        RequestValidationError: _on_invalid,
        HTTPException: _on_http,
        OperationalError: _on_database,
        DataError: _on_unfit,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _on_loa_error(request: Request, error: LoaError) -> Response:
    _log.info("request.refused", code=error.code, path=request.url.path)
    return answer(request, error)


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    fields = [
        {"field": ".".join(str(step) for step in each["loc"][1:]), "problem": each["type"], "detail": each["msg"]}
        for each in error.errors()
    ]
    return answer(request, Refused("server.input_wrong"), errors=fields)


async def _on_http(request: Request, error: HTTPException) -> Response:
    """Starlette's own refusals; a body that is no JSON, or that `BodyLimit` cut short, arrives here as 400."""
    if isinstance(error.__cause__, LoaError):
        return answer(request, error.__cause__)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response = answer(request, Refused("server.method_unknown", method=request.method))
        response.headers.update(error.headers or {})
        return response
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answer(request, NotFound("server.page_unknown"))
    response = answer(request, Refused("server.input_wrong"))
    response.status_code = error.status_code
    return response


async def _on_database(request: Request, error: OperationalError) -> Response:
    """Locked for longer than busy_timeout, disk full, or PostgreSQL gone: the transaction was rolled back."""
    _log.error("database.failed", error=str(error.orig), path=request.url.path)
    return answer(request, Unavailable("server.database_busy"))


async def _on_unfit(request: Request, error: DataError) -> Response:
    """What no column can hold, as a text with a NUL on PostgreSQL: the transaction was rolled back."""
    _log.info("request.unfit", error=str(error.orig), path=request.url.path)
    return answer(request, Refused("server.input_wrong"))


def _headers(error: LoaError) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.wait_s)}
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="loa"'}
    return {}


def _asked_by_program(request: Request) -> bool:
    return request.url.path.startswith(_PROGRAM_PATHS)


def _local_path(request: Request) -> str:
    """Where to go on after signing in: never anywhere but here, and nothing a form had posted."""
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


def _away(request: Request, target: str) -> Response:
    """A redirect; htmx, which would follow one silently into a fragment, is told to leave the page."""
    if request.headers.get("HX-Request"):
        return Response(status_code=HTTPStatus.OK, headers={"HX-Redirect": target})
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)
