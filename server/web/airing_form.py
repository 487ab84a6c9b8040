"""What the form for changing an airing says: from its fields to a change, and back to its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from devices.wire.orders import AfterPreemption
from schedules.edits import Change, Scope
from schedules.models import Occurrence
from schedules.plans import Preempted
from schedules.recurrence import Rule, check_times
from server.web import audience, fields
from server.web.audience import Chosen, read_chosen
from server.web.recurring import rule_of

KEEP = "keep"
"""Of a choice: it stays as it is."""
TIMES = 4
Said = ImmutableMultiDict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which airings are to be changed, and how. revision: of the schedule that was seen."""

    scope: Scope
    change: Change
    revision: int | None


def read(said: Said, row: Occurrence, zone: ZoneInfo, today: date) -> Asked:
    """What is asked of an airing. Raises Refused for what cannot be read, and "server.change_nothing"."""
    try:
        scope = Scope(str(said.get("scope", "")))
    except ValueError as error:
        raise Refused("server.input_wrong") from error
    revision = fields.whole_or_none(said, "revision")
    if said.get("off"):
        return Asked(scope, Change(cancel=True), revision)
    change = _change(said, scope, row, zone, today)
    if not change.moves and not change.says_content:
        raise Refused("server.change_nothing")
    return Asked(scope, change, revision)


def blank(row: Occurrence, zone: ZoneInfo) -> dict[str, Any]:
    """The form of an airing nobody has typed into yet."""
    local = row.start_at.astimezone(zone)
    return {
        "scope": Scope.THIS.value,
        "time": f"{local:%H:%M}",
        "day": local.date().isoformat(),
        "announcement": row.announcement_id or "",
        "volume": "",
        "then": "",
        "stale": "",
        "repeat": KEEP,
        "weekdays": (),
        "times": ("",) * TIMES,
        "last_day": "",
    }


def typed(said: Said) -> dict[str, Any]:
    """What was typed, to be shown again."""
    names = ("scope", "day", "announcement", "volume", "then", "stale", "last_day")
    times = [str(value) for value in said.getlist("at")][:24]
    return {
        **{name: str(said.get(name, "")) for name in names},
        "time": _time(said),
        "repeat": str(said.get("repeat", KEEP)),
        "weekdays": tuple(map(str, said.getlist("weekday"))),
        "times": tuple(times + [""] * (TIMES - len(times))),
    }


def chosen_of(said: Said) -> Chosen:
    """Where it is to be heard, or `KEEP`."""
    return Chosen(KEEP) if said.get("where", KEEP) == KEEP else read_chosen(said)


def _change(said: Said, scope: Scope, row: Occurrence, zone: ZoneInfo, today: date) -> Change:
    was = row.start_at.astimezone(zone)
    rule = None if scope is Scope.THIS else _rule(said, row, scope, zone, today)
    time, day = _time(said), str(said.get("day", "")).strip()
    chosen = chosen_of(said)
    announcement = str(said.get("announcement", ""))
    return Change(
        time=time if time and rule is None and time != f"{was:%H:%M}" else None,
        day=fields.day(day) if scope is Scope.THIS and day and day != was.date().isoformat() else None,
        rule=rule,
        announcement=announcement if announcement and announcement != row.announcement_id else None,
        audience=None if chosen.where == KEEP else audience.needed(chosen),
        volume=fields.whole_or_none(said, "volume"),
        preempted=_preempted(said, row),
    )


def _time(said: Said) -> str:
    """The time typed, or the permitted one that was offered and taken."""
    return str(said.get("take") or said.get("time") or "").strip()[:8]


def _rule(said: Said, row: Occurrence, scope: Scope, zone: ZoneInfo, today: date) -> Rule | None:
    repeat = str(said.get("repeat", KEEP))
    if repeat == KEEP:
        return None
    rrule = rule_of(repeat, map(str, said.getlist("weekday")))
    if not rrule:
        raise Refused("server.input_wrong")
    first = today if scope is Scope.ALL else max(today, (row.original_at or row.start_at).astimezone(zone).date())
    last = str(said.get("last_day", "") or "")
    times = check_times([str(value) for value in said.getlist("at") if value])
    return Rule(rrule, first, fields.day(last) if last else None, times, zone)


def _preempted(said: Mapping[str, Any], row: Occurrence) -> Preempted | None:
    """None where nothing of it was said."""
    then, minutes = str(said.get("then", "")), fields.whole_or_none(said, "stale")
    if not then and minutes is None:
        return None
    try:
        return Preempted(AfterPreemption(then) if then else row.preempted, None if minutes is None else minutes * 60)
    except ValueError as error:
        raise Refused("server.input_wrong") from error
