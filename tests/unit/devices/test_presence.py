from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.models import Presence
from devices.presence import judge

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
    assert judge(HEARD, None, began + timedelta(seconds=45), began) is Presence.ONLINE
    assert judge(HEARD, None, began + timedelta(seconds=86), began) is Presence.LOST


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.none() | st.floats(0, 1e6))
def test_longer_silence_never_looks_better(first: float, second: float, quiet: float | None) -> None:
    order = [Presence.ONLINE, Presence.QUIET, Presence.LATE, Presence.LOST]
    until = None if quiet is None else after(quiet)
    early, late = sorted((first, second))
    assert order.index(judge(HEARD, until, after(early))) <= order.index(judge(HEARD, until, after(late)))
