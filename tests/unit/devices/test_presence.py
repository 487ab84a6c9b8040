from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.models import Presence
from devices.presence import Hearing, judge

HEARD = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return HEARD + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("silent_s", "presence"),
    [
        (0, Presence.ONLINE),
        (45, Presence.ONLINE),
        (45.1, Presence.LATE),
        (85, Presence.LATE),
        (85.1, Presence.LOST),
        (90_000, Presence.LOST),
    ],
)
def test_silence_becomes_late_then_lost(silent_s: float, presence: Presence) -> None:
    assert judge(HEARD, None, after(silent_s)) is presence


def test_a_device_never_heard_is_never() -> None:
    assert judge(None, after(9), HEARD) is Presence.NEVER


def test_announced_silence_is_quiet_until_it_ends_and_then_gets_the_usual_patience() -> None:
    until = after(3600)
    assert judge(HEARD, until, after(3599)) is Presence.QUIET
    assert judge(HEARD, until, after(3600 + 85)) is Presence.LATE
    assert judge(HEARD, until, after(3600 + 86)) is Presence.LOST


def test_a_device_that_speaks_in_its_quiet_time_is_online() -> None:
    assert judge(HEARD, after(3600), after(20)) is Presence.ONLINE


def test_silence_is_counted_from_when_the_server_began_to_listen() -> None:
    began = after(10_000)
    assert judge(HEARD, None, began + timedelta(seconds=45), Hearing(began)) is Presence.ONLINE
    assert judge(HEARD, None, began + timedelta(seconds=86), Hearing(began)) is Presence.LOST


def listening(*until: tuple[float, float]) -> Hearing:
    """Told of looks at these moments: seconds after HEARD by the wall clock, and by the one that is never set."""
    hearing = Hearing(HEARD)
    for wall_s, steady_s in until:
        hearing.listens(after(wall_s), steady_s)
    return hearing


def test_a_clock_set_forward_makes_nobody_lost() -> None:
    hearing = listening((0, 0), (5, 5), (3_610, 10))
    assert hearing.silence(HEARD, after(3_610)) == timedelta(seconds=10)
    assert judge(HEARD, None, after(3_600 + 45), hearing) is Presence.ONLINE
    assert judge(HEARD, None, after(3_600 + 86), hearing) is Presence.LOST


def test_a_clock_set_back_keeps_counting_from_then_on() -> None:
    hearing = listening((0, 0), (3_605, 5), (10, 10))
    assert hearing.silence(HEARD, after(10)) == timedelta(seconds=10)
    assert judge(HEARD, None, after(86), hearing) is Presence.LOST


def test_a_clock_set_back_behind_the_start_of_the_server_keeps_counting_too() -> None:
    hearing = listening((0, 0), (-3_595, 5))
    assert hearing.silence(after(-3_595), after(-3_585)) == timedelta(seconds=10)


def test_a_connection_that_comes_and_goes_hides_nobody_for_long() -> None:
    hearing, steady_s = listening((0, 0)), 0.0
    for wall_s in range(5, 121, 5):
        steady_s = float(wall_s)
        if wall_s % 60 == 0:
            hearing.back(after(wall_s), steady_s)
        else:
            hearing.listens(after(wall_s), steady_s)
    assert hearing.silence(HEARD, after(120)) == timedelta(seconds=110)
    assert judge(HEARD, None, after(120), hearing) is Presence.LOST


def test_while_the_broker_was_away_nobody_was_silent() -> None:
    hearing = listening((0, 0), (20, 20))
    hearing.back(after(3_620), 3_620)
    assert judge(HEARD, None, after(3_620 + 25), hearing) is Presence.ONLINE
    assert judge(HEARD, None, after(3_620 + 66), hearing) is Presence.LOST


def test_a_jump_of_the_clock_while_the_broker_was_away_counts_once() -> None:
    hearing = listening((0, 0), (20, 20))
    hearing.back(after(7_220), 3_620)
    hearing.listens(after(7_225), 3_625)
    assert hearing.silence(HEARD, after(7_225)) == timedelta(seconds=25)


def test_what_was_not_heard_long_ago_is_forgotten() -> None:
    hearing = listening((0, 0))
    for n in range(1, 100):
        hearing.back(after(60 * n), 60 * n)
        hearing.listens(after(60 * n + 30), 60 * n + 30)
    assert len(hearing._gaps) <= 4
    assert judge(HEARD, None, after(6_000), hearing) is Presence.LOST


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.none() | st.floats(0, 1e6))
def test_longer_silence_never_looks_better(first: float, second: float, quiet: float | None) -> None:
    order = [Presence.ONLINE, Presence.QUIET, Presence.LATE, Presence.LOST]
    until = None if quiet is None else after(quiet)
    early, late = sorted((first, second))
    assert order.index(judge(HEARD, until, after(early))) <= order.index(judge(HEARD, until, after(late)))
