from datetime import UTC, datetime, timedelta

import pytest

from base.times import to_ms
from devices.freshness import Freshness, judge_beat, judge_hello
from devices.wire.reports import ClockReport, ClockState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RIGHT = ClockReport(ClockState.SYNCED, to_ms(NOW) + 60_000, 10)
YESTERDAY = ClockReport(ClockState.SYNCED, to_ms(NOW) - 86_400_000, 10)
UNSET = ClockReport(ClockState.UNSET, 0, 0)
JUST_HEARD, LONG_SILENT = NOW - timedelta(seconds=20), NOW - timedelta(seconds=86)


@pytest.mark.parametrize(
    ("boot", "n", "verdict"),
    [
        (5, 8, Freshness.NEW),
        (6, 1, Freshness.NEW),
        (5, 7, Freshness.OLD),
        (5, 6, Freshness.OLD),
        (4, 99, Freshness.OLD),
    ],
)
def test_a_heartbeat_must_be_later_than_the_last(boot: int, n: int, verdict: Freshness) -> None:
    assert judge_beat(boot, n, 5, 7) is verdict


@pytest.mark.parametrize(
    ("boot", "clock", "heard_at", "verdict"),
    [
        (6, YESTERDAY, JUST_HEARD, Freshness.NEW),
        (5, RIGHT, JUST_HEARD, Freshness.NEW),
        (5, YESTERDAY, JUST_HEARD, Freshness.AGAIN),
        (5, UNSET, JUST_HEARD, Freshness.AGAIN),
        (1, RIGHT, JUST_HEARD, Freshness.ANEW),
        (1, YESTERDAY, LONG_SILENT, Freshness.OLD),
        (1, UNSET, JUST_HEARD, Freshness.OLD),
        (1, UNSET, LONG_SILENT, Freshness.ANEW),
        (1, UNSET, None, Freshness.ANEW),
    ],
)
def test_a_hello_of_an_earlier_boot_needs_a_true_clock_or_a_long_silence(
    boot: int, clock: ClockReport, heard_at: datetime | None, verdict: Freshness
) -> None:
    assert judge_hello(boot, clock, 5, heard_at, NOW) is verdict
