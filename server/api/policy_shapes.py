"""A place's rules in JSON, and what changing them does."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from schedules.airtime import BLOCK_GAP
from schedules.allowances import MAX_EVENTS, MAX_GAP, MAX_RULES, NAME_LENGTH, Kind
from schedules.governing import Effect, InForce
from schedules.said_policy import SaidPolicy
from schedules.stored_policy import MAX_SPANS, VERSION
from server.api.shapes import Moment, Shown, Strict

Words = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
Span = Annotated[list[Annotated[str, Field(max_length=5)]], Field(min_length=2, max_length=2)]
Hours = Annotated[list[Span], Field(max_length=MAX_SPANS, description="Local [“HH:MM”, “HH:MM”] pairs")]
Percent = Annotated[int, Field(ge=0, le=100)]
SHOWN = 200
"""Airings of each kind an effect names."""


class LimitIn(Strict):
    """At most so many blocks a day, minutes a block, or minutes a day, in what one cluster hears."""

    kind: Literal["blocks", "block_minutes", "day_minutes"]
    most: Annotated[int, Field(ge=1, le=1_440)]
    name: Words
    source: Words


class CapIn(Strict):
    """Within these hours nothing louder, in percent."""

    name: Words
    hours: Annotated[Hours, Field(min_length=1)]
    volume_max: Percent
    source: Words


class EventIn(Strict):
    """Days on which some rules do not hold, or other hours do."""

    name: Words
    first_day: date
    last_day: date
    lifts: Annotated[list[Kind], Field(max_length=len(Kind))]
    hours: Hours | None = None
    source: Words


class PolicyIn(Strict):
    """The whole of a place's rules. No hours at all permit every hour."""

    hours: Hours
    volume_max: Percent = 100
    source: Words
    limits: Annotated[list[LimitIn], Field(max_length=MAX_RULES)] = Field(default_factory=list)
    caps: Annotated[list[CapIn], Field(max_length=MAX_RULES)] = Field(default_factory=list)
    events: Annotated[list[EventIn], Field(max_length=MAX_EVENTS)] = Field(default_factory=list)
    block_gap_s: Annotated[int, Field(ge=0, le=int(MAX_GAP.total_seconds()))] = BLOCK_GAP.seconds

    def said(self) -> SaidPolicy:
        """The same, checked. Raises Refused, as `SaidPolicy` does."""
        whole = self.model_dump(mode="json")
        events = [
            {name: value for name, value in each.items() if name != "hours" or value is not None}
            for each in whole["events"]
        ]
        allowance = {
            "version": VERSION,
            "limits": whole["limits"],
            "caps": whole["caps"],
            "events": events,
            "block_gap_s": self.block_gap_s,
        }
        return SaidPolicy(whole["hours"], self.volume_max, self.source, allowance)


class PolicyOut(Shown):
    """The rules that hold in a place. place_id: whose they are; empty for Loa's own; own: whether the place's."""

    place_id: str
    own: bool
    hours: list[list[str]]
    volume_max: int
    source: str
    limits: list[dict[str, Any]]
    caps: list[dict[str, Any]]
    events: list[dict[str, Any]]
    block_gap_s: int


class AiringOut(Shown):
    """An airing a change touches; of one that is called off, why, and by which rule."""

    occurrence_id: str
    title: str
    start_at: Moment
    reason: str = ""
    rule: str = ""
    source: str = ""


class EffectOut(Shown):
    """What a change does: the first airings of each kind, and how many there are.

    replaced: ordered anew with another volume. communes: where the speakers are told other hours or another volume.
    """

    stops: list[AiringOut]
    stops_count: int
    returns: list[AiringOut]
    returns_count: int
    replaced: int
    communes: list[str]


def policy_out(found: InForce) -> PolicyOut:
    more = found.said.allowance
    return PolicyOut(
        place_id=found.place_id,
        own=found.own,
        hours=found.said.hours,
        volume_max=found.said.volume_max,
        source=found.said.source,
        limits=more.get("limits", []),
        caps=more.get("caps", []),
        events=more.get("events", []),
        block_gap_s=more.get("block_gap_s", BLOCK_GAP.seconds),
    )


def effect_out(effect: Effect) -> EffectOut:
    stops = [
        AiringOut(
            occurrence_id=each.row.id,
            title=each.row.title,
            start_at=each.row.start_at,
            reason=each.reason,
            rule=each.violation.rule,
            source=each.violation.source,
        )
        for each in effect.stops[:SHOWN]
    ]
    returns = [
        AiringOut(occurrence_id=row.id, title=row.title, start_at=row.start_at) for row in effect.returns[:SHOWN]
    ]
    return EffectOut(
        stops=stops,
        stops_count=len(effect.stops),
        returns=returns,
        returns_count=len(effect.returns),
        replaced=len(effect.louder_or_softer),
        communes=effect.communes,
    )
