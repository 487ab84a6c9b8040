"""A copied day or week is what people heard, once more, and nothing twice."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count

import pytest

from base.errors import Refused
from devices.wire.audience import Audience
from schedules.conflicts import Slot
from schedules.copying import MOST, Copied, copy, name_of
from schedules.edits import Change, Scope, edit
from schedules.plans import Plan, Planned, airings
from schedules.recurrence import Rule
from schedules.recurrence.times import span
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
A_WEEK = 7 * A_DAY
LENGTH = timedelta(minutes=10)
NEWS = Plan("news", Rule("FREQ=DAILY", DAY, DAY + 6 * A_DAY, ("05:00", "17:00"), VIETNAM), "bulletin")
TALK = Plan("talk", Rule("", DAY + A_DAY, DAY + A_DAY, ("06:00",), VIETNAM), "talk", Audience(places=("upper",)), 40)


def slot_of(airing: Planned) -> Slot:
    clusters = frozenset("ab") if airing.audience.everyone else frozenset("a")
    return Slot(name_of(airing), airing.start, airing.start + LENGTH, 1, clusters)


def names() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"copy {next(numbers)}"


def heard(plans: list[Plan], first: date, days: int) -> list[Planned]:
    return airings(plans, *span(first, days, VIETNAM))


def copied(source: list[Planned], standing: list[Planned], *, by_days: int = 7, now: datetime | None = None) -> Copied:
    return copy(
        source,
        standing,
        by_days=by_days,
        zone=VIETNAM,
        now=now or local("00:00"),
        new_id=names(),
        slot_of=slot_of,
    )


def lines(plans: list[Plan], first: date, days: int) -> list[tuple[str, str, str, int]]:
    return [
        (f"{each.start.astimezone(VIETNAM):%a %H:%M}", each.announcement, repr(each.audience), each.volume)
        for each in heard(plans, first, days)
    ]


def test_a_copied_week_is_heard_at_the_same_times_by_the_same_people_as_loud() -> None:
    found = copied(heard([NEWS, TALK], DAY, 7), [])
    assert lines(list(found.plans), DAY + A_WEEK, 7) == lines([NEWS, TALK], DAY, 7)
    assert (found.already, found.past, found.meets) == ((), (), ())
    assert len(found.plans) == 8


def test_an_exception_is_copied_as_it_was_heard() -> None:
    change = Change(time="05:30", announcement="special")
    [changed] = edit(NEWS, local("05:00"), Scope.THIS, change, now=local("00:00"), new_id="").plans
    found = copied(heard([changed], DAY, 1), [], by_days=3)
    assert [line[:2] for line in lines(list(found.plans), DAY + 3 * A_DAY, 1)] == [
        ("Fri 05:30", "special"),
        ("Fri 17:00", "bulletin"),
    ]


def test_what_stands_there_already_is_not_doubled() -> None:
    daily = Plan("news", Rule("FREQ=DAILY", DAY, None, ("05:00", "17:00"), VIETNAM), "bulletin")
    found = copied(heard([daily, TALK], DAY, 7), heard([daily, TALK], DAY + A_WEEK, 7))
    assert [plan.announcement for plan in found.plans] == ["talk"]
    assert len(found.already) == 14
    again = copied(heard([daily, TALK], DAY, 7), heard([daily, TALK, *found.plans], DAY + A_WEEK, 7))
    assert again.plans == ()


def test_what_would_meet_something_else_is_told() -> None:
    there = Plan("other", Rule("", DAY + 8 * A_DAY, DAY + 8 * A_DAY, ("06:05",), VIETNAM), "other")
    found = copied(heard([TALK], DAY, 7), heard([there], DAY + A_WEEK, 7))
    [overlap] = found.meets
    assert overlap.first.startswith("copy 1 ")
    assert overlap.second.startswith("other ")
    assert overlap.clusters == frozenset("a")


def test_two_that_stand_there_and_meet_each_other_are_not_the_copys_business() -> None:
    first = Plan("x", Rule("", DAY + A_WEEK, DAY + A_WEEK, ("12:00",), VIETNAM), "x")
    second = Plan("y", Rule("", DAY + A_WEEK, DAY + A_WEEK, ("12:05",), VIETNAM), "y")
    assert copied(heard([TALK], DAY, 7), heard([first, second], DAY + A_WEEK, 7)).meets == ()


def test_what_is_past_there_is_not_copied() -> None:
    now = local("12:00", DAY + A_WEEK)
    found = copied(heard([NEWS, TALK], DAY, 7), [], now=now)
    assert [each.start for each in found.past] == [local("05:00", DAY + A_WEEK)]
    assert min(each.start for each in airings(found.plans, now - A_DAY, now + A_WEEK)) == local("17:00", DAY + A_WEEK)


def test_a_week_may_be_copied_backwards_as_far_as_it_is_ahead() -> None:
    found = copied(heard([NEWS], DAY, 2), [], by_days=-1, now=local("12:00"))
    assert len(found.past) == 3
    assert [each.start for each in heard(list(found.plans), DAY, 2)] == [local("17:00")]


@pytest.mark.parametrize("by_days", [0, 7])
def test_a_copy_has_an_end_a_beginning_and_somewhere_to_go(by_days: int) -> None:
    source = heard([NEWS], DAY, 7) if by_days == 0 else []
    with pytest.raises(Refused, match="copy_wrong"):
        copied(source, [], by_days=by_days)
    many = Plan("many", Rule("FREQ=MINUTELY", DAY, None, ("00:00",), VIETNAM, takes_hours=True), "b")
    with pytest.raises(Refused, match="copy_wrong"):
        copied(heard([many], DAY, 1)[: MOST + 1], [])
    long = Plan("long", Rule("FREQ=DAILY", DAY, None, ("05:00",), VIETNAM), "b")
    with pytest.raises(Refused, match="copy_wrong"):
        copied(heard([long], DAY, 8), [])
