"""The message catalogues, read from their .po files and compiled in memory."""

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("vi", "en")
DEFAULT_LOCALE = "vi"
ERROR_CONTEXT = "error"
REASON_CONTEXT = "reason"
"""Errors and reasons are keyed by their code under these contexts; everything else by its English sentence."""

_FOLDER = Path(__file__).parent / "locale"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a sentence for the catalogue without translating it here."""
    return message


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of a locale. English needs none: its sentences are the keys."""
    files = po_files(locale)
    if not files:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged(locale))
    compiled.seek(0)
    return GNUTranslations(compiled)


def po_files(locale: str) -> list[Path]:
    """The catalogue's files, by name: for what pages say, for errors, for the couriers, for the recorder."""
    return sorted((_FOLDER / locale).glob("*.po"))


def merged(locale: str) -> Catalog:
    """All entries of a locale in one catalogue. Raises ValueError when two files hold the same entry."""
    whole = Catalog(locale=locale)
    for path in po_files(locale):
        with path.open("rb") as file:
            part = read_po(file, locale=locale, abort_invalid=True)
        for message in part:
            if not message.id:
                continue
            if whole.get(message.id, message.context) is not None:
                raise ValueError(f"{path.name}: {message.id!r} stands in two files")
            whole[message.id] = message
    return whole
