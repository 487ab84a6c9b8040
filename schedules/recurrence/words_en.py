"""Rules in English (pure)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from schedules.festivals import festival_on
from schedules.recurrence.patterns import LeapMonths, LunarDay, ShortMonths
from schedules.recurrence.rule import OnHolidays
from schedules.recurrence.words import row_of

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_UNITS = {
    "YEARLY": "year",
    "MONTHLY": "month",
    "WEEKLY": "week",
    "DAILY": "day",
    "HOURLY": "hour",
    "MINUTELY": "minute",
}
_BRANCHES = ("Tý", "Sửu", "Dần", "Mão", "Thìn", "Tị", "Ngọ", "Mùi", "Thân", "Dậu", "Tuất", "Hợi")


class English:
    """`words.Words` in English."""

    also: ClassVar[str] = " that is also "
    holidays: ClassVar[Mapping[OnHolidays, str]] = {
        OnHolidays.ANY: "",
        OnHolidays.SKIP: "except public holidays",
        OnHolidays.ONLY: "only on public holidays",
        OnHolidays.EVE: "only on the day before a public holiday",
        OnHolidays.BEFORE: "on the day before when it is a public holiday",
    }
    leap: ClassVar[Mapping[LeapMonths, str]] = {
        LeapMonths.CUSTOM: "",
        LeapMonths.NEVER: "not in leap months",
        LeapMonths.ONLY: "only in leap months",
        LeapMonths.ALWAYS: "also in leap months",
    }
    short: ClassVar[Mapping[ShortMonths, str]] = {
        ShortMonths.LAST: "in a month of 29 days on the 29th",
        ShortMonths.SKIP: "not in a month of 29 days",
    }

    def joined(self, items: Sequence[str]) -> str:
        return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)

    def day(self, day: date) -> str:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def once(self, day: date) -> str:
        return f"on {self.day(day)}"

    def at(self, times: Sequence[str]) -> str:
        return f"at {self.joined(times)}"

    def every(self, frequency: str, steps: int) -> str:
        return f"every {_UNITS[frequency]}" if steps == 1 else f"every {steps} {_UNITS[frequency]}s"

    def since(self, start: str) -> str:
        return f"counted from {start}"

    def within(self, what: str, frequency: str, steps: int, months: Sequence[int]) -> str:
        period = self.every(frequency, steps)
        if months and frequency == "YEARLY":
            return f"on {what} of {self._months(months)} {period}"
        if frequency == "WEEKLY":
            return f"every {what}" if steps == 1 else f"{period} on {what}"
        return f"on {what} of {period}" if frequency == "MONTHLY" and steps == 1 else f"on {what} {period}"

    def weekdays(self, chosen: Sequence[tuple[int, int]], frequency: str) -> str:
        row = row_of(chosen)
        if row is not None:
            every = "every day from " if frequency in {"MONTHLY", "YEARLY"} else ""
            return f"{every}{_WEEKDAYS[row[0]]} to {_WEEKDAYS[row[-1]]}"
        return self.joined([_weekday(which, weekday, frequency) for which, weekday in chosen])

    def only_on(self, days: str) -> str:
        return f"only on {days}"

    def month_days(self, days: Sequence[int]) -> str:
        return "the " + self.joined([_ordinal(day, "day") for day in days])

    def year_days(self, days: Sequence[int]) -> str:
        return f"the {self.joined([_ordinal(day, 'day') for day in days])} of the year"

    def weeks(self, weeks: Sequence[int]) -> str:
        named = [f"week {week}" if week > 0 else _ordinal(week, "week") for week in weeks]
        return f"{self.joined(named)} of the year"

    def in_months(self, months: Sequence[int]) -> str:
        return f"only in {self._months(months)}"

    def in_hours(self, hours: Sequence[int]) -> str:
        return f"in the hours of {self.joined([f'{hour:02}' for hour in hours])}"

    def in_minutes(self, minutes: Sequence[int]) -> str:
        return f"at minute {self.joined([f'{minute:02}' for minute in minutes])}"

    def positions(self, places: Sequence[int]) -> str:
        return f"of these only the {self.joined([_ordinal(place, 'one') for place in places])} of each period"

    def count(self, number: int, *, times: bool) -> str:
        return f"{number} {'time' if times else 'day'}{'' if number == 1 else 's'}"

    def until(self, day: date) -> str:
        return f"until {self.day(day)}"

    def added(self, picks: str) -> str:
        return f"also {picks}"

    def removed(self, picks: str) -> str:
        return f"except {picks}"

    def lunar(self, monthly: Sequence[LunarDay], yearly: Sequence[LunarDay]) -> str:
        days = [_ordinal(wanted.day, "day") for wanted in monthly]
        said = [f"on the {self.joined(days)} of every lunar month"] if days else []
        if yearly:
            said.append(f"on {self.joined([_lunar_date(wanted) for wanted in yearly])} every lunar year")
        return "; ".join(said)

    def branches(self, branches: Sequence[int]) -> str:
        return f"on the days {self.joined([_BRANCHES[branch] for branch in branches])}"

    def _months(self, months: Sequence[int]) -> str:
        return self.joined([_MONTHS[month - 1] for month in months])


def _weekday(which: int, weekday: int, frequency: str) -> str:
    name = _WEEKDAYS[weekday]
    if not which:
        return f"every {name}" if frequency in {"MONTHLY", "YEARLY"} else name
    return f"the {_ordinal(which, name, always=True)}{' of the year' if frequency == 'YEARLY' else ''}"


def _ordinal(number: int, unit: str, *, always: bool = False) -> str:
    """Such as "1st", "last day" or "2nd day from the end"; with `always` also "1st day"."""
    size = abs(number)
    ending = "th" if size % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(size % 10, "th")
    if number > 0:
        return f"{size}{ending} {unit}" if always else f"{size}{ending}"
    return f"last {unit}" if size == 1 else f"{size}{ending} {unit} from the end"


def _lunar_date(wanted: LunarDay) -> str:
    named = f"{_ordinal(wanted.day, 'day')} of lunar month {wanted.month}"
    festival = festival_on(wanted.month, wanted.day)
    return f"{festival.names['en']} ({named})" if festival else f"the {named}"
