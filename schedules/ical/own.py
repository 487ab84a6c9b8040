"""Loa's own properties in an iCalendar file: the whole rule, and whether the lines around it are still those it wrote.

Another program may move or delete an event and keep lines it does not know. The check is no signature: who forges it
only writes a rule, which is checked like every other.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import icalendar

from schedules.calendar_vn import Holidays
from schedules.recurrence import Rule, from_map, to_map

RULE, UID, CHECK = "X-LOA-RULE", "X-LOA-UID", "X-LOA-CHECK"
"""The rule as JSON, the event it belongs to, and the hash of all parts of that event."""

_SAID_BY_RULE = ("DTSTART", "RRULE", "RDATE", "EXDATE")


def mark(parts: Sequence[icalendar.Event], uid: str, rule: Rule) -> None:
    """Put Loa's own properties on all parts of one event."""
    kept = json.dumps(to_map(rule), ensure_ascii=False, sort_keys=True)
    check = _check(parts, kept)
    for part in parts:
        part.add(RULE, kept)
        part.add(UID, uid)
        part.add(CHECK, check)


def kept_rule(parts: Sequence[icalendar.Event], holidays: Holidays) -> Rule | None:
    """The rule that was put on these parts; None when it is not readable or they are not what they were.

    Raises Refused for a readable one that no rule may be.
    """
    said = [str(part.get(RULE, "")) for part in parts]
    if set(said) != {said[0]} or str(parts[0].get(CHECK)) != _check(parts, said[0]):
        return None
    try:
        return from_map(json.loads(said[0]), holidays)
    except (ValueError, AttributeError, RecursionError):
        return None


def _check(parts: Sequence[icalendar.Event], kept: str) -> str:
    """What is spelt differently counts as changed, and is read as anybody's."""
    whole = [repr([_bytes(part.get(name)) for name in _SAID_BY_RULE]) for part in parts]
    return sha256("\n".join([kept, *sorted(whole)]).encode()).hexdigest()


def _bytes(prop: Any) -> list[bytes]:
    if prop is None:
        return []
    props = prop if isinstance(prop, list) else [prop]
    return [repr(sorted(each.params.items())).encode() + each.to_ical() for each in props]
