"""When a schedule recurs, as the REST interface takes it: any rule of RFC 5545, the moon, markets, holidays."""

from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from schedules.lunar import BRANCHES
from schedules.recurrence import MAX_PICKS, MAX_TIMES, LeapMonths, OnHolidays, Rule, ShortMonths, from_map
from schedules.recurrence.patterns import MAX_DAYS, MAX_EVERY
from server.api.shapes import Strict

Picked = Annotated[str, Field(max_length=16, description='"2026-09-02", or one time of it: "2026-09-02T05:00"')]


class LunarIn(Strict):
    """Days of the Vietnamese lunar calendar: "15" of every month, "15/8" of one."""

    kind: Literal["lunar"]
    days: Annotated[list[Annotated[str, Field(max_length=5)]], Field(min_length=1, max_length=MAX_DAYS)]
    leap: LeapMonths = LeapMonths.CUSTOM
    short: ShortMonths = ShortMonths.LAST


class EveryIn(Strict):
    """Every so many days, counted from a day on which it falls: a market every five days."""

    kind: Literal["every"]
    every: Annotated[int, Field(ge=1, le=MAX_EVERY)]
    anchor: date


class BranchesIn(Strict):
    """The days of some of the twelve branches, by name: Tý, Sửu … Hợi."""

    kind: Literal["branches"]
    branches: Annotated[list[Annotated[str, Field(max_length=8)]], Field(min_length=1, max_length=len(BRANCHES))]


class RuleIn(Strict):
    """rrule: an RFC 5545 rule without DTSTART; without it and without a pattern: once, on first_day.

    times: local "HH:MM". added and removed are RDATE and EXDATE.
    """

    rrule: Annotated[str, Field(max_length=400)] = ""
    pattern: Annotated[LunarIn | EveryIn | BranchesIn, Field(discriminator="kind")] | None = None
    times: Annotated[list[str], Field(min_length=1, max_length=2 * MAX_TIMES)]
    first_day: date
    last_day: date | None = None
    added: Annotated[list[Picked], Field(default_factory=list, max_length=MAX_PICKS)]
    removed: Annotated[list[Picked], Field(default_factory=list, max_length=MAX_PICKS)]
    on_holidays: OnHolidays = OnHolidays.ANY
    zone_name: Annotated[str | None, Field(max_length=64)] = None

    def rule(self, zone: ZoneInfo) -> Rule:
        """In this zone. Raises Refused."""
        once = not self.rrule and self.pattern is None
        said: dict[str, Any] = {
            "version": 1,
            "rrule": self.rrule,
            "times": self.times,
            "first_day": str(self.first_day),
            "last_day": str(self.first_day if once else self.last_day or ""),
            "zone": zone.key,
            "added": self.added,
            "removed": self.removed,
            "on_holidays": self.on_holidays.value,
        }
        if self.pattern is not None:
            said["pattern"] = self.pattern.model_dump(mode="json")
        return from_map(said)
