from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.models import Presence
from devices.presence import Hearing, judge
from devices.wakeplan import awake_at, next_awake

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
EVENING = [[600, 615], [1380, 1440], [0, 30]]
"""10:00–10:15, and over midnight 23:00–00:30."""


def at(hour: float, seconds: float = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, seconds=seconds)


def test_spans_that_touch_over_midnight_are_one_stretch() -> None:
    stretch = awake_at(EVENING, at(24.25))
    assert stretch == (at(23), at(24.5)) == next_awake(EVENING, at(12))
    assert awake_at(EVENING, at(24.5)) is None
    assert next_awake(EVENING, at(24.5)) == (at(34), at(34.25))


@given(
    st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda s: s[0] < s[1]), min_size=1),
    st.integers(0, 4000),
)
def test_a_device_is_awake_exactly_in_its_minutes(wake: list[tuple[int, int]], minute: int) -> None:
    moment = MIDNIGHT + timedelta(minutes=minute)
    inside = any(low <= minute % 1440 < high for low, high in wake)
    assert (awake_at(wake, moment) is not None) is inside
    following = next_awake(wake, moment)
    assert following.end > moment
    assert inside is (following.begin <= moment)


HEARD = at(0, 29 * 60 + 50)
"""Ten seconds before its stretch over midnight ended."""


def judged(moment: datetime, was: Presence = Presence.ONLINE, quiet: datetime | None = None) -> Presence:
    return judge(HEARD, quiet, moment, wake=EVENING, was=was)


@pytest.mark.parametrize("quiet", [None, at(10)])
def test_a_device_that_sleeps_as_planned_is_never_lost_though_its_farewell_was(quiet: datetime | None) -> None:
    for hours in (0.55, 1, 5, 9.99):
        assert judged(at(hours), quiet=quiet) is Presence.QUIET


def test_it_has_a_minute_to_come_back_and_then_as_long_as_every_other() -> None:
    assert judged(at(10, 59)) is Presence.QUIET
    assert judged(at(10, 60 + 85)) is Presence.LATE
    assert judged(at(10, 60 + 86)) is Presence.LOST


def test_who_did_not_show_up_stays_lost_while_it_would_sleep_until_it_is_heard() -> None:
    assert judged(at(12), Presence.LOST) is Presence.LOST
    assert judged(at(23, 30), Presence.LOST) is Presence.LOST
    assert judge(at(23, 40), None, at(23, 60), wake=EVENING, was=Presence.LOST) is Presence.ONLINE


def test_who_falls_silent_within_its_stretch_is_lost_as_soon_as_every_other() -> None:
    heard = at(23.5)
    assert judge(heard, None, heard + timedelta(seconds=86), wake=EVENING) is Presence.LOST


def test_stretches_too_short_to_miss_it_in_hide_a_device_for_two_days_at_most() -> None:
    heard = at(10)
    for minutes, presence in ((24 * 60 + 2, Presence.QUIET), (48 * 60 + 1, Presence.LOST)):
        assert judge(heard, None, heard + timedelta(minutes=minutes), wake=[[600, 602]]) is presence


def test_the_stretch_in_which_the_server_was_deaf_is_not_held_against_it() -> None:
    hearing = Hearing(at(10, 120))
    assert judge(HEARD, None, at(10, 930), Hearing(at(10, 920)), wake=EVENING, was=Presence.QUIET) is Presence.QUIET
    assert judge(HEARD, None, at(10, 180), hearing, wake=EVENING, was=Presence.QUIET) is Presence.LATE
    assert judge(HEARD, None, at(11), hearing, wake=EVENING, was=Presence.QUIET) is Presence.QUIET
