"""What an iCalendar file holds, in Loa's words."""

from dataclasses import dataclass
from datetime import timedelta

from base.errors import Refused
from schedules.recurrence import Rule


@dataclass(frozen=True, slots=True)
class Event:
    """A title, when it recurs, and how long it lasts as far as the file says (zero: it does not)."""

    uid: str
    title: str
    rule: Rule
    lasts: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Problem:
    """An event that was not taken, and why."""

    uid: str
    title: str
    error: Refused


@dataclass(frozen=True, slots=True)
class Read:
    """Everything in a file that can recur: what was taken and what was not."""

    events: tuple[Event, ...]
    problems: tuple[Problem, ...]
