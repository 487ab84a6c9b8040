"""What must change so that the planned occurrences are those of the rule (pure)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.models import OccurrenceState

SLACK = timedelta(hours=1)
"""A horizon that is this little short of its end is left alone, so that a tick rarely has anything to do."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Moments to add, and moments whose planned occurrence no longer follows from the rule."""

    add: tuple[datetime, ...]
    drop: tuple[datetime, ...]


def differences(present: Mapping[datetime, OccurrenceState], wanted: Collection[datetime]) -> Differences:
    """Compare the occurrences of a window, in whatever state, with the rule's moments in that window.

    One that was called off counts as present: it does not come back. What was issued stays: the speakers have it.
    """
    add = sorted(set(wanted) - present.keys())
    gone = present.keys() - set(wanted)
    return Differences(tuple(add), tuple(sorted(at for at in gone if present[at] is OccurrenceState.PLANNED)))


def is_short(planned_until: datetime | None, horizon: datetime) -> bool:
    """Whether a schedule's plan must be extended towards the horizon."""
    return planned_until is None or planned_until < horizon - SLACK
