"""A day of airings to try rules on."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schedules.conflicts import Slot

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2026, 3, 10)


def local(text: str, day: date = DAY, zone: ZoneInfo = VIETNAM) -> datetime:
    """The UTC moment of "HH:MM" or "HH:MM:SS" on a local day."""
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)


def slot(
    name: str, start: str, minutes: float, *, day: date = DAY, clusters: Iterable[str] = "ab", **more: Any
) -> Slot:
    begins = local(start, day)
    fields: dict[str, Any] = {"play_class": 1} | more
    return Slot(name, begins, begins + timedelta(minutes=minutes), clusters=frozenset(clusters), **fields)
