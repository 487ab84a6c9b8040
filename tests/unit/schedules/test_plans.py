"""A plan gives each airing one name for good, wherever it was moved."""

from datetime import date, timedelta

import pytest

from base.errors import Refused
from devices.wire.audience import Audience
from schedules.plans import Override, Plan, airings, heard
from schedules.recurrence import Pick, Rule
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
DAILY = Plan("news", Rule("FREQ=DAILY", DAY, None, ("05:00", "17:00"), VIETNAM), "bulletin")
UPPER = Audience(places=("upper",))


def starts(plan: Plan, days: int = 2) -> list[str]:
    found = plan.airings(local("00:00"), local("00:00", DAY + days * A_DAY))
    return [f"{each.start.astimezone(VIETNAM):%d %H:%M}" for each in found]


def test_it_is_heard_when_its_rule_says() -> None:
    assert starts(DAILY) == ["10 05:00", "10 17:00", "11 05:00", "11 17:00"]
    [first, *_] = DAILY.airings(local("05:00"), local("05:01"))
    assert (first.plan, first.original, first.announcement, first.volume) == ("news", local("05:00"), "bulletin", 80)


def test_only_the_part_of_the_rule_that_is_its_own_is_heard() -> None:
    part = Plan("part", DAILY.rule, "bulletin", since=local("17:00"), until=local("17:00", DAY + A_DAY))
    assert starts(part) == ["10 17:00", "11 05:00"]
    assert (part.first(), part.first(local("17:00", DAY + A_DAY))) == (local("17:00"), None)
    assert part.find(local("05:00")) is None


def test_an_airing_that_was_moved_keeps_its_name_and_leaves_its_old_time() -> None:
    moved = Plan("news", DAILY.rule, "b", overrides=(Override(Pick(DAY, "17:00"), local("18:30", DAY + A_DAY)),))
    assert starts(moved) == ["10 05:00", "11 05:00", "11 17:00", "11 18:30"]
    found = moved.find(local("17:00"))
    assert found is not None
    assert (found.start, found.original) == (local("18:30", DAY + A_DAY), local("17:00"))
    assert [each.original for each in moved.airings(local("18:00", DAY + A_DAY), local("19:00", DAY + A_DAY))] == [
        local("17:00")
    ]


def test_an_airing_may_differ_in_sound_listeners_and_volume() -> None:
    own = Override(Pick(DAY, "05:00"), announcement="special", audience=UPPER, volume=40)
    changed = Plan("news", DAILY.rule, "bulletin", overrides=(own,))
    first, second = changed.airings(local("00:00"), local("18:00"))
    assert (first.announcement, first.audience, first.volume) == ("special", UPPER, 40)
    assert (second.announcement, second.audience, second.volume) == ("bulletin", Audience(), 80)


def test_an_exception_from_what_the_rule_does_not_have_is_nothing() -> None:
    lost = Plan("news", DAILY.rule, "b", overrides=(Override(Pick(DAY, "06:00"), local("07:00")),))
    assert starts(lost, 1) == ["10 05:00", "10 17:00"]
    assert lost.find(local("06:00")) is None


def test_several_plans_are_heard_in_order_whatever_they_are_called() -> None:
    once = Plan("once", Rule("", DAY, DAY, ("06:00",), VIETNAM), "talk")
    assert [each.plan for each in airings([DAILY, once], local("00:00"), local("18:00"))] == ["news", "once", "news"]
    other = Plan("other name", once.rule, "talk")
    assert heard([once], local("00:00"), local("18:00")) == heard([other], local("00:00"), local("18:00"))


def test_a_volume_beyond_the_scale_and_exceptions_without_end_are_refused() -> None:
    for volume in (-1, 101):
        with pytest.raises(Refused, match="volume_wrong"):
            Plan("news", DAILY.rule, "b", volume=volume)
    many = tuple(Override(Pick(date(2026, 3, 10) + n * A_DAY, "05:00"), volume=1) for n in range(1_001))
    with pytest.raises(Refused, match="days_count"):
        Plan("news", DAILY.rule, "b", overrides=many)
