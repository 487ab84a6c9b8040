"""Rows of the as-run log."""

from datetime import timedelta
from typing import Any

from devices.models import DeliveryState
from devices.wire.orders import Level, PlayClass
from schedules.asrun import Row
from tests.unit.schedules.day import DAY, local

NOW = local("20:00", DAY + timedelta(days=40))
A_MINUTE_MS = 60_000


def row(
    occurrence: str = "news", cluster: str = "a", state: DeliveryState | None = DeliveryState.PLAYED, **more: Any
) -> Row:
    """Ten minutes at five, said to have sounded whole when it played."""
    whole = state in {DeliveryState.PLAYED, DeliveryState.TRANSMITTED}
    fields: dict[str, Any] = {
        "title": "Bản tin sáng",
        "start": local("05:00"),
        "play_class": PlayClass.NORMAL,
        "level": Level.COMMUNE,
        "cluster_name": f"Cụm {cluster}",
        "village": f"village of {cluster}",
        "people": 100,
        "planned_ms": 10 * A_MINUTE_MS,
        "sounded_ms": 10 * A_MINUTE_MS if whole else 0,
    } | more
    fields.setdefault("expires_at", fields["start"] + timedelta(minutes=41))
    return Row(occurrence=occurrence, cluster=cluster, state=state, **fields)
