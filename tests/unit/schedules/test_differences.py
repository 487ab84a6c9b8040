"""What people would hear otherwise: what is the same says nothing, what goes and comes on one day is one airing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from devices.wire.audience import Audience
from schedules.differences import Aired, differences
from schedules.plans import Preempted

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIVE = Aired(datetime(2026, 3, 9, 22, tzinfo=UTC), "Tin", "news", Audience(), 80, Preempted())
"""05:00 on the tenth, which in UTC is still the ninth."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(step: timedelta, **said: object) -> Aired:
    return replace(FIVE, start=FIVE.start + step, **said)  # type: ignore[arg-type] # any field of it


def test_whether_speakers_have_it_changes_nothing_of_what_is_heard():
    assert differences([FIVE], [replace(FIVE, ordered=True)], ZONE) == ()


def test_twice_the_same_is_not_once():
    [gone] = differences([FIVE, FIVE], [FIVE], ZONE)
    assert (gone.before, gone.after) == (FIVE, None)


def test_what_goes_and_comes_on_one_local_day_is_the_same_airing_in_turn():
    before = [FIVE, at(12 * HOUR), at(DAY)]
    after = [at(HOUR), at(13 * HOUR), at(DAY + HOUR), at(3 * DAY)]
    found = differences(before, after, ZONE)
    assert [(each.before, each.after) for each in found] == [
        (FIVE, at(HOUR)),
        (at(12 * HOUR), at(13 * HOUR)),
        (at(DAY), at(DAY + HOUR)),
        (None, at(3 * DAY)),
    ]


def test_a_single_one_is_followed_to_another_day():
    [moved] = differences([FIVE, at(DAY)], [at(2 * DAY), at(DAY)], ZONE)
    assert (moved.before, moved.after, moved.at) == (FIVE, at(2 * DAY), at(2 * DAY).start)


def test_a_change_of_anything_that_is_heard_is_told():
    for other in (
        {"title": "Tin khác"},
        {"announcement": "other"},
        {"audience": Audience(places=("bn-v01",))},
        {"volume": 60},
        {"preempted": Preempted(stale_s=60)},
    ):
        [found] = differences([FIVE], [at(timedelta(), **other)], ZONE)
        assert found.before == FIVE
