"""The text of an error in a language, from its code."""

from functools import cache
from importlib import import_module

from base.errors import LoaError
from server.i18n.catalogue import ERROR_CONTEXT, N_, translations

ROOMS = (
    "base.errors",
    "audio.errors",
    "devices.errors",
    "devices.wire.errors",
    "schedules.errors",
    "conformance.errors",
    "server.messages",
    "server.web.messages",
)
"""Where MESSAGES are; by name, because the server's own ask here for their text."""

_UNKNOWN = N_("Something went wrong ({code}). Nothing was changed. Try again, or tell the administrator this code.")


@cache
def messages() -> dict[str, str]:
    """Every code of every room → its English sentence with {param} placeholders."""
    found: dict[str, str] = {}
    for room in ROOMS:
        found |= import_module(room).MESSAGES
    return found


def translate_error(locale: str, error: LoaError) -> str:
    """What happened, what is safe, what to do, in the user's language."""
    catalogue = translations(locale)
    english = messages().get(error.code)
    if english is None:
        return catalogue.gettext(_UNKNOWN).format(code=error.code)
    found = catalogue.pgettext(ERROR_CONTEXT, error.code)
    text = english if found == error.code else found
    return text.format_map(_Shown(error.params))


class _Shown(dict[str, str | float]):
    """Parameters for `format_map`: one that was not given shows as a dash instead of breaking the sentence."""

    def __missing__(self, key: str) -> str:
        return "–"
