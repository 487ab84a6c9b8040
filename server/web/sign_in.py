"""Signing in, and choosing a language before that."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from base.errors import LoaError
from server.auth.guard import client_address, public, set_cookie
from server.deps import runtime_of
from server.i18n import LANGUAGE_COOKIE, LOCALES
from server.web.page import go, make_page

router = APIRouter(include_in_schema=False, dependencies=[Depends(public)])

_YEAR_S = 366 * 24 * 3600


@router.get("/sign-in")
async def form(request: Request) -> HTMLResponse:
    page = await make_page(request, None)
    return page.html("sign_in.html", login="", next=local_path(request.query_params.get("next", "/")))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Open a session and go on to where this person wanted to go."""
    fields = await request.form()
    login, wanted = str(fields.get("login", ""))[:64], local_path(str(fields.get("next", "/")))
    runtime = runtime_of(request)
    try:
        signed = await runtime.people.sign_in(login, str(fields.get("password", "")), client_address(request))
    except LoaError as error:
        page = await make_page(request, None)
        return page.html("sign_in.html", error=error, login=login, next=wanted)
    response = go("/account/password" if signed.user.must_change else wanted)
    set_cookie(response, signed, secure=runtime.settings.https)
    if signed.user.language in LOCALES:
        remember_language(response, str(signed.user.language), secure=runtime.settings.https)
    return response


@router.get("/language")
async def language(request: Request, to: str = "") -> Response:
    """Choose a language on the sign-in page, where there is nobody yet to remember it for."""
    response = RedirectResponse("/sign-in", 303)
    if to in LOCALES:
        remember_language(response, to, secure=runtime_of(request).settings.https)
    return response


def remember_language(response: Response, locale: str, *, secure: bool) -> None:
    """Keep the language in the browser for a year."""
    response.set_cookie(LANGUAGE_COOKIE, locale, max_age=_YEAR_S, samesite="lax", httponly=True, secure=secure)


def local_path(wanted: str) -> str:
    """A path of this console, or its first page: never another site's address."""
    parts = urlsplit(wanted)
    good = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and "\\" not in wanted
    return wanted if good and wanted.isprintable() else "/"
