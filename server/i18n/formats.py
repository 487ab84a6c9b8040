"""Times, lengths and numbers as people of a language write them (pure)."""

from datetime import date, datetime, tzinfo

from babel.dates import format_date
from babel.numbers import format_decimal


def clock(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """The time of day, 24 hours, as the programme and every timetable here write it."""
    return moment.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def full_day(day: date, locale: str) -> str:
    """Weekday, day, month and year in words."""
    pattern = "EEEE, d MMMM, y" if locale == "vi" else "EEEE d MMMM y"
    return format_date(day, pattern, locale=locale)


def week_day(day: date, locale: str) -> str:
    """Weekday, day and month in words."""
    pattern = "EEEE, d MMMM" if locale == "vi" else "EEEE d MMMM"
    return format_date(day, pattern, locale=locale)


def day_of_week(day: date, locale: str) -> str:
    """The weekday alone, in words."""
    return format_date(day, "EEEE", locale=locale)


def short_day(day: date, locale: str) -> str:
    """Day and month, with the year only in figures."""
    return format_date(day, "d/M/y" if locale == "vi" else "d MMM y", locale=locale)


def month_year(day: date, locale: str) -> str:
    """The month of a day and its year, in words."""
    return format_date(day, "MMMM, y" if locale == "vi" else "MMMM y", locale=locale)


def moment_text(moment: datetime, zone: tzinfo, locale: str, *, now: datetime) -> str:
    """The time alone when it is today, else with its day, and with the year unless it is this one."""
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today:
        return clock(moment, zone)
    if locale == "vi":
        return f"{clock(moment, zone)} ngày {format_date(day, 'd/M' if day.year == today.year else 'd/M/y', locale)}"
    return f"{format_date(day, 'd MMM' if day.year == today.year else 'd MMM y', locale)}, {clock(moment, zone)}"


def length(duration_ms: int) -> str:
    """Minutes and seconds as a player shows them: 2:18, or 1:02:05 from an hour on."""
    seconds = round(duration_ms / 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def number(value: float, locale: str, *, digits: int = 0) -> str:
    """A number with the language's separators."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=locale)
