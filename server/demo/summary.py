"""What the demo counts, and whether everything expected happened."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(values: Sequence[int], share: float) -> int | None:
    """The smallest value that at least `share` of them do not exceed; None of nothing."""
    if not values:
        return None
    return sorted(values)[math.ceil(len(values) * share) - 1]


@dataclass(slots=True)
class Summary:
    """The figures of one run. Counts of receipts are clusters; skew is how far apart the smart clusters began."""

    smart_total: int = 0
    smart_online: int = 0
    wireless_total: int = 0
    wireless_reachable: int = 0
    receipts: dict[str, int] = field(default_factory=dict)
    first_sound_s: float | None = None
    starts_ms: list[int] = field(default_factory=list)
    broker: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every smart cluster played, every wireless one was transmitted to, and nothing went wrong."""
        return (
            not self.errors
            and self.smart_total > 0
            and self.smart_online == self.smart_total
            and self.wireless_reachable == self.wireless_total
            and self.receipts.get("played") == self.smart_total
            and self.receipts.get("transmitted", 0) == self.wireless_total
        )

    def to_json(self) -> dict[str, Any]:
        """The summary a script can check."""
        first = min(self.starts_ms, default=0)
        apart = [start - first for start in self.starts_ms]
        states = ("played", "transmitted", "missed", "rejected", "preempted", "cancelled", "interrupted", "waiting")
        return {
            "ok": self.ok,
            "clusters": {
                "smart": {"total": self.smart_total, "online": self.smart_online},
                "wireless": {"total": self.wireless_total, "reachable": self.wireless_reachable},
            },
            "receipts": {state: self.receipts.get(state, 0) for state in states},
            "first_sound_s": self.first_sound_s,
            "start_skew_ms": {"p50": percentile(apart, 0.5), "p99": percentile(apart, 0.99)},
            "broker": self.broker,
            "errors": self.errors,
        }
