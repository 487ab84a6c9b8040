"""When something recurs, as a form says it: read whatever was typed, kept to be shown again, and made a rule."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.festivals import FESTIVALS
from schedules.recurrence import (
    EveryDays,
    LeapMonths,
    LunarDay,
    LunarDays,
    OnHolidays,
    Pick,
    Rule,
    ShortMonths,
    check_times,
)
from schedules.recurrence.patterns import Pattern
from server.web import fields
from server.web.recurring import ONCE, WEEKDAYS, rule_of

EVERY, LUNAR, FESTIVAL = "every", "lunar", "festival"
NTHS = ("1", "2", "3", "4", "-1")
LAST = "-1"
TIMES = 4
MOST_TIMES = 24
MOST_TEXT = 400
"""Characters of a rule or of lunar days typed by hand."""
MOST_PICKS_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class RuleForm:
    """Everything typed, of all kinds of rules: what the chosen kind does not read does no harm."""

    repeat: str = ONCE
    weekdays: tuple[str, ...] = ()
    month_day: str = "1"
    nth: str = "1"
    nth_weekday: str = "MO"
    every: str = "5"
    lunar_days: tuple[str, ...] = ("1", "15")
    lunar_other: str = ""
    festivals: tuple[str, ...] = ()
    leap: str = LeapMonths.CUSTOM.value
    short: str = ShortMonths.LAST.value
    rrule: str = ""
    on_holidays: str = OnHolidays.ANY.value
    times: tuple[str, ...] = ("",) * TIMES
    first_day: str = ""
    last_day: str = ""
    added: str = ""
    removed: str = ""

    @property
    def has_exceptions(self) -> bool:
        """Whether anything beyond the days themselves is said."""
        return bool(self.added or self.removed or self.on_holidays != OnHolidays.ANY.value)

    def rule(self, zone: ZoneInfo) -> Rule:
        """What the chosen kind says. Raises Refused."""
        first_day = fields.day(self.first_day)
        last_day = first_day if self.repeat == ONCE else fields.day(self.last_day) if self.last_day else None
        holidays = fields.member(OnHolidays, self.on_holidays)
        return Rule(
            rrule=self._rrule(),
            first_day=first_day,
            last_day=last_day,
            times=check_times([each for each in self.times if each]),
            zone=zone,
            pattern=self._pattern(first_day),
            added=tuple(_picks(self.added)),
            removed=tuple(_picks(self.removed)),
            on_holidays=OnHolidays.ANY if self.repeat == ONCE else holidays,
            takes_hours=True,
        )

    def at_time(self, was: str, at: datetime) -> "RuleForm":
        """The same with one time of day for another; what plays once, also on another day."""
        times = tuple(f"{at:%H:%M}" if each == was else each for each in self.times)
        moved = replace(self, times=times)
        return replace(moved, first_day=at.date().isoformat()) if self.repeat == ONCE else moved

    def _rrule(self) -> str:
        match self.repeat:
            case "month_day":
                return f"FREQ=MONTHLY;BYMONTHDAY={_one_of(self.month_day, (*map(str, range(1, 32)), LAST))}"
            case "month_weekday":
                return f"FREQ=MONTHLY;BYDAY={_one_of(self.nth, NTHS)}{_one_of(self.nth_weekday, WEEKDAYS)}"
            case "rrule":
                return _typed_rule(self.rrule)
            case _:
                return rule_of(self.repeat, self.weekdays)

    def _pattern(self, first_day: date) -> Pattern | None:
        if self.repeat == EVERY:
            return EveryDays(fields.whole({"every": self.every}, "every"), first_day)
        if self.repeat not in {LUNAR, FESTIVAL}:
            return None
        leap, short = fields.member(LeapMonths, self.leap), fields.member(ShortMonths, self.short)
        if self.repeat == LUNAR:
            other = [each for each in self.lunar_other.replace(";", ",").split(",") if each.strip()]
            wanted = tuple(LunarDay.parse(each) for each in (*self.lunar_days, *other))
            return LunarDays(wanted, leap, short)
        named = [FESTIVALS[each] for each in self.festivals if each in FESTIVALS]
        return LunarDays(tuple(LunarDay(each.month, each.day) for each in named))


def blank(today: date) -> RuleForm:
    """An empty form."""
    return RuleForm(first_day=today.isoformat())


def read(said: ImmutableMultiDict[str, Any]) -> RuleForm:
    """What was typed, cut where no honest form is that long. Raises nothing: a rule is made of it later."""
    times = [str(value)[:8] for value in said.getlist("time")][:MOST_TIMES]
    plain = {name: str(said[name])[: MOST_TEXT + 1] for name in _PLAIN if name in said}
    long = {name: str(said[name])[: MOST_PICKS_TEXT + 1] for name in ("added", "removed") if name in said}
    lists = {
        "weekdays": _list(said, "weekday"),
        "festivals": _list(said, "festival"),
        "lunar_days": _list(said, "lunar_day"),
    }
    given: dict[str, Any] = plain | long | lists
    return RuleForm(**given, times=tuple(times + [""] * (TIMES - len(times))))


_PLAIN = (
    "repeat", "month_day", "nth", "nth_weekday", "every", "lunar_other", "leap", "short", "rrule", "on_holidays",
    "first_day", "last_day",
)  # fmt: skip


def _list(said: ImmutableMultiDict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(value)[:16] for value in said.getlist(name))[:MOST_TIMES]


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise Refused("server.input_wrong")
    return text


def _typed_rule(text: str) -> str:
    rule = text.strip().upper().removeprefix("RRULE:")
    if not rule or len(rule) > MOST_TEXT:
        raise Refused("schedules.rule_invalid", rule=rule[:80], part=str(len(rule)))
    return rule


def _picks(text: str) -> Iterator[Pick]:
    """Days or times, one a line or between commas: 2026-09-02, 02/09/2026, either with 05:00 behind it."""
    if len(text) > MOST_PICKS_TEXT:
        raise Refused("schedules.days_count", limit=1_000)
    for item in filter(None, (each.strip() for each in text.replace(",", "\n").splitlines())):
        day, _, time = item.replace("T", " ").partition(" ")
        yield Pick.parse("T".join(filter(None, (_iso(day), time.strip()))))


def _iso(day: str) -> str:
    """A day as it is written here, day first, in the order of ISO 8601."""
    parts = day.split("/")
    return "-".join((parts[2], parts[1].zfill(2), parts[0].zfill(2))) if len(parts) == 3 else day
