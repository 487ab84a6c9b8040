"""What a page can watch, and which change touches which of it (pure)."""

from typing import NamedTuple

from devices.changes import DeliveryChanged, DeviceChange, PresenceChanged
from schedules.changes import EmergencyChanged, ProgrammeChanged, ScheduleChange

Change = DeviceChange | ScheduleChange


class Topic(NamedTuple):
    """A thing (`occurrence`, `emergency`, `device`, `announcement`, `schedule`) by id, or a page of a place
    (`today`, `clusters`, `announcements`, `schedules`, `occurrences`, `emergencies`).
    """

    noun: str
    key: str


PLURALS = {
    "announcement": "announcements",
    "schedule": "schedules",
    "occurrence": "occurrences",
    "emergency": "emergencies",
    "template": "emergencies",
}


def topics_of(change: Change) -> tuple[Topic, ...]:
    """Everything a change may alter on a screen."""
    match change:
        case DeliveryChanged():
            return Topic("occurrence", change.occurrence_id), Topic("today", change.commune_id)
        case PresenceChanged():
            return (
                Topic("device", change.device_id),
                Topic("clusters", change.commune_id),
                Topic("today", change.commune_id),
            )
        case ProgrammeChanged():
            plural = PLURALS.get(change.noun, f"{change.noun}s")
            return (
                Topic(change.noun, change.id),
                Topic(plural, change.place_id),
                Topic("today", change.place_id),
            )
        case EmergencyChanged():
            return (
                Topic("emergency", change.emergency_id),
                Topic("emergencies", change.place_id),
                Topic("today", change.place_id),
            )
