"""Recurrence as people say it: from the form to a rule, from a rule to words."""

import re
from collections.abc import Iterable

from babel.dates import get_day_names

from base.errors import Refused
from schedules.recurrence import OnHolidays, Rule, describe
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web.page import Page

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ONCE, DAILY, WEEKLY = "once", "daily", "weekly"
WEEKLY_RULE = r"FREQ=WEEKLY;BYDAY=(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU))*"


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


def in_words(page: Page, rule: Rule) -> str:
    """When it plays, in one line."""
    if not _is_plain(rule):
        return describe(rule, page.locale)
    parts = [f"{_days(page, rule)} · {', '.join(rule.times)}"]
    if rule.rrule and rule.first_day > page.today:
        parts.append(page.gettext(N_("from %(day)s"), day=formats.short_day(rule.first_day, page.locale)))
    if rule.rrule and rule.last_day is not None:
        parts.append(page.gettext(N_("until %(day)s"), day=formats.short_day(rule.last_day, page.locale)))
    return " · ".join(parts)


def _is_plain(rule: Rule) -> bool:
    """Whether it is one that the form makes."""
    if rule.pattern or rule.added or rule.removed or rule.on_holidays is not OnHolidays.ANY:
        return False
    return rule.rrule in {"", "FREQ=DAILY"} or re.fullmatch(WEEKLY_RULE, rule.rrule) is not None


def _days(page: Page, rule: Rule) -> str:
    if not rule.rrule:
        return formats.short_day(rule.first_day, page.locale)
    if rule.rrule == "FREQ=DAILY":
        return page.gettext(N_("every day"))
    codes = rule.parts["BYDAY"].split(",")
    names = dict(weekday_names(page.locale))
    return ", ".join(names[code] for code in WEEKDAYS if code in codes)
