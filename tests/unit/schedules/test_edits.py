"""This, this and following, all: what is asked changes, and nothing that was heard."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from base.errors import LoaError, Refused
from devices.wire.audience import Audience
from schedules.edits import Change, Edited, Scope, edit
from schedules.plans import Plan, heard
from schedules.recurrence import EveryDays, LunarDays, OnHolidays, Pick, Rule
from schedules.recurrence.patterns import parse_lunar
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
DAILY = Plan("news", Rule("FREQ=DAILY", DAY, None, ("05:00", "17:00"), VIETNAM), "bulletin")
LAST = DAY + 3 * A_DAY
NIGHT_BEFORE = local("00:00")
UPPER = Audience(places=("upper",))


def on(day: int, text: str) -> datetime:
    return local(text, DAY + day * A_DAY)


def made(plan: Plan, at: datetime, scope: Scope, now: datetime = NIGHT_BEFORE, **change: Any) -> Edited:
    return edit(plan, at, scope, Change(**change), now=now, new_id="new")


def lines(plans: tuple[Plan, ...], **more: Any) -> list[str]:
    found = heard(plans, local("00:00"), local("00:00", LAST))
    shown = [f"{start.astimezone(VIETNAM):%d %H:%M} {what} {volume}" for start, what, _, volume in found]
    return sorted(shown)


def times(plans: tuple[Plan, ...]) -> list[str]:
    return [line[:8] for line in lines(plans)]


ALL_SIX = ["10 05:00", "10 17:00", "11 05:00", "11 17:00", "12 05:00", "12 17:00"]


def test_this_airing_moves_alone() -> None:
    edited = made(DAILY, on(1, "05:00"), Scope.THIS, time="06:30")
    assert times(edited.plans) == ["10 05:00", "10 17:00", "11 06:30", "11 17:00", "12 05:00", "12 17:00"]
    again = made(edited.plans[0], on(1, "05:00"), Scope.THIS, day=DAY + 2 * A_DAY)
    assert times(again.plans) == ["10 05:00", "10 17:00", "11 17:00", "12 05:00", "12 06:30", "12 17:00"]
    back = made(again.plans[0], on(1, "05:00"), Scope.THIS, time="05:00", day=DAY + A_DAY)
    assert back.plans == (DAILY,)


def test_this_airing_is_called_off_alone_and_stays_off() -> None:
    edited = made(DAILY, on(1, "05:00"), Scope.THIS, cancel=True)
    assert times(edited.plans) == [line for line in ALL_SIX if line != "11 05:00"]
    moved = made(DAILY, on(1, "05:00"), Scope.THIS, time="06:30").plans[0]
    assert times(made(moved, on(1, "05:00"), Scope.THIS, cancel=True).plans) == times(edited.plans)


def test_this_airing_sounds_different() -> None:
    edited = made(DAILY, on(1, "05:00"), Scope.THIS, announcement="special", audience=UPPER, volume=30)
    assert [line for line in lines(edited.plans) if "special" in line] == ["11 05:00 special 30"]


def test_from_this_one_on_the_time_is_another_and_what_came_before_keeps_its_name() -> None:
    edited = made(DAILY, on(1, "17:00"), Scope.FOLLOWING, time="16:00")
    assert times(edited.plans) == ["10 05:00", "10 17:00", "11 05:00", "11 16:00", "12 05:00", "12 16:00"]
    old, new = edited.plans
    assert (old.id, new.id) == ("news", "new")
    assert old.rule.last_day == DAY + A_DAY
    assert [each.plan for each in old.airings(on(0, "00:00"), on(9, "00:00"))] == ["news"] * 3


def test_from_this_one_on_nothing_is_heard() -> None:
    edited = made(DAILY, on(1, "05:00"), Scope.FOLLOWING, cancel=True)
    assert times(edited.plans) == ["10 05:00", "10 17:00"]
    assert edited.plans[0].rule.last_day == DAY


def test_from_the_first_one_on_is_the_whole_plan() -> None:
    edited = made(DAILY, on(0, "05:00"), Scope.FOLLOWING, volume=40)
    assert edited.plans == (replace(DAILY, volume=40),)


def test_all_are_those_still_to_come() -> None:
    edited = made(DAILY, on(0, "05:00"), Scope.ALL, now=on(1, "12:00"), volume=40)
    assert [line[-2:] for line in lines(edited.plans)] == ["80"] * 3 + ["40"] * 3
    before = made(DAILY, on(2, "05:00"), Scope.ALL, volume=40)
    assert before.plans == (replace(DAILY, volume=40),)


def test_one_that_begins_now_has_begun() -> None:
    edited = made(DAILY, on(0, "05:00"), Scope.ALL, now=on(1, "05:00"), volume=40)
    assert [line[-2:] for line in lines(edited.plans)] == ["80"] * 3 + ["40"] * 3
    with pytest.raises(Refused, match="occurrence_over"):
        made(DAILY, on(1, "05:00"), Scope.THIS, now=on(1, "05:00"), volume=40)


def test_all_at_a_time_of_today_that_is_past_begins_tomorrow() -> None:
    edited = made(DAILY, on(0, "17:00"), Scope.ALL, now=on(1, "12:00"), time="09:00")
    assert times(edited.plans) == ["10 05:00", "10 17:00", "11 05:00", "11 17:00", "12 05:00", "12 09:00"]


def test_a_time_of_the_morning_that_has_been_heard_is_not_heard_again_in_the_evening() -> None:
    edited = made(DAILY, on(0, "05:00"), Scope.ALL, now=on(1, "12:00"), time="18:00")
    assert times(edited.plans) == ["10 05:00", "10 17:00", "11 05:00", "11 17:00", "12 17:00", "12 18:00"]


@pytest.mark.parametrize("scope", [Scope.THIS, Scope.FOLLOWING])
def test_nothing_is_moved_into_the_past(scope: Scope) -> None:
    with pytest.raises(Refused, match="in_the_past"):
        made(DAILY, on(1, "17:00"), scope, now=on(1, "12:00"), time="09:00")


def test_a_single_airing_cannot_be_moved_into_the_past_as_all_either() -> None:
    once = Plan("once", Rule("", DAY, DAY, ("17:00",), VIETNAM), "talk")
    with pytest.raises(Refused, match="in_the_past"):
        made(once, on(0, "17:00"), Scope.ALL, now=on(0, "12:00"), time="09:00")


def test_another_rule_from_here_on_gives_up_the_exceptions_and_says_which() -> None:
    plan = made(DAILY, on(2, "05:00"), Scope.THIS, volume=20).plans[0]
    rule = Rule("FREQ=WEEKLY;BYDAY=TH", DAY, None, ("08:00",), VIETNAM)
    edited = made(plan, on(1, "17:00"), Scope.FOLLOWING, rule=rule)
    assert times(edited.plans) == ["10 05:00", "10 17:00", "11 05:00", "12 08:00"]
    assert [str(each.at) for each in edited.dropped] == ["2026-03-12T05:00"]


def test_exceptions_go_along_and_what_was_called_off_does_not_come_back() -> None:
    plan = made(DAILY, on(2, "05:00"), Scope.THIS, announcement="special").plans[0]
    plan = made(plan, on(1, "05:00"), Scope.THIS, cancel=True).plans[0]
    edited = made(plan, on(0, "05:00"), Scope.ALL, time="06:00")
    assert lines(edited.plans) == [
        "10 06:00 bulletin 80",
        "10 17:00 bulletin 80",
        "11 17:00 bulletin 80",
        "12 06:00 special 80",
        "12 17:00 bulletin 80",
    ]
    louder = made(edited.plans[0], on(0, "06:00"), Scope.ALL, announcement="other")
    assert {line.split()[2] for line in lines(louder.plans)} == {"other"}


def test_others_do_not_move_onto_one_that_was_moved_by_itself() -> None:
    plan = made(DAILY, on(1, "05:00"), Scope.THIS, time="16:00").plans[0]
    with pytest.raises(Refused, match="edit_meets_itself") as caught:
        made(plan, on(0, "17:00"), Scope.ALL, time="16:00")
    assert caught.value.params == {"time": "16:00 2026-03-11"}


def test_one_heard_ahead_of_its_time_is_not_heard_again_after_a_change_of_all() -> None:
    plan = made(DAILY, on(1, "05:00"), Scope.THIS, day=DAY, time="11:00").plans[0]
    for change in ({"volume": 40}, {"time": "06:00"}, {"rule": DAILY.rule}):
        edited = made(plan, on(0, "05:00"), Scope.ALL, now=on(0, "12:00"), **change)
        assert [line for line in times(edited.plans) if line[:5] == "11 05" or line[:5] == "11 06"] == []
        assert times(edited.plans).count("10 11:00") == 1


def test_one_put_off_until_later_is_still_to_come() -> None:
    plan = made(DAILY, on(0, "05:00"), Scope.THIS, time="18:30").plans[0]
    now = on(0, "12:00")
    quiet = made(plan, on(1, "05:00"), Scope.ALL, now=now, volume=10)
    assert {line.split()[3] for line in lines(quiet.plans)} == {"10"}
    off = made(plan, on(1, "05:00"), Scope.ALL, now=now, cancel=True)
    assert times(off.plans) == []
    following = made(plan, on(0, "05:00"), Scope.FOLLOWING, now=now, volume=10)
    assert lines(following.plans) == lines(quiet.plans)
    assert times(made(plan, on(1, "05:00"), Scope.FOLLOWING, now=now, cancel=True).plans) == ["10 17:00", "10 18:30"]


def test_what_was_called_off_before_a_change_is_not_dragged_along_for_ever() -> None:
    plan = made(DAILY, on(0, "05:00"), Scope.THIS, cancel=True).plans[0]
    plan = made(plan, on(2, "05:00"), Scope.THIS, cancel=True).plans[0]
    old, new = made(plan, on(1, "17:00"), Scope.FOLLOWING, volume=40).plans
    assert (len(old.rule.removed), len(new.rule.removed)) == (2, 1)
    assert times((old, new)) == ["10 17:00", "11 05:00", "11 17:00", "12 17:00"]


def test_counting_goes_on_over_a_change() -> None:
    counted = Plan("five", Rule("FREQ=DAILY;COUNT=5", DAY, None, ("05:00",), VIETNAM), "b")
    edited = made(counted, on(3, "05:00"), Scope.FOLLOWING, time="06:00")
    found = heard(edited.plans, on(0, "00:00"), on(30, "00:00"))
    assert [start for start, *_ in found] == [
        on(0, "05:00"),
        on(1, "05:00"),
        on(2, "05:00"),
        on(3, "06:00"),
        on(4, "06:00"),
    ]


def test_what_falls_on_a_holiday_is_heard_before_it_also_over_a_change() -> None:
    rule = Rule("FREQ=WEEKLY;BYDAY=WE", date(2026, 8, 1), None, ("05:00",), VIETNAM, on_holidays=OnHolidays.BEFORE)
    plan = Plan("eve", rule, "b")
    # 2 September 2026 is a Wednesday, and the two days before it are days off too.
    holiday = local("05:00", date(2026, 8, 30))
    edited = made(plan, holiday, Scope.FOLLOWING, time="06:00")
    found = heard(edited.plans, local("00:00", date(2026, 8, 25)), local("00:00", date(2026, 9, 10)))
    assert [start for start, *_ in found] == [
        local("05:00", date(2026, 8, 26)),
        local("06:00", date(2026, 8, 30)),
        local("06:00", date(2026, 9, 9)),
    ]


def test_another_rule_may_be_earlier_on_the_day_it_begins() -> None:
    rule = Rule("FREQ=DAILY", DAY, None, ("04:00",), VIETNAM)
    edited = made(DAILY, on(1, "05:00"), Scope.FOLLOWING, rule=rule)
    assert times(edited.plans) == ["10 05:00", "10 17:00", "11 04:00", "12 04:00"]


def test_a_part_in_the_middle_of_a_plan_keeps_to_its_ends_when_its_time_moves() -> None:
    old, new = made(DAILY, on(2, "17:00"), Scope.FOLLOWING, volume=40).plans
    middle = edit(old, on(1, "17:00"), Scope.FOLLOWING, Change(time="04:00"), now=NIGHT_BEFORE, new_id="middle")
    assert times((*middle.plans, new)) == ["10 05:00", "10 17:00", "11 04:00", "11 05:00", "12 05:00", "12 17:00"]


@pytest.mark.parametrize(
    ("scope", "change", "code"),
    [
        (Scope.THIS, {}, "edit_wrong"),
        (Scope.THIS, {"cancel": True, "volume": 3}, "edit_wrong"),
        (Scope.THIS, {"rule": DAILY.rule}, "edit_wrong"),
        (Scope.ALL, {"day": DAY}, "edit_wrong"),
        (Scope.ALL, {"rule": DAILY.rule, "time": "05:00"}, "edit_wrong"),
        (Scope.THIS, {"volume": 101}, "volume_wrong"),
        (Scope.FOLLOWING, {"volume": -1}, "volume_wrong"),
        (Scope.THIS, {"time": "5 o'clock"}, "time_wrong"),
        (Scope.ALL, {"time": "25:00"}, "time_wrong"),
        (Scope.ALL, {"time": "17:00"}, "edit_meets_itself"),
        (Scope.THIS, {"time": "17:00"}, "edit_meets_itself"),
    ],
)
def test_what_makes_no_sense_is_refused(scope: Scope, change: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        made(DAILY, on(1, "05:00"), scope, **change)


def test_an_airing_that_is_not_there_or_not_of_the_rule_is_refused() -> None:
    with pytest.raises(Refused, match="airing_gone"):
        made(DAILY, on(1, "05:01"), Scope.THIS, volume=3)
    hourly = Plan("hourly", Rule("FREQ=HOURLY;INTERVAL=6", DAY, None, ("05:00",), VIETNAM, takes_hours=True), "b")
    with pytest.raises(Refused, match="edit_not_of_rule"):
        made(hourly, on(1, "05:00"), Scope.FOLLOWING, time="06:00")
    ended = made(DAILY, on(1, "05:00"), Scope.FOLLOWING, cancel=True).plans[0]
    with pytest.raises(Refused, match="occurrence_over"):
        made(ended, on(0, "05:00"), Scope.ALL, now=on(1, "12:00"), volume=3)


RULES = st.sampled_from(
    [
        DAILY.rule,
        Rule("FREQ=DAILY;INTERVAL=3;COUNT=9", DAY, None, ("05:00", "17:00"), VIETNAM),
        Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", DAY, None, ("05:00", "11:00", "17:00"), VIETNAM),
        Rule("FREQ=WEEKLY;COUNT=4", DAY, None, ("17:00",), VIETNAM),
        Rule("FREQ=HOURLY;INTERVAL=7;COUNT=40", DAY, None, ("05:00",), VIETNAM, takes_hours=True),
        Rule("", DAY, None, ("05:00", "17:00"), VIETNAM, pattern=EveryDays(5, DAY)),
        Rule("", DAY, None, ("05:00",), VIETNAM, pattern=LunarDays(parse_lunar("1,15").wanted)),
        Rule("FREQ=DAILY", DAY, DAY + 60 * A_DAY, ("05:00",), VIETNAM, on_holidays=OnHolidays.BEFORE),
        Rule("FREQ=DAILY;INTERVAL=2", DAY, None, ("05:00",), VIETNAM, on_holidays=OnHolidays.SKIP),
        Rule("FREQ=DAILY;INTERVAL=4", DAY, None, ("05:00",), VIETNAM, added=(Pick(DAY + A_DAY, "07:00"),)),
    ]
)
CHANGES = st.sampled_from(
    [
        Change(time="06:00"),
        Change(time="16:10"),
        Change(time="23:50"),
        Change(day=DAY + 9 * A_DAY),
        Change(day=DAY + 2 * A_DAY, time="04:00"),
        Change(rule=Rule("FREQ=WEEKLY;BYDAY=SA", DAY, None, ("08:00",), VIETNAM)),
        Change(announcement="other"),
        Change(volume=30, audience=UPPER),
        Change(time="07:07", volume=20),
        Change(cancel=True),
    ]
)
STEPS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(Scope), CHANGES, st.integers(0, 200)), min_size=1, max_size=6
)


@settings(max_examples=60)
@given(RULES, STEPS)
def test_no_change_touches_what_was_heard_and_no_airing_is_doubled(
    rule: Rule, steps: list[tuple[int, Scope, Change, int]]
) -> None:
    plans: tuple[Plan, ...] = (Plan("p", rule, "b"),)
    begin, end, now = on(-1, "00:00"), on(30, "00:00"), on(0, "00:00")
    done = 0
    for number, (which, scope, change, minutes) in enumerate(steps):
        now += timedelta(minutes=minutes * 15)
        ahead = sorted((each for plan in plans for each in plan.airings(begin, end)), key=lambda each: each.start)
        if not ahead:
            break
        target = ahead[which % len(ahead)]
        plan = next(each for each in plans if each.id == target.plan)
        try:
            edited = edit(plan, target.original, scope, change, now=now, new_id=f"new {number}")
        except LoaError:
            continue
        done += 1
        others = tuple(each for each in plans if each is not plan)
        after = (*others, *edited.plans)
        assert heard(after, begin, now + timedelta.resolution) == heard(plans, begin, now + timedelta.resolution)
        names_before = {(each.plan, each.original) for each in ahead if each.start <= now}
        names_after = {(e.plan, e.original) for p in after for e in p.airings(begin, end) if e.start <= now}
        assert names_after == names_before
        if change.rule is None and not change.cancel:
            assert len(heard(after, begin, on(90, "00:00"))) == len(heard(plans, begin, on(90, "00:00")))
        for each in edited.plans:
            found = each.airings(begin, end)
            assert len({airing.start for airing in found}) == len(found)
        plans = after
    assume(done)
