"""Reading an RFC 5545 recurrence rule: its parts, each checked (pure)."""

import re
from collections.abc import Iterator, Mapping
from datetime import date

from base.errors import Refused

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_FREQUENCIES = {"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"}
SUB_DAILY = {"HOURLY", "MINUTELY"}
_NUMBERS = {"INTERVAL": 1_000, "COUNT": 10_000}
_LISTS = {"BYMONTHDAY": 31, "BYSETPOS": 366, "BYYEARDAY": 366, "BYWEEKNO": 53}
"""RFC 5545 allows these numbers and their negatives, which count from the end."""
_POSITIVE = {"BYMONTH": range(1, 13), "BYHOUR": range(24), "BYMINUTE": range(60), "BYSECOND": range(1)}
"""Seconds other than 0 are not taken: a schedule is kept in minutes."""
_ONLY_WITH = {
    "BYYEARDAY": {"YEARLY", *SUB_DAILY},
    "BYWEEKNO": {"YEARLY"},
    "BYMONTHDAY": {"DAILY", "MONTHLY", "YEARLY", *SUB_DAILY},
}
"""RFC 5545, 3.3.10: which part has a meaning in which frequency."""
_NAMES_HOURS = {"BYHOUR", "BYMINUTE"}
_WEEKDAY = re.compile(r"([+-]?)(\d{0,2})(MO|TU|WE|TH|FR|SA|SU)")

Parts = Mapping[str, str]


def read(rrule: str) -> dict[str, str]:
    """The parts of a rule without UNTIL, each checked. Raises Refused("schedules.rule_invalid")."""
    if not rrule:
        return {}
    pairs = [part.partition("=") for part in rrule.upper().removeprefix("RRULE:").split(";")]
    parts = {name: value for name, _, value in pairs}
    wrong = "FREQ" if len(parts) != len(pairs) or "FREQ" not in parts else _wrong_part(parts)
    if wrong is not None:
        raise Refused("schedules.rule_invalid", rule=rrule[:200], part=wrong[:80])
    return {name: value for name, value in parts.items() if name != "BYSECOND"}


def names_hours(parts: Parts) -> bool:
    """Whether the rule itself says at what times of day, so that the schedule's own time only begins it."""
    return bool(parts) and (parts["FREQ"] in SUB_DAILY or not _NAMES_HOURS.isdisjoint(parts))


def numbers(parts: Parts, name: str) -> list[int]:
    """The numbers of a list part; empty when it is not there."""
    return [int(number) for number in parts[name].split(",")] if name in parts else []


def weekdays(parts: Parts) -> list[tuple[int, str]]:
    """BYDAY as (which one, two letters); 0: every one."""
    found = (_WEEKDAY.fullmatch(item) for item in parts.get("BYDAY", "").split(",") if item)
    return [(int(f"{match[1]}{match[2] or 0}"), match[3]) for match in found if match]


def impossible_day(parts: Parts, first_day: date) -> tuple[str, list[int]] | None:
    """The days of the month and the months of a rule in which none of them exists, such as 31 February."""
    month_days = numbers(parts, "BYMONTHDAY")
    derived = {"BYDAY", "BYYEARDAY", "BYWEEKNO"}.isdisjoint(parts) and parts["FREQ"] in {"MONTHLY", "YEARLY"}
    if not month_days and derived:
        # RFC 5545: what a rule does not say is taken from its start.
        month_days = [first_day.day]
    months = numbers(parts, "BYMONTH")
    if not month_days or any(abs(day) <= LONGEST_MONTHS[month - 1] for day in month_days for month in months):
        return None
    return (",".join(map(str, month_days)), months) if months else None


def _wrong_part(parts: Parts) -> str | None:
    """The first part that RFC 5545 gives no meaning, as it was written."""
    for name, value in parts.items():
        if not _is_good(name, value) or parts["FREQ"] not in _ONLY_WITH.get(name, {parts["FREQ"]}):
            return f"{name}={value}"
    numbered = any(letter.isdigit() for letter in parts.get("BYDAY", ""))
    # "First Monday" has a meaning only within a month or a year.
    if numbered and (parts["FREQ"] not in {"MONTHLY", "YEARLY"} or "BYWEEKNO" in parts):
        return f"BYDAY={parts['BYDAY']}"
    # A position counts among several: a day without hours has one member, and so has a minute.
    alone = parts["FREQ"] == "MINUTELY" or (parts["FREQ"] == "DAILY" and _NAMES_HOURS.isdisjoint(parts))
    return f"BYSETPOS={parts['BYSETPOS']}" if alone and "BYSETPOS" in parts else None


def _is_good(name: str, value: str) -> bool:
    if name in _NUMBERS:
        return _is_number(value, range(1, _NUMBERS[name] + 1))
    if name in _LISTS:
        return all(_is_number(item.removeprefix("-"), range(1, _LISTS[name] + 1)) for item in _items(value))
    if name in _POSITIVE:
        return all(_is_number(item, _POSITIVE[name]) for item in _items(value))
    if name == "BYDAY":
        return all(_is_weekday(item) for item in value.split(","))
    return value in _FREQUENCIES if name == "FREQ" else name == "WKST" and value in WEEKDAYS


def _items(value: str) -> Iterator[str]:
    return (item.removeprefix("+") for item in value.split(","))


def _is_weekday(item: str) -> bool:
    found = _WEEKDAY.fullmatch(item)
    return found is not None and (1 <= int(found[2]) <= 53 if found[2] else not found[1])


def _is_number(text: str, allowed: range) -> bool:
    return text.isascii() and text.isdigit() and int(text[:9]) in allowed
