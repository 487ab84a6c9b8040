"""One change of many schedules: each goes on with it, and none is heard twice or in the past."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Conflict, Refused
from devices.wire.audience import Audience
from schedules.edits import Change, Scope, edit
from schedules.many import MAX_DAYS_OFF, MAX_SHIFT_MIN, ForMany, of_airings, of_schedule
from schedules.plans import Plan, airings
from schedules.recurrence import Rule
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
NOW = local("12:00", DAY)
NEWS = Plan("news", Rule("FREQ=DAILY", DAY - 3 * A_DAY, None, ("05:00", "05:30", "17:00"), VIETNAM), "bulletin")


def ids() -> Iterator[str]:
    return (f"new {n}" for n in count(1))


def times(plans: tuple[Plan, ...], begin: datetime, days: int) -> list[str]:
    return [f"{each.start.astimezone(VIETNAM):%d %H:%M}" for each in airings(plans, begin, begin + days * A_DAY)]


def done(what: ForMany, plan: Plan = NEWS, now: datetime = NOW) -> tuple[Plan, ...]:
    return of_schedule(plan, what, now=now, new_ids=ids())


def test_all_times_of_day_move_without_meeting_each_other() -> None:
    later = done(ForMany(shift_min=30))
    assert times(later, local("00:00"), 2) == ["10 05:00", "10 05:30", "10 17:30", "11 05:30", "11 06:00", "11 17:30"]
    earlier = done(ForMany(shift_min=-30))
    assert times(earlier, local("00:00"), 2) == ["10 05:00", "10 05:30", "10 16:30", "11 04:30", "11 05:00", "11 16:30"]


def test_an_airing_whose_new_time_of_today_is_past_keeps_the_old_one() -> None:
    plans = done(ForMany(shift_min=-290), now=local("12:30"))
    assert times(plans, local("00:00"), 2) == ["10 05:00", "10 05:30", "10 17:00", "11 00:10", "11 00:40", "11 12:10"]


def test_exceptions_go_along() -> None:
    [off] = edit(NEWS, local("17:00", DAY + A_DAY), Scope.THIS, Change(cancel=True), now=NOW, new_id="").plans
    [moved] = edit(off, local("05:00", DAY + 2 * A_DAY), Scope.THIS, Change(time="08:00"), now=NOW, new_id="").plans
    assert times(done(ForMany(shift_min=15), moved), local("00:00", DAY + A_DAY), 2) == [
        "11 05:15", "11 05:45", "12 05:45", "12 08:00", "12 17:15",
    ]  # fmt: skip


def test_volume_audience_and_announcement_change_with_the_time() -> None:
    what = ForMany(shift_min=60, volume=40, audience=Audience(places=("v1",)), announcement="other")
    ahead = airings(done(what), NOW, NOW + A_DAY)
    assert {(each.volume, each.audience.places, each.announcement) for each in ahead} == {(40, ("v1",), "other")}
    assert len(ahead) == 3


def test_days_are_called_off_and_what_is_ended_has_nothing_ahead() -> None:
    off = done(ForMany(off=(DAY, DAY + A_DAY)))
    assert times(off, local("00:00"), 3)[:3] == ["10 05:00", "10 05:30", "12 05:00"]
    assert airings(done(ForMany(end=True)), NOW, NOW + 40 * A_DAY) == []
    over = replace(NEWS, until=NOW)
    for what in (ForMany(end=True), ForMany(off=(DAY, DAY)), ForMany(volume=30)):
        with pytest.raises(Conflict, match="occurrence_over"):
            done(what, over)


def test_single_airings_move_across_midnight_and_past_each_other() -> None:
    both = [local("05:00", DAY + A_DAY), local("05:30", DAY + A_DAY)]
    plans = of_airings(NEWS, both, ForMany(shift_min=30, volume=30), now=NOW)
    assert times(plans, local("00:00", DAY + A_DAY), 1) == ["11 05:30", "11 06:00", "11 17:00"]
    plans = of_airings(NEWS, [local("05:00", DAY + A_DAY)], ForMany(shift_min=-360), now=NOW)
    assert times(plans, NOW, 1) == ["10 17:00", "10 23:00", "11 05:30"]
    plans = of_airings(NEWS, both, ForMany(cancel=True), now=NOW)
    assert times(plans, local("00:00", DAY + A_DAY), 1) == ["11 17:00"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "bulk_wrong"),
        ({"end": True, "volume": 30}, "bulk_wrong"),
        ({"cancel": True, "off": (DAY, DAY)}, "bulk_wrong"),
        ({"shift_min": MAX_SHIFT_MIN + 1}, "bulk_shift"),
        ({"volume": 101}, "volume_wrong"),
        ({"off": (DAY, DAY - A_DAY)}, "bulk_days"),
        ({"off": (DAY, DAY + MAX_DAYS_OFF * A_DAY)}, "bulk_days"),
        ({"off": (date.min, date.max)}, "bulk_days"),
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, object], code: str) -> None:
    with pytest.raises(Refused, match=code):
        ForMany(**said)  # type: ignore[arg-type] # any part of a change


def test_what_fits_only_schedules_or_only_airings_is_refused_for_the_other() -> None:
    with pytest.raises(Refused, match="bulk_wrong"):
        done(ForMany(cancel=True))
    with pytest.raises(Refused, match="bulk_wrong"):
        of_airings(NEWS, [local("17:00", DAY)], ForMany(end=True), now=NOW)
    with pytest.raises(Refused, match="bulk_midnight"):
        done(ForMany(shift_min=480))


@given(st.integers(-290, 380).filter(bool), st.integers(0, 23))
def test_after_a_shift_the_same_number_is_heard_and_tomorrow_all_at_the_new_times(shift: int, hour: int) -> None:
    now = local(f"{hour:02}:10", DAY)
    plans = done(ForMany(shift_min=shift), now=now)
    before, after = (airings(some, local("00:00"), local("00:00") + 4 * A_DAY) for some in ((NEWS,), plans))
    assert len(before) == len(after)
    assert [each.start for each in after if each.start <= now] == [each.start for each in before if each.start <= now]
    moved = [each.start + timedelta(minutes=shift) for each in before][3:]
    assert [each.start for each in after][3:] == moved
