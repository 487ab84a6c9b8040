"""A person's own account: language, commune, password, signing out; and where the rest is found on a phone."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError, Refused
from server.auth import repository as people
from server.auth.guard import clear_cookie, client_address
from server.auth.permissions import Permission
from server.i18n import LOCALES
from server.web.page import COMMUNE_COOKIE, Page, SignedInPage, ViewPage, communes, go
from server.web.sign_in import remember_language

router = APIRouter(include_in_schema=False)


@router.get("/account")
async def show(page: ViewPage) -> HTMLResponse:
    return await _account(page)


@router.get("/account/password")
async def password_form(page: SignedInPage) -> HTMLResponse:
    """The page a one-time password leads to; with a password of one's own the account does it."""
    return page.html("new_password.html") if page.me.user.must_change else await _account(page)


@router.post("/account/password")
async def change_password(page: SignedInPage) -> Response:
    """Change one's password; every other session of this person ends."""
    fields = await page.request.form()
    new = str(fields.get("new", ""))
    try:
        if new != str(fields.get("again", "")):
            raise Refused("server.passwords_differ")
        old, address = str(fields.get("current", "")), client_address(page.request)
        await page.runtime.people.change_password(page.me, old, new, address)
    except LoaError as error:
        if page.me.user.must_change:
            return page.html("new_password.html", error=error)
        return await _account(page, error)
    return go("/" if page.me.user.must_change else "/account", "password")


@router.post("/account/language")
async def change_language(page: SignedInPage) -> Response:
    """Remember the language, for this browser and for the person's next one."""
    wanted = str((await page.request.form()).get("to", ""))
    response = go("/account")
    if wanted in LOCALES:
        async with page.act() as act:
            user = await people.user(act.session, page.me.id)
            if user is not None:
                user.language = wanted
            await act.done("change_language", f"user/{page.me.id}", None, language=wanted)
        remember_language(response, wanted, secure=page.runtime.settings.https)
    return response


@router.post("/account/commune")
async def change_commune(page: ViewPage) -> Response:
    """Go on in another commune."""
    wanted = str((await page.request.form()).get("to", ""))
    page.me.require(Permission.VIEW, wanted)
    response = go("/")
    secure = page.runtime.settings.https
    response.set_cookie(COMMUNE_COOKIE, wanted, max_age=366 * 24 * 3600, samesite="lax", httponly=True, secure=secure)
    return response


@router.post("/sign-out")
async def sign_out(page: SignedInPage) -> Response:
    await page.runtime.people.sign_out(page.me)
    response = go("/sign-in")
    clear_cookie(response)
    return response


@router.post("/account/sign-out-everywhere")
async def sign_out_everywhere(page: SignedInPage) -> Response:
    """End every other session and program of this person; this one stays."""
    async with page.act() as act:
        ended = await people.end_sessions(act.session, page.me.id, but=page.me.token_hash)
        await act.done("sign_out_everywhere", f"user/{page.me.id}", None, ended=ended)
    return go("/account", "signed_out")


async def _account(page: Page, error: LoaError | None = None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        mine = await communes(session, page.me)
    return page.html("account.html", error=error, communes=mine)
