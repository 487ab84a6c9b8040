"""A commune's policy beyond its hours as JSON and back, with a version (pure)."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from base.errors import Refused
from schedules.airtime import BLOCK_GAP
from schedules.allowances import Allowance, Event, Kind, Limit, VolumeCap
from schedules.policy import Rules

VERSION = 1
MAX_SPANS = 16

Hours = list[list[str]]
"""Local ["HH:MM", "HH:MM"] pairs."""


def policy_to_map(allowance: Allowance) -> dict[str, Any]:
    """Limits, caps, events and the gap between blocks; the hours are the policy's own columns."""
    return {
        "version": VERSION,
        "limits": [
            {"kind": each.kind.value, "most": each.most, "name": each.name, "source": each.source}
            for each in allowance.limits
        ],
        "caps": [
            {
                "name": each.name,
                "hours": hours_of(each.when),
                "source": each.when.source,
                "volume_max": each.when.volume_max,
            }
            for each in allowance.caps
        ],
        "events": [_event_map(each) for each in allowance.events],
        "block_gap_s": allowance.block_gap // timedelta(seconds=1),
    }


def policy_from_map(said: Mapping[str, Any], hours: Rules) -> Allowance:
    """What `policy_to_map` gave, for a commune with these hours. An empty map is a policy of nothing but hours.

    Raises Refused, also for what anybody else made up: policy_wrong, policy_unreadable, time_wrong, days_reversed.
    """
    if not said:
        return Allowance(hours)
    try:
        if said["version"] != VERSION:
            raise Refused("schedules.policy_unreadable", part=f"version {said['version']}"[:80])
        return Allowance(
            hours,
            limits=tuple(
                Limit(Kind(each["kind"]), _whole(each["most"]), _words(each["name"]), _words(each["source"]))
                for each in said["limits"]
            ),
            caps=tuple(
                VolumeCap(
                    _words(each["name"]),
                    Rules.of(hours.zone, _spans(each["hours"]), _words(each["source"]), _whole(each["volume_max"])),
                )
                for each in said["caps"]
            ),
            events=tuple(_event(each, hours) for each in said["events"]),
            block_gap=timedelta(seconds=_whole(said.get("block_gap_s", BLOCK_GAP // timedelta(seconds=1)))),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Refused("schedules.policy_unreadable", part=f"{type(error).__name__}: {error}"[:80]) from error


def hours_of(rules: Rules) -> Hours:
    """The spans of some rules as people write them."""
    return [[_clock(low), _clock(high)] for low, high in rules.spans]


def _event_map(event: Event) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": event.name,
        "first_day": event.first_day.isoformat(),
        "last_day": event.last_day.isoformat(),
        "lifts": sorted(event.lifts),
        "source": event.source,
    }
    return said if event.hours is None else said | {"hours": hours_of(event.hours)}


def _event(said: Mapping[str, Any], hours: Rules) -> Event:
    own = Rules.of(hours.zone, _spans(said["hours"]), _words(said["source"])) if "hours" in said else None
    return Event(
        _words(said["name"]),
        date.fromisoformat(said["first_day"]),
        date.fromisoformat(said["last_day"]),
        frozenset(Kind(kind) for kind in said["lifts"]),
        _words(said["source"]),
        own,
    )


def _spans(said: Any) -> Sequence[Sequence[str]]:
    if not isinstance(said, list) or len(said) > MAX_SPANS:
        raise TypeError("hours")
    for pair in said:
        if not isinstance(pair, list) or [type(each) for each in pair] != [str, str]:
            raise TypeError("hours")
    return said


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("words")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("number")
    return value


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
