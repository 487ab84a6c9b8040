"""What the form for changing an airing says: from its fields to a change, and back to its fields."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from devices.wire.orders import AfterPreemption
from schedules.edits import Change, Scope
from schedules.models import Occurrence
from schedules.plans import Preempted
from server.web import audience, fields, rule_form
from server.web.audience import Chosen, read_chosen
from server.web.recurring import DAILY
from server.web.rule_form import RuleForm

KEEP, NEW = "keep", "new"
"""Of a choice: it stays as it is, or other days and times are said."""
Said = ImmutableMultiDict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which airings are to be changed, and how. revision: of the schedule that was seen."""

    scope: Scope
    change: Change
    revision: int | None


def read(said: Said, row: Occurrence, zone: ZoneInfo) -> Asked:
    """What is asked of an airing. Raises Refused for what cannot be read, and "server.change_nothing"."""
    scope = fields.member(Scope, said.get("scope", ""))
    revision = fields.whole_or_none(said, "revision")
    if said.get("off"):
        return Asked(scope, Change(cancel=True), revision)
    change = _change(said, scope, row, zone)
    if not change.moves and not change.says_content:
        raise Refused("server.change_nothing")
    return Asked(scope, change, revision)


def blank(row: Occurrence, zone: ZoneInfo) -> dict[str, str]:
    """The form of an airing nobody has typed into yet."""
    local = row.start_at.astimezone(zone)
    return {
        "scope": Scope.THIS.value,
        "clock": f"{local:%H:%M}",
        "day": local.date().isoformat(),
        "announcement": row.announcement_id or "",
        "volume": "",
        "then": "",
        "stale": "",
        "days": KEEP,
    }


def blank_rule(row: Occurrence, zone: ZoneInfo, today: date) -> RuleForm:
    """The fields of another rule, as long as nobody asks for one."""
    times = (f"{row.start_at.astimezone(zone):%H:%M}", *("",) * (rule_form.TIMES - 1))
    return replace(rule_form.blank(today), repeat=DAILY, times=times)


def typed(said: Said) -> dict[str, str]:
    """What was typed beside rule and audience, to be shown again."""
    names = ("scope", "day", "announcement", "volume", "then", "stale", "days")
    return {name: str(said.get(name, ""))[:40] for name in names} | {"clock": _clock(said)}


def chosen_of(said: Said) -> Chosen:
    """Where it is to be heard, or `KEEP`."""
    return Chosen(KEEP) if said.get("where", KEEP) == KEEP else read_chosen(said)


def _change(said: Said, scope: Scope, row: Occurrence, zone: ZoneInfo) -> Change:
    was = row.start_at.astimezone(zone)
    rule = rule_form.read(said).rule(zone) if scope is not Scope.THIS and said.get("days") == NEW else None
    time, day = _clock(said), str(said.get("day", "")).strip()
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


def _clock(said: Said) -> str:
    """The time typed, or the permitted one that was offered and taken."""
    return str(said.get("take") or said.get("clock") or "").strip()[:8]


def _preempted(said: Mapping[str, Any], row: Occurrence) -> Preempted | None:
    """None where nothing of it was said."""
    then, minutes = str(said.get("then", "")), fields.whole_or_none(said, "stale")
    if not then and minutes is None:
        return None
    stale_s = None if minutes is None else minutes * 60
    return Preempted(fields.member(AfterPreemption, then) if then else row.preempted, stale_s)
