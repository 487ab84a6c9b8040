"""Local times of an iCalendar property, in a zone known by name (pure).

Definitions of zones inside a file are not read: a name that says one thing and a definition that says another would
move every airing. Names are those of the IANA database, or of Windows.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from base.errors import Refused
from schedules.recurrence import Pick

UTC_ZONE = ZoneInfo("UTC")


def zone_named(name: str) -> ZoneInfo:
    """Raises Refused("schedules.zone_unknown")."""
    plain = name.strip().strip('"')
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(plain, plain))
    except (ValueError, KeyError, OSError) as error:
        raise Refused("schedules.zone_unknown", zone=name[:60]) from error


def zone_of(at: datetime, name: str | None, default: ZoneInfo) -> ZoneInfo:
    """The zone a time is in: the one named, UTC, or for a floating time the commune's."""
    if name is not None:
        return zone_named(name)
    return default if at.tzinfo is None else UTC_ZONE


def local(at: datetime, name: str | None, zone: ZoneInfo) -> datetime:
    """A time on the clock of `zone`; one that floats or names that zone is taken as it stands."""
    own = zone_of(at, name, zone)
    literal = at.replace(tzinfo=own)
    return literal if own.key == zone.key else literal.astimezone(zone)


def pick(at: object, name: str | None, zone: ZoneInfo) -> Pick:
    """A single day, or one time of it. Raises Refused: zone_unknown, event_seconds, event_unreadable."""
    if not isinstance(at, date):
        # A period also says how long it lasts; a duration of its own for one airing is not kept.
        raise Refused("schedules.event_unreadable", part="PERIOD")
    if not isinstance(at, datetime):
        return Pick(at)
    found = local(at, name, zone)
    return Pick(found.date(), time_text(found))


def time_text(at: datetime) -> str:
    """The time of day "HH:MM". Raises Refused("schedules.event_seconds")."""
    if at.second or at.microsecond:
        raise Refused("schedules.event_seconds", time=f"{at:%H:%M:%S}")
    return f"{at:%H:%M}"
