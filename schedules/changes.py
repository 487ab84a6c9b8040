"""What the room tells whoever watches, after the transaction that made it true (pure)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProgrammeChanged:
    """Something in a place's announcements, schedules or occurrences changed."""

    place_id: str
    noun: str
    id: str


@dataclass(frozen=True, slots=True)
class EmergencyChanged:
    """An emergency began, was stopped, cleared, or countersigned."""

    place_id: str
    emergency_id: str


ScheduleChange = ProgrammeChanged | EmergencyChanged
