"""What is said of an airing before it is heard."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from devices.models import PlaceKind
from devices.views import PlaceNode
from schedules.allowances import Allowance, Event, Kind, VolumeCap
from schedules.conflicts import Slot, overlaps
from schedules.marks import Limits, Mark, in_order, in_play, layer, of_meeting, worst_need
from schedules.missing import Need
from schedules.policy import Rules

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
"""12:00 in the commune."""
DAYTIME = Allowance(Rules.of(ZONE, [("05:00", "21:00")]))
QUIET_NOON = VolumeCap("nghỉ trưa", Rules.of(ZONE, [("11:30", "13:30")], "QĐ 7", 50))


def slot(name: str = "one", hours: float = 0, minutes: float = 10, clusters: str = "ab", **more: object) -> Slot:
    start = NOON + timedelta(hours=hours)
    made = Slot(name, start, start + timedelta(minutes=minutes), 1, frozenset(clusters))
    return replace(made, **more)  # type: ignore[arg-type]  # only its own fields are given


@pytest.mark.parametrize("hours", [-8, -7.1, 8.9, 9, 11.9])
def test_an_airing_that_is_not_wholly_within_the_hours_is_not_permitted(hours: float):
    assert not Limits(DAYTIME).permits(slot(hours=hours))


@pytest.mark.parametrize("hours", [-7, 0, 8.8])
def test_one_within_the_hours_is_permitted(hours: float):
    assert Limits(DAYTIME).permits(slot(hours=hours))


def test_the_judgement_is_that_of_the_policy_itself_at_every_quarter_of_two_days():
    limits = Limits(DAYTIME)
    for quarter in range(192):
        each = slot(hours=quarter / 4 - 24)
        assert limits.permits(each) is DAYTIME.hours.permitted(each.start, each.end), each.start


def test_hours_that_go_over_midnight_hold_on_both_days():
    limits = Limits(Allowance(Rules.of(ZONE, [("20:00", "02:00")])))
    assert limits.permits(slot(hours=11.95))
    assert not limits.permits(slot(hours=14))


def test_only_the_real_emergency_is_never_asked():
    night = slot(hours=-9, play_class=3, volume=100)
    quiet = Limits(replace(DAYTIME, caps=(QUIET_NOON,)))
    assert quiet.permits(night)
    assert not quiet.permits(replace(night, actual=False))
    assert not quiet.loud(slot(play_class=3, volume=100))


def test_an_event_that_lifts_the_hours_lifts_them_on_its_days_only():
    today = NOON.astimezone(ZONE).date()
    event = Event("bão", today, today, frozenset({Kind.HOURS}), "CĐ 3")
    limits = Limits(replace(DAYTIME, events=(event,)))
    assert limits.permits(slot(hours=10))
    assert not limits.permits(slot(hours=34))


def test_it_is_turned_down_where_a_cap_holds_and_nowhere_else():
    limits = Limits(replace(DAYTIME, caps=(QUIET_NOON,)))
    assert limits.loud(slot(volume=51))
    assert not limits.loud(slot(volume=50))
    assert not limits.loud(slot(hours=3, volume=51))


def test_equals_clash_and_the_lower_gives_way_while_of_the_higher_nothing_is_said():
    low, high = slot("low", minutes=30, play_class=0), slot("high", 0.1, play_class=2)
    meets = in_play(overlaps([low, high, slot("even", 0.05), slot("other", 0.1, clusters="z")]), None)
    assert of_meeting("low", meets["low"]) == {Mark.GIVES_WAY}
    assert of_meeting("high", meets["high"]) == set()
    assert of_meeting("even", meets["even"]) == {Mark.GIVES_WAY}
    assert "other" not in meets
    same = in_play(overlaps([low, replace(low, occurrence="twin")]), None)
    assert of_meeting("twin", same["twin"]) == {Mark.CLASH}
    assert of_meeting("twin", same["twin"], {("low", "twin")}) == {Mark.DECIDED}


def test_a_meeting_elsewhere_is_not_told_but_one_on_a_transmitter_is():
    one, two = slot("one", clusters="ab"), slot("two", clusters="bc")
    assert set(in_play(overlaps([one, two]), frozenset("a"))) == set()
    assert set(in_play(overlaps([one, two]), frozenset("b"))) == {"one", "two"}
    apart = [replace(slot(name, clusters=name), transmitters=frozenset({"gateway"})) for name in "xy"]
    assert set(in_play(overlaps(apart), frozenset("x"))) == {"x", "y"}


def test_of_a_session_the_worst_item_counts_and_what_has_no_sound_says_nothing():
    village = PlaceNode("v", PlaceKind.VILLAGE, None, None, "Nà Kéo", 100)
    heard = [(village, ("hmn", "vi"))]
    assert worst_need(heard, [{"vi", "hmn"}]) is None
    assert worst_need(heard, [{"vi", "hmn"}, {"vi"}]) is Need.FIRST
    assert worst_need(heard, [{"vi"}, {"tyz"}]) is Need.NOTHING
    assert worst_need(heard, [set()]) is None


def test_marks_stand_in_the_order_of_their_weight_and_layers_above_each_other():
    assert in_order({Mark.LOUD, Mark.NOT_PERMITTED, Mark.CLASH}) == (Mark.NOT_PERMITTED, Mark.CLASH, Mark.LOUD)
    laid = sorted([layer(1, 1, NOON), layer(3, 1, NOON), layer(1, 2, NOON), layer(0, 3, NOON)])
    assert laid == [layer(3, 1, NOON), layer(1, 2, NOON), layer(1, 1, NOON), layer(0, 3, NOON)]
