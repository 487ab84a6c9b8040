"""A policy as an administrator says it, whole or not at all, before it is anybody's (pure)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from base.errors import Refused
from devices.wire.config import MAX_SPANS
from schedules.allowances import NAME_LENGTH, Allowance
from schedules.models import Policy
from schedules.policy import Rules
from schedules.stored_policy import Hours, policy_from_map, policy_to_map

_ANYWHERE = ZoneInfo("Asia/Ho_Chi_Minh")
"""The policy of a province is of no zone; it is read in each commune's."""


@dataclass(frozen=True, slots=True)
class SaidPolicy:
    """Hours, the loudest volume in percent, the source of both, and what `stored_policy.policy_to_map` gives.

    Construction raises Refused: policy_wrong, policy_unreadable, time_wrong, days_reversed.
    """

    hours: Hours
    volume_max: int
    source: str
    allowance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if type(self.volume_max) is not int or not 0 <= self.volume_max <= 100:
            raise Refused("schedules.policy_wrong", part=f"volume {self.volume_max}"[:80])
        if not 1 <= len(self.source.strip()) <= NAME_LENGTH:
            raise Refused("schedules.policy_wrong", part=self.source[:80] or "source")
        if len(self.for_zone(_ANYWHERE).hours.spans) > MAX_SPANS:
            raise Refused("schedules.policy_wrong", part=f"{len(self.hours)} × HH:MM")

    def for_zone(self, zone: ZoneInfo) -> Allowance:
        """What it permits in a commune of that zone."""
        rules = Rules.of(zone, self.hours[: MAX_SPANS + 1], self.source.strip(), self.volume_max)
        return policy_from_map(self.allowance, rules)

    def write(self, row: Policy) -> None:
        """Keep it in its place's row, in the form in which it is always kept."""
        row.hours = [list(pair) for pair in self.hours]
        row.volume_max, row.source = self.volume_max, self.source.strip()
        row.allowance = policy_to_map(self.for_zone(_ANYWHERE))


def said_of(row: Policy) -> SaidPolicy:
    """A policy as it is kept."""
    return SaidPolicy(row.hours, row.volume_max, row.source or "–", row.allowance)


def version_of(row: Policy | None) -> str:
    """Changes with every change of a policy; of a place without one always the same."""
    if row is None:
        return "none"
    said: Mapping[str, Any] = row.model_dump(exclude={"place_id"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
