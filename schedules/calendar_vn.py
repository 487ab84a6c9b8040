"""Vietnam's public holidays, corrected by a commune's own list; the only door to the package holidays (pure).

The law names them (Labour Code 2019, art. 112), and art. 111 gives a day instead of one that falls on a weekend. Which
day beside 2 September is free, and which working days are exchanged, is announced each year: years to come are the
package's estimate until then, and `Override` says what was announced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

import holidays

from base.errors import Refused

ANNOUNCED: Mapping[date, Mapping[str, str]] = {
    date(2026, 1, 2): {
        "vi": "Ngày nghỉ (thay cho ngày 10/01/2026)",
        "en": "Day off (substituted from 01/10/2026)",
    },
}
"""What was announced (by the Ministry of Home Affairs on 25 December 2025) and the package does not have."""

LANGUAGES = {"vi": "vi", "en": "en_US"}
MAX_OVERRIDES = 1_000
NAME_LENGTH = 120
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Override:
    """A day a commune adds as a holiday, or one (`free` False) that is none here. Raises Refused without a name."""

    day: date
    name: str
    free: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= NAME_LENGTH:
            raise Refused("schedules.holiday_name", limit=NAME_LENGTH)


@dataclass(frozen=True)
class Holidays:
    """The public holidays of a commune: the nation's, and its own corrections, at most one a day."""

    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        if len(self._own) < len(self.overrides) or len(self.overrides) > MAX_OVERRIDES:
            raise Refused("schedules.holidays_wrong", limit=MAX_OVERRIDES)

    @cached_property
    def _own(self) -> dict[date, Override]:
        return {override.day: override for override in self.overrides}

    def __contains__(self, day: date) -> bool:
        own = self._own.get(day)
        return day in national(day.year) if own is None else own.free

    def name(self, day: date, language: str) -> str | None:
        """What is celebrated: the commune's words where it has its own; None on other days."""
        own = self._own.get(day)
        if own is not None:
            return own.name if own.free else None
        return national(day.year, language).get(day)

    def is_eve(self, day: date) -> bool:
        """Whether it is the day before a holiday: of several in a row, before the first."""
        return day not in self and day + _A_DAY in self

    def day_before(self, day: date) -> date:
        """The last day before the holidays that `day` lies in; `day` itself when it is none."""
        while day in self:
            day -= _A_DAY
        return day

    def end_of_row(self, day: date) -> date:
        """The last of the holidays in a row that follow `day`; `day` itself when none follows."""
        while day + _A_DAY in self:
            day += _A_DAY
        return day

    def between(self, first: date, last: date, language: str) -> list[tuple[date, str]]:
        """The holidays from `first` to `last` inclusive, with their names, in order."""
        days = {day for year in range(first.year, last.year + 1) for day in national(year)} | self._own.keys()
        named = ((day, self.name(day, language)) for day in sorted(days) if first <= day <= last)
        return [(day, name) for day, name in named if name is not None]


def with_overrides(overrides: Sequence[Override]) -> Holidays:
    """The holidays of a commune. Raises Refused: two corrections of one day, or too many."""
    return Holidays(tuple(sorted(overrides, key=lambda override: override.day)))


@lru_cache(maxsize=512)
def national(year: int, language: str = "vi") -> dict[date, str]:
    """The nation's holidays that fall in a year, with the free days that stand for them. `language`: vi or en."""
    found = holidays.country_holidays("VN", years=year, language=LANGUAGES[language], expand=False)
    announced = {day: names[language] for day, names in ANNOUNCED.items()}
    return {day: name for day, name in (announced | dict(found.items())).items() if day.year == year}


NATIONAL = Holidays()
