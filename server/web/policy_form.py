"""A policy as its form shows it and sends it back (pure)."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.airtime import BLOCK_GAP
from schedules.allowances import MAX_EVENTS, MAX_RULES, Kind
from schedules.said_policy import SaidPolicy
from schedules.stored_policy import VERSION, Hours
from server.i18n.catalogue import N_

MAX_JSON = 65_536
SPARE_HOURS, SPARE_LIMITS, SPARE_OTHERS = 1, 1, 1
LIMITS = {
    Kind.BLOCKS.value: N_("blocks a day, at most"),
    Kind.BLOCK_MINUTES.value: N_("minutes a block, at most"),
    Kind.DAY_MINUTES.value: N_("minutes of sound a day, at most"),
}
"""What a limit counts, in the order of the form."""
LIFTS = {
    Kind.HOURS.value: N_("the hours"),
    Kind.BLOCKS.value: N_("blocks a day"),
    Kind.BLOCK_MINUTES.value: N_("minutes a block"),
    Kind.DAY_MINUTES.value: N_("minutes a day"),
    Kind.VOLUME.value: N_("volume by hour"),
}
_SPAN = re.compile(r"\s*(\d{1,2}:\d{2})\s*[-–—]\s*(\d{1,2}:\d{2})\s*")
_BLANK_LIMIT = {"kind": Kind.BLOCKS.value, "most": "", "name": "", "source": ""}
_BLANK_CAP = {"name": "", "hours": "", "volume_max": "", "source": ""}
_BLANK_EVENT: dict[str, Any] = {
    "name": "",
    "first_day": "",
    "last_day": "",
    "lifts": [],
    "hours": "",
    "source": "",
}
_MINUTE_S = 60

Form = dict[str, Any]


def shown(said: SaidPolicy) -> Form:
    """A policy in the fields of the form, with room for more."""
    more = said.allowance
    events = [each | {"hours": hours_text(each.get("hours", ()))} for each in more.get("events", ())]
    return {
        "hours": [*said.hours, *([["", ""]] * SPARE_HOURS)],
        "volume_max": said.volume_max,
        "source": said.source,
        "block_gap": more.get("block_gap_s", BLOCK_GAP.seconds) // _MINUTE_S,
        "limits": [*more.get("limits", ()), *([_BLANK_LIMIT] * SPARE_LIMITS)],
        "caps": [
            *(each | {"hours": hours_text(each["hours"])} for each in more.get("caps", ())),
            *([_BLANK_CAP] * SPARE_OTHERS),
        ],
        "events": [*events, *([_BLANK_EVENT] * SPARE_OTHERS)],
    }


def typed(said: ImmutableMultiDict[str, Any]) -> Form:
    """What was typed, to be shown again."""
    events = _rows(said, "event", ("name", "first_day", "last_day", "hours", "source"), MAX_EVENTS)
    for number, event in enumerate(events):
        event["lifts"] = [str(each) for each in said.getlist(f"event_lifts_{number}")][: len(LIFTS)]
    return {
        "hours": [[row["from"], row["to"]] for row in _rows(said, "hours", ("from", "to"), MAX_RULES)],
        "volume_max": str(said.get("volume_max", ""))[:9],
        "source": str(said.get("source", ""))[:500],
        "block_gap": str(said.get("block_gap", ""))[:9],
        "limits": _rows(said, "limit", ("kind", "most", "name", "source"), MAX_RULES),
        "caps": _rows(said, "cap", ("name", "hours", "volume_max", "source"), MAX_RULES),
        "events": events,
    }


def read(form: Form) -> SaidPolicy:
    """The policy a form says; rows left empty are none. Raises Refused: policy_wrong, and what `SaidPolicy` does."""
    return SaidPolicy(
        hours=[[low, high] for low, high in form["hours"] if low or high],
        volume_max=_whole(form["volume_max"]),
        source=form["source"],
        allowance={
            "version": VERSION,
            "limits": [
                each | {"most": _whole(each["most"])} for each in _filled(form["limits"], ("most", "name", "source"))
            ],
            "caps": [
                each | {"hours": read_hours(each["hours"]), "volume_max": _whole(each["volume_max"])}
                for each in _filled(form["caps"], tuple(_BLANK_CAP))
            ],
            "events": [
                _event(each) for each in _filled(form["events"], ("name", "first_day", "last_day", "hours", "source"))
            ],
            "block_gap_s": _whole(form["block_gap"]) * _MINUTE_S,
        },
    )


def to_json(said: SaidPolicy) -> str:
    """The policy in one hidden field, between looking at what it does and saving it."""
    kept = {
        "hours": said.hours,
        "volume_max": said.volume_max,
        "source": said.source,
        "allowance": said.allowance,
    }
    return json.dumps(kept, ensure_ascii=False)


def from_json(text: str) -> SaidPolicy:
    """What `to_json` gave, or somebody else. Raises Refused: policy_unreadable, and what `SaidPolicy` does."""
    if len(text) > MAX_JSON:
        raise Refused("schedules.policy_unreadable", part=f"{len(text)}")
    try:
        kept = json.loads(text)
        json.dumps(kept, ensure_ascii=False).encode()  # half a letter (a lone surrogate) could be kept nowhere
        return SaidPolicy(_pairs(kept["hours"]), kept["volume_max"], kept["source"], dict(kept["allowance"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("schedules.policy_unreadable", part=type(error).__name__) from error


def hours_text(hours: Iterable[Sequence[str]]) -> str:
    """Spans as people write them: 05:00–07:00, 17:00–19:00."""
    return ", ".join(f"{low}–{high}" for low, high in hours)


def read_hours(text: str) -> Hours:
    """What `hours_text` gave, or somebody typed. Raises Refused("schedules.policy_wrong")."""
    pieces = [piece for piece in re.split("[,;]", text[:500]) if piece.strip()]
    found = [_SPAN.fullmatch(piece) for piece in pieces]
    if None in found:
        raise Refused("schedules.policy_wrong", part=text[:80])
    return [[each[1].zfill(5), each[2].zfill(5)] for each in found if each is not None]


def _event(said: Mapping[str, Any]) -> dict[str, Any]:
    event = {**said, "lifts": [each for each in said["lifts"] if each in LIFTS]}
    hours = read_hours(event.pop("hours"))
    return event | {"hours": hours} if hours else event


def _pairs(said: Any) -> Hours:
    if not isinstance(said, list) or not all(isinstance(each, list) and len(each) == 2 for each in said):
        raise TypeError("hours")
    return [[str(low), str(high)] for low, high in said]


def _rows(said: ImmutableMultiDict[str, Any], noun: str, names: Sequence[str], most: int) -> list[dict[str, Any]]:
    """The rows of fields that come again and again, each field as often as there are rows."""
    columns = [[str(value)[:500] for value in said.getlist(f"{noun}_{name}")] for name in names]
    count = min(*map(len, columns), most + 1)
    return [dict(zip(names, row, strict=True)) for row in list(zip(*columns, strict=False))[:count]]


def _filled(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    return [dict(row) for row in rows if any(str(row[name]).strip() for name in names)]


def _whole(text: Any) -> int:
    said = str(text).strip()
    if not said.isdecimal() or len(said) > 6:
        raise Refused("schedules.policy_wrong", part=said[:80] or "–")
    return int(said)
