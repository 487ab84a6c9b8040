"""Which language a request is answered in."""

from babel.core import negotiate_locale
from starlette.requests import HTTPConnection

from server.i18n.catalogue import DEFAULT_LOCALE, LOCALES

LANGUAGE_COOKIE = "loa_lang"


def negotiate(request: HTTPConnection) -> str:
    """The language chosen in the console (a cookie), else the browser's first that we have, else Vietnamese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LOCALES:
        return chosen
    wanted = _accepted(request.headers.get("accept-language", ""))
    return negotiate_locale(wanted, LOCALES, sep="-") or DEFAULT_LOCALE


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, best first (RFC 9110 §12.5.4); a malformed weight counts as 1."""
    weighted: list[tuple[float, str]] = []
    for item in header.split(","):
        tag, _, weight = item.strip().partition(";")
        name, _, value = weight.strip().partition("=")
        try:
            quality = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 1.0
        if tag and quality > 0:
            weighted.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
