"""The only door to Jinja: one environment a language, with what every template may use."""

import hashlib
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.i18n import formats
from server.i18n.catalogue import translations
from server.web import signs

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


@cache
def environment(locale: str) -> Environment:
    """Escapes everything and refuses names it does not know."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translations(locale)
    made.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.filters |= _filters(locale, catalogue.gettext)
    made.globals |= {
        "static": static_url,
        "locale": locale,
        "CLASSES": signs.CLASSES,
        "LEVELS": signs.LEVELS,
        "KINDS": signs.KINDS,
        "ROLES": signs.ROLES,
        "LANGUAGES": signs.LANGUAGES,
        "LINKS": signs.LINKS,
        "POWERS": signs.POWERS,
        "STEPS": signs.STEPS,
    }
    return made


def _filters(locale: str, gettext: Callable[[str], str]) -> dict[str, Callable[..., str]]:
    def number(value: float, digits: int = 0) -> str:
        return formats.number(value, locale, digits=digits)

    def full_day(day: date) -> str:
        return formats.full_day(day, locale)

    def week_day(day: date) -> str:
        return formats.week_day(day, locale)

    def short_day(day: date) -> str:
        return formats.short_day(day, locale)

    def month_year(day: date) -> str:
        return formats.month_year(day, locale)

    def word(text: str) -> str:
        return gettext(text) if text else ""

    def language(code: str) -> str:
        return gettext(signs.language_word(code))

    def capital(text: str) -> str:
        return text[:1].upper() + text[1:]

    every = (number, full_day, week_day, word, language, capital, short_day, month_year)
    return {"sound_length": formats.length} | {each.__name__: each for each in every}


@cache
def static_url(path: str) -> str:
    """The address of a static file, which changes with its contents so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()
    return f"/static/{path}?v={digest[:10]}"


def render(locale: str, template: str, /, **values: Any) -> str:
    """A page as text."""
    return environment(locale).get_template(template).render(**values)
