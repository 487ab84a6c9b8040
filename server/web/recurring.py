"""Recurrence as people say it: from the form to a rule, from a rule to words."""

from collections.abc import Iterable, Sequence
from datetime import date

from babel.dates import get_day_names

from base.errors import Refused
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web.page import Page

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ONCE, DAILY, WEEKLY = "once", "daily", "weekly"


def rule_of(repeat: str, weekdays: Iterable[str]) -> str:
    """The RFC 5545 rule of what the form says. Raises Refused("server.weekdays_missing")."""
    if repeat == DAILY:
        return "FREQ=DAILY"
    if repeat == WEEKLY:
        chosen = set(weekdays)
        days = [day for day in WEEKDAYS if day in chosen]
        if not days:
            raise Refused("server.weekdays_missing")
        return f"FREQ=WEEKLY;BYDAY={','.join(days)}"
    return ""


def weekday_names(locale: str) -> list[tuple[str, str]]:
    """The seven codes with their names, Monday first."""
    names = get_day_names("wide", "stand-alone", locale)
    return [(code, names[index]) for index, code in enumerate(WEEKDAYS)]


def in_words(page: Page, rrule: str, times: Sequence[str], first_day: date, last_day: date | None) -> str:
    """When it plays, in one line."""
    days = _days(page, rrule, first_day)
    parts = [f"{days} · {', '.join(times)}"]
    if rrule and first_day > page.today:
        parts.append(page.gettext(N_("from %(day)s"), day=formats.short_day(first_day, page.locale)))
    if rrule and last_day is not None:
        parts.append(page.gettext(N_("until %(day)s"), day=formats.short_day(last_day, page.locale)))
    return " · ".join(parts)


def _days(page: Page, rrule: str, first_day: date) -> str:
    if not rrule:
        return formats.short_day(first_day, page.locale)
    if rrule == "FREQ=DAILY":
        return page.gettext(N_("every day"))
    parts = dict(part.partition("=")[::2] for part in rrule.split(";"))
    codes = parts.get("BYDAY", "").split(",")
    if set(parts) == {"FREQ", "BYDAY"} and parts["FREQ"] == "WEEKLY" and set(codes) <= set(WEEKDAYS):
        names = dict(weekday_names(page.locale))
        return ", ".join(names[code] for code in WEEKDAYS if code in codes)
    return rrule
