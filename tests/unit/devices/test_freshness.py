from datetime import UTC, datetime, timedelta

import pytest

from base.times import to_ms
from devices.freshness import Freshness, Last, judge_beat, judge_hello
from devices.wire.reports import ClockReport, ClockState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RIGHT = ClockReport(ClockState.SYNCED, to_ms(NOW) + 60_000, 10)
YESTERDAY = ClockReport(ClockState.SYNCED, to_ms(NOW) - 86_400_000, 10)
UNSET = ClockReport(ClockState.UNSET, 0, 0)
JUST_HEARD, LONG_SILENT = NOW - timedelta(seconds=20), NOW - timedelta(seconds=86)


def last(heard_at: datetime | None = JUST_HEARD, clock_at: datetime | None = None) -> Last:
    return Last(5, 7, heard_at, clock_at)


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
    assert judge_beat(boot, n, YESTERDAY, last(), NOW) is verdict


EARLIER_BOOT = [
    (RIGHT, JUST_HEARD, Freshness.ANEW),
    (YESTERDAY, LONG_SILENT, Freshness.OLD),
    (UNSET, JUST_HEARD, Freshness.OLD),
    (UNSET, LONG_SILENT, Freshness.ANEW),
    (UNSET, None, Freshness.ANEW),
]


@pytest.mark.parametrize(("clock", "heard_at", "verdict"), EARLIER_BOOT)
def test_what_comes_from_an_earlier_boot_needs_a_true_clock_or_a_long_silence(
    clock: ClockReport, heard_at: datetime | None, verdict: Freshness
) -> None:
    assert judge_hello(1, clock, last(heard_at), NOW) is verdict
    assert judge_beat(1, 1, clock, last(heard_at), NOW) is verdict


@pytest.mark.parametrize(("later_ms", "verdict"), [(-1, Freshness.OLD), (0, Freshness.OLD), (1, Freshness.ANEW)])
def test_what_comes_from_an_earlier_boot_is_later_than_all_that_came_before(later_ms: int, verdict: Freshness) -> None:
    known = last(clock_at=NOW)
    clock = ClockReport(ClockState.SYNCED, to_ms(NOW) + later_ms, 10)
    assert judge_hello(1, clock, known, NOW) is verdict
    assert judge_beat(1, 1, clock, known, NOW) is verdict


@pytest.mark.parametrize(
    ("boot", "clock", "verdict"),
    [
        (6, YESTERDAY, Freshness.NEW),
        (5, RIGHT, Freshness.NEW),
        (5, YESTERDAY, Freshness.AGAIN),
        (5, UNSET, Freshness.AGAIN),
    ],
)
def test_a_hello_of_this_boot_or_a_later_one_is_taken(boot: int, clock: ClockReport, verdict: Freshness) -> None:
    assert judge_hello(boot, clock, last(), NOW) is verdict
