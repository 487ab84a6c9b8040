"""RFC 5545 recurrences by brute force, written from the text of its section 3.3.10: every period, day and minute.

It shares nothing with what it checks: no dateutil, no code of ours. Slow and plain on purpose.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

Parts = Mapping[str, str]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@lru_cache(maxsize=256)
def recurrences(rule: str, start: datetime, until: date) -> tuple[datetime, ...]:
    """The local times (no zone) from `start` to the end of the day `until`."""
    parts = dict(part.split("=") for part in rule.split(";"))
    found: list[datetime] = []
    for period in _periods(parts, start, until):
        members = sorted(set(period))
        places = _numbers(parts, "BYSETPOS") or [*range(1, len(members) + 1)]
        chosen = {place - 1 if place > 0 else len(members) + place for place in places}
        found += [member for place, member in enumerate(members) if place in chosen and member >= start]
    return tuple(at for at in found[: int(parts.get("COUNT", len(found)))] if at.date() <= until)


def moment(local: datetime, zone: ZoneInfo) -> datetime:
    """3.3.5: the first of two equal local times; in a gap, the offset from before it."""
    around = [(local.replace(tzinfo=UTC) + timedelta(days=day)).astimezone(zone).utcoffset() for day in (-2, 2)]
    candidates = sorted((local - offset).replace(tzinfo=UTC) for offset in around)
    exact = [at for at in candidates if at.astimezone(zone).replace(tzinfo=None) == local]
    return exact[0] if exact else (local - around[0]).replace(tzinfo=UTC)


def _periods(parts: Parts, start: datetime, until: date) -> Iterator[list[datetime]]:
    frequency, step = parts["FREQ"], int(parts.get("INTERVAL", 1))
    if frequency in {"HOURLY", "MINUTELY"}:
        unit = timedelta(hours=1) if frequency == "HOURLY" else timedelta(minutes=1)
        yield from _short_periods(parts, start, until, unit, step)
        return
    hours = _numbers(parts, "BYHOUR") or [start.hour]
    minutes = _numbers(parts, "BYMINUTE") or [start.minute]
    for days in _day_periods(parts, start.date(), until, step):
        good = [day for day in days if _is_member(parts, start.date(), day)]
        yield [datetime.combine(day, time(hour, minute)) for day, hour, minute in product(good, hours, minutes)]


def _short_periods(parts: Parts, start: datetime, until: date, unit: timedelta, step: int) -> Iterator[list[datetime]]:
    at = start.replace(minute=0) if unit == timedelta(hours=1) else start
    hours, minutes = _numbers(parts, "BYHOUR"), _numbers(parts, "BYMINUTE")
    while at.date() <= until:
        if (not hours or at.hour in hours) and _is_limited(parts, at.date()):
            if unit == timedelta(hours=1):
                yield [at.replace(minute=minute) for minute in (minutes or [start.minute])]
            elif not minutes or at.minute in minutes:
                yield [at]
        at += unit * step


def _day_periods(parts: Parts, first: date, until: date, step: int) -> Iterator[list[date]]:
    """Every so many years, months, weeks or days, as the days they consist of."""
    week_start = DAYS.index(parts.get("WKST", "MO"))

    def period(day: date) -> int:
        match parts["FREQ"]:
            case "YEARLY":
                return day.year
            case "MONTHLY":
                return day.year * 12 + day.month
            case "WEEKLY":
                return (day.toordinal() - 1 - week_start) // 7
        return day.toordinal()

    # A period that begins before the first day counts with all its days, for BYSETPOS.
    day = first - timedelta(days=first.timetuple().tm_yday + 6)
    last = until.replace(month=12, day=31) + timedelta(days=7)
    days: list[date] = []
    while day <= last:
        if days and period(day) != period(days[0]):
            if (period(days[0]) - period(first)) % step == 0 and period(days[0]) >= period(first):
                yield days
            days = []
        days.append(day)
        day += timedelta(days=1)


def _is_member(parts: Parts, first: date, day: date) -> bool:
    """The table of 3.3.10 for periods of a day and longer: what expands is every day that no part denies."""
    frequency = parts["FREQ"]
    if not _is_limited(parts, day, numbered=True):
        return False
    says = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"} & parts.keys()
    match frequency:
        case "YEARLY" if not says:
            return day.day == first.day and ("BYMONTH" in parts or day.month == first.month)
        case "YEARLY" if says == {"BYWEEKNO"}:
            return day.weekday() == first.weekday()
        case "MONTHLY" if not says:
            return day.day == first.day
        case "WEEKLY" if not says:
            return day.weekday() == first.weekday()
    return True


def _is_limited(parts: Parts, day: date, *, numbered: bool = False) -> bool:
    length = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    of_year, in_year = day.timetuple().tm_yday, 366 if _is_leap(day.year) else 365
    week_start = DAYS.index(parts.get("WKST", "MO"))
    checks = {
        "BYMONTH": {day.month},
        "BYMONTHDAY": {day.day, day.day - length - 1},
        "BYYEARDAY": {of_year, of_year - in_year - 1},
        "BYWEEKNO": set(_week(day, week_start)) if "BYWEEKNO" in parts else set(),
    }
    if any(name in parts and not values & set(_numbers(parts, name)) for name, values in checks.items()):
        return False
    if "BYDAY" not in parts:
        return True
    of_month = parts["FREQ"] == "MONTHLY" or "BYMONTH" in parts
    place, size = (day.day, length) if of_month else (of_year, in_year)
    which = {0, (place - 1) // 7 + 1, -((size - place) // 7 + 1)} if numbered else {0}
    return any(item[-2:] == DAYS[day.weekday()] and int(item[:-2] or 0) in which for item in parts["BYDAY"].split(","))


def _week(day: date, week_start: int) -> tuple[int, int]:
    """The number of a day's week, from the front and the back of the year that most of the week lies in."""
    begins = day - timedelta(days=(day.weekday() - week_start) % 7)
    year = (begins + timedelta(days=3)).year
    ours = _weeks(year, week_start)
    return ours.index(begins) + 1, ours.index(begins) - len(ours)


@lru_cache(maxsize=256)
def _weeks(year: int, week_start: int) -> list[date]:
    starts = [date(year, 1, 1) + timedelta(days=n) for n in range(-6, 366)]
    return [day for day in starts if day.weekday() == week_start and (day + timedelta(days=3)).year == year]


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _numbers(parts: Parts, name: str) -> list[int]:
    return [int(number) for number in parts[name].split(",")] if name in parts else []
