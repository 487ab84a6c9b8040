"""The page a person sees when something cannot be answered."""

from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from base.errors import Forbidden, LoaError, NotFound
from base.times import utc_now
from server.deps import runtime_of
from server.errors import status_of
from server.i18n import negotiate, translate_error, translations
from server.i18n.catalogue import N_
from server.web.page import Page
from server.web.templating import render

_HEADINGS: tuple[tuple[type[LoaError], str], ...] = (
    (NotFound, N_("Not found")),
    (Forbidden, N_("Not allowed")),
)
_OTHER = N_("That did not work")


def render_error_page(request: Request, error: LoaError) -> HTMLResponse:
    """What happened, what is safe and what to do; for an htmx request only the sentence."""
    locale = negotiate(request)
    text = translate_error(locale, error)
    heading = translations(locale).gettext(
        next((heading for kind, heading in _HEADINGS if isinstance(error, kind)), _OTHER)
    )
    runtime = runtime_of(request)
    page = Page(
        request, runtime, locale, getattr(request.state, "who", None), None, ZoneInfo(runtime.settings.zone), utc_now()
    )
    body = render(locale, "error.html", page=page, heading=heading, text=text, code=error.code)
    return HTMLResponse(body, status_of(error), headers={"Cache-Control": "no-store", "Content-Language": locale})
