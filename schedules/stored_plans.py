"""A plan as JSON and back, with a version (pure). The commune's holidays are not stored with it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from base.errors import Refused
from devices.wire.audience import Audience
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.orders import AfterPreemption
from schedules.calendar_vn import NATIONAL, Holidays
from schedules.plans import Override, Plan, Preempted
from schedules.recurrence import Pick, from_map, to_map

VERSION = 1


def plan_to_map(plan: Plan) -> dict[str, Any]:
    """Only strings, numbers, lists and maps; what says nothing is left out."""
    said = {
        "version": VERSION,
        "id": plan.id,
        "rule": to_map(plan.rule),
        "announcement": plan.announcement,
        "audience": plan.audience.to_map(),
        "volume": plan.volume,
        "overrides": [override_to_map(override) for override in plan.overrides],
        "since": _text(plan.since),
        "until": _text(plan.until),
        "preempted": None if plan.preempted == Preempted() else _preempted_map(plan.preempted),
    }
    return {name: value for name, value in said.items() if value or name == "volume"}


def plan_from_map(said: Mapping[str, Any], holidays: Holidays = NATIONAL) -> Plan:
    """What `plan_to_map` gave, in a commune with these holidays. Raises Refused, also for what anybody else made up."""
    try:
        if said["version"] != VERSION:
            raise Refused("schedules.plan_unreadable", part=f"version {said['version']}"[:80])
        return Plan(
            id=_word(said["id"]),
            rule=from_map(said["rule"], holidays),
            announcement=_word(said["announcement"]),
            audience=_audience(said.get("audience", {})),
            volume=_whole(said["volume"]),
            overrides=tuple(override_from_map(each) for each in said.get("overrides", ())),
            since=_moment(said.get("since")),
            until=_moment(said.get("until")),
            preempted=_preempted(said.get("preempted", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, BadMessage) as error:
        raise Refused("schedules.plan_unreadable", part=f"{type(error).__name__}: {error}"[:80]) from error


def override_to_map(override: Override) -> dict[str, Any]:
    """What says nothing is left out."""
    said = {
        "at": str(override.at),
        "start": _text(override.start),
        "announcement": override.announcement,
        "audience": None if override.audience is None else override.audience.to_map(),
        "volume": override.volume,
        "preempted": None if override.preempted is None else _preempted_map(override.preempted),
    }
    return {name: value for name, value in said.items() if value is not None}


def override_from_map(said: Mapping[str, Any]) -> Override:
    """What `override_to_map` gave. Raises an error of a type that says so for anything else."""
    at = Pick.parse(said["at"])
    if not at.time:
        raise ValueError(said["at"])
    return Override(
        at=at,
        start=_moment(said.get("start")),
        announcement=_word(said["announcement"]) if "announcement" in said else None,
        audience=_audience(said["audience"]) if "audience" in said else None,
        volume=_whole(said["volume"]) if "volume" in said else None,
        preempted=_preempted(said["preempted"]) if "preempted" in said else None,
    )


def _preempted_map(preempted: Preempted) -> dict[str, Any]:
    said = {"then": preempted.then.value, "stale_s": preempted.stale_s}
    return {name: value for name, value in said.items() if value is not None}


def _preempted(said: Mapping[str, Any]) -> Preempted:
    """Nothing said is what every plan of an earlier version means."""
    stale_s = said.get("stale_s")
    if stale_s is not None and type(stale_s) is not int:
        raise TypeError("stale_s")
    return Preempted(AfterPreemption(said.get("then", AfterPreemption.RESUME.value)), stale_s)


def _audience(said: Any) -> Audience:
    return Audience.from_fields(Fields(said, "audience"))


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text[:40])
    return at.astimezone(UTC)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise TypeError("id")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 100:
        raise TypeError("volume")
    return value
