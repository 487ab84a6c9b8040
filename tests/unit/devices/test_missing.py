from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.missing import InForce, Missing, Want, lowest_held
from devices.wire.haves import Haves

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def order(seq: int, log: str = "c", urgency: int = 1, age_s: float = 60) -> InForce:
    return InForce(f"{log}{seq}", log, seq, urgency, NOW - timedelta(seconds=age_s))


def want(held: Haves, *, fresh: bool = False) -> Want:
    return Want({"c": held}, fresh)


def test_only_what_is_lacking_of_followed_logs_is_chosen() -> None:
    orders = [order(1), order(2), order(3), order(4), order(2, log="other")]
    chosen = Missing().choose("d", want(Haves(1, ((3, 3),))), orders, NOW)
    assert [each.seq for each in chosen] == [2, 4]


def test_what_was_just_sent_is_not_sent_again_for_five_seconds_to_the_same_device() -> None:
    missing = Missing()
    assert missing.choose("d", want(Haves()), [order(1)], NOW)
    assert not missing.choose("d", want(Haves()), [order(1)], NOW + timedelta(seconds=4.9))
    assert missing.choose("d", want(Haves()), [order(1), order(2)], NOW + timedelta(seconds=4.9)) == [order(2)]
    assert missing.choose("other", want(Haves()), [order(1)], NOW)
    assert missing.choose("d", want(Haves()), [order(1)], NOW + timedelta(seconds=5))


def test_a_device_that_connects_again_gets_at_once_what_was_lost_with_its_connection() -> None:
    missing = Missing()
    missing.choose("d", want(Haves(), fresh=True), [order(1, urgency=3)], NOW)
    soon = NOW + timedelta(seconds=2)
    assert missing.choose("d", want(Haves(), fresh=True), [order(1, urgency=3)], soon) == [order(1, urgency=3)]
    assert not missing.choose("d", want(Haves()), [order(1, urgency=3)], soon + timedelta(seconds=4.9))


def test_a_clock_set_back_holds_nothing_back_for_long() -> None:
    missing = Missing()
    missing.choose("d", want(Haves()), [order(1)], NOW)
    old = order(1, age_s=7_200)
    assert missing.choose("d", want(Haves()), [old], NOW - timedelta(hours=1)) == [old]


def test_a_brand_new_order_is_left_to_its_own_topic_unless_the_device_has_only_just_connected() -> None:
    young = order(1, age_s=0.05)
    assert not Missing().choose("d", want(Haves()), [young], NOW)
    assert Missing().choose("d", want(Haves(), fresh=True), [young], NOW) == [young]


def test_forgetting_keeps_only_what_still_holds_something_back() -> None:
    missing = Missing()
    missing.choose("old", want(Haves()), [order(1)], NOW)
    missing.choose("new", want(Haves()), [order(1)], NOW + timedelta(seconds=6))
    missing.forget(NOW + timedelta(seconds=6))
    assert set(missing._sent) == {"new"}


def test_a_frame_is_the_most_sent_at_once() -> None:
    assert len(Missing().choose("d", want(Haves()), [order(n) for n in range(1, 400)], NOW)) == 256


def test_lowest_held_is_what_the_poorest_device_holds() -> None:
    assert lowest_held([want(Haves(7)), want(Haves(3, ((5, 9),))), Want({"d": Haves()}, fresh=True)]) == {
        "c": 3,
        "d": 0,
    }


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_device_holds_everything_in_force_after_what_was_chosen(held: set[int], in_force: set[int]) -> None:
    haves = Haves.of(held)
    chosen = Missing().choose("d", want(haves), [order(seq) for seq in sorted(in_force)], NOW)
    assert {each.seq for each in chosen} == in_force - held
