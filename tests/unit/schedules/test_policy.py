"""Nothing but an emergency sounds outside the hours, and who is refused is told when it may."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.policy import Rules

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
FIVE_MINUTES = timedelta(minutes=5)


def local(hour: int, minute: int = 0, *, day: int = 10, zone: ZoneInfo = VIETNAM) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=zone)


@pytest.mark.parametrize(
    ("hour", "minute", "may"),
    [(4, 59, False), (5, 0, True), (12, 0, True), (20, 55, True), (20, 56, False), (21, 0, False), (3, 15, False)],
)
def test_the_whole_airing_must_lie_inside_the_default_hours(hour: int, minute: int, may: bool):
    start = local(hour, minute)
    assert Rules.of(VIETNAM).permitted(start, start + FIVE_MINUTES) is may


def test_a_mistyped_0315_is_refused_with_the_rule_its_source_and_the_nearest_time():
    rules = Rules.of(VIETNAM, [["05:00", "07:30"], ["16:30", "19:00"]], "Decision 12/2025 of the commune")
    with pytest.raises(Refused) as refusal:
        rules.check(local(3, 15), local(3, 20))
    assert refusal.value.code == "schedules.outside_hours"
    assert refusal.value.params == {
        "time": "03:15",
        "rule": "05:00–07:30, 16:30–19:00",
        "source": "Decision 12/2025 of the commune",
        "nearest": "05:00",
        "nearest_at": "2026-03-10T05:00:00+07:00",
    }


@pytest.mark.parametrize(
    ("hour", "minute", "nearest"),
    [(22, 0, local(20, 55)), (0, 30, local(20, 55, day=9)), (1, 30, local(5)), (20, 58, local(20, 55))],
)
def test_the_nearest_time_may_be_before_or_after(hour: int, minute: int, nearest: datetime):
    assert Rules.of(VIETNAM).nearest_permitted(local(hour, minute), FIVE_MINUTES) == nearest


def test_what_fits_into_no_span_is_too_long():
    rules = Rules.of(VIETNAM, [["05:00", "05:30"]])
    with pytest.raises(Refused) as refusal:
        rules.check(local(5), local(5, 31))
    assert refusal.value.code == "schedules.too_long_for_hours"
    assert refusal.value.params["minutes"] == 31


def test_hours_may_go_over_midnight():
    rules = Rules.of(VIETNAM, [["18:00", "01:00"]])
    assert rules.permitted(local(23, 50), local(0, 10, day=11))
    assert not rules.permitted(local(0, 50), local(1, 10))
    assert rules.text == "00:00–01:00, 18:00–24:00"


def test_a_span_up_to_midnight_joins_one_from_midnight():
    rules = Rules.of(VIETNAM, [["00:00", "24:00"]])
    assert rules.permitted(local(23), local(2, day=12))


def test_no_hours_permit_every_hour():
    rules = Rules.of(VIETNAM, [])
    assert rules.permitted(local(3, 15), local(4))
    assert rules.nearest_permitted(local(3, 15), FIVE_MINUTES) == local(3, 15)


def test_the_device_gets_the_same_hours_with_the_offset_of_that_day():
    assert Rules.of(VIETNAM).wire(local(12)).spans == ((300, 1260),)
    assert Rules.of(VIETNAM).wire(local(12)).offset_min == 420
    assert Rules.of(BERLIN).wire(local(12, zone=BERLIN)).offset_min == 60


@pytest.mark.parametrize("hours", [[["5", "21:00"]], [["05:00", "25:00"]], [["24:00", "05:00"]]])
def test_hours_that_are_no_times_are_refused(hours: list[list[str]]):
    with pytest.raises(Refused) as refusal:
        Rules.of(VIETNAM, hours)
    assert refusal.value.code == "schedules.time_wrong"


@settings(max_examples=80)
@given(
    zone=st.sampled_from([VIETNAM, BERLIN, ZoneInfo("Australia/Lord_Howe")]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001 - hypothesis wants naive limits
    minutes=st.integers(0, 240),
    hours=st.lists(st.tuples(st.times(), st.times()), min_size=1, max_size=3),
)
def test_the_nearest_permitted_time_is_permitted_and_none_nearer_is(
    zone: ZoneInfo, start: datetime, minutes: int, hours: list[tuple[time, time]]
):
    rules = Rules.of(zone, [[f"{low:%H:%M}", f"{high:%H:%M}"] for low, high in hours])
    lasts = timedelta(minutes=minutes)
    nearest = rules.nearest_permitted(start, lasts)
    if nearest is None:
        assert not rules.permitted(start, start + lasts)
        return
    assert rules.permitted(nearest, nearest + lasts)
    assert rules.permitted(start, start + lasts) == (nearest == start)
    distance = abs(nearest - start)
    for part in (0.3, 0.9):
        for nearer in (start - distance * part, start + distance * part):
            assert distance == timedelta() or not rules.permitted(nearer, nearer + lasts)
