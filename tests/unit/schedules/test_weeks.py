"""A drafted week says what each airing is to be, and nothing of the plans it leaves alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import NotFound, Refused
from schedules import weeks
from schedules.drafts import Standing
from schedules.edits import Change, Scope, edit
from schedules.plans import Plan
from schedules.recurrence import Pick, Rule
from schedules.weeks import Fate, Week
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
MONDAY = DAY - timedelta(days=DAY.weekday()) + 7 * A_DAY
NOW = local("12:00", MONDAY - A_DAY)
NEWS = Plan("news", Rule("FREQ=DAILY", DAY - 30 * A_DAY, None, ("05:00", "17:00"), VIETNAM), "bulletin")
TALK = Plan("talk", Rule("", MONDAY + 3 * A_DAY, None, ("06:00",), VIETNAM), "talk")
FAIR = Plan("fair", Rule("", MONDAY + 4 * A_DAY, MONDAY + 4 * A_DAY, ("09:00",), VIETNAM), "fair")
WEEK = Week(MONDAY, VIETNAM, {"news": Standing(NEWS, 4), "talk": Standing(TALK, 1)}, {}, {})


def told(week: Week) -> list[str]:
    lines = [line for line in week.lines() if line.fate is not Fate.SAME]
    return [f"{line.fate} {line.plan} {line.airing.start.astimezone(VIETNAM):%a %H:%M}" for line in lines]


def test_an_untouched_week_is_the_one_in_force_and_changes_nothing() -> None:
    assert len(WEEK.lines()) == 15
    assert told(WEEK) == []
    assert WEEK.draft.plans == ()


def test_moved_removed_and_new_airings_are_told_apart() -> None:
    week = weeks.changed(WEEK, ("news", local("05:00", MONDAY)), Change(time="05:30"), NOW)
    week = weeks.changed(week, ("news", local("17:00", MONDAY)), Change(cancel=True), NOW)
    week = weeks.changed(week, ("talk", local("06:00", MONDAY + 3 * A_DAY)), Change(cancel=True), NOW)
    week = weeks.with_plan(week, FAIR)
    assert told(week) == [
        "changed news Mon 05:30",
        "removed news Mon 17:00",
        "removed talk Thu 06:00",
        "new fair Fri 09:00",
    ]
    assert week.seen == {"news": 4, "talk": 1}
    assert week.draft.ended == {"talk"}
    assert {plan.id for plan in week.draft.plans} == {"news", "fair"}


def test_what_is_restored_is_forgotten() -> None:
    first, second = ("news", local("05:00", MONDAY)), ("news", local("17:00", MONDAY))
    week = weeks.changed(WEEK, first, Change(time="05:30"), NOW)
    week = weeks.changed(week, second, Change(cancel=True), NOW)
    week = weeks.with_plan(week, FAIR)
    week = weeks.restored(week, first)
    assert told(week) == ["removed news Mon 17:00", "new fair Fri 09:00"]
    week = weeks.restored(weeks.restored(week, second), ("fair", local("09:00", MONDAY + 4 * A_DAY)))
    assert (week.drafted, week.seen) == ({}, {})


def test_an_airing_stays_in_its_week_and_has_to_exist() -> None:
    name = ("talk", local("06:00", MONDAY + 3 * A_DAY))
    with pytest.raises(Refused, match="draft_outside_week"):
        weeks.changed(WEEK, name, Change(day=MONDAY + 7 * A_DAY), NOW)
    with pytest.raises(NotFound, match="airing_gone"):
        weeks.changed(WEEK, ("talk", local("06:00", MONDAY)), Change(time="07:00"), NOW)
    with pytest.raises(NotFound, match="schedule_unknown"):
        weeks.restored(WEEK, ("nothing", local("06:00", MONDAY)))


def test_an_empty_week_keeps_only_what_is_past() -> None:
    now = local("12:00", MONDAY + A_DAY)
    week = weeks.like(WEEK, (), (), now)
    assert [line.fate for line in week.lines()].count(Fate.SAME) == 3
    assert week.draft.ended == {"talk"}
    assert weeks.loaded(replace(week, drafted={"news": week.drafted["news"]})).lines() == week.lines()


def test_a_week_like_another_keeps_what_is_in_both() -> None:
    kept = [line.airing for line in WEEK.lines() if line.airing.start.astimezone(VIETNAM).hour == 5]
    week = weeks.like(WEEK, [FAIR], kept, NOW)
    heard = [line for line in week.lines() if line.will is not None]
    assert {line.plan for line in heard} == {"news", "fair"}
    assert [line.fate for line in week.lines()].count(Fate.REMOVED) == 8


def test_what_a_person_called_off_is_not_of_the_week() -> None:
    off = ("news", local("05:00", MONDAY))
    week = replace(WEEK, silent=frozenset({off}))
    assert off not in {(line.plan, line.original) for line in week.lines()}


def test_a_stale_draft_goes_on_from_the_schedules_as_they_are_now() -> None:
    first = ("news", local("05:00", MONDAY))
    week = weeks.changed(WEEK, first, Change(time="05:30"), NOW)
    week = weeks.changed(week, ("news", local("17:00", MONDAY + A_DAY)), Change(cancel=True), NOW)
    week = weeks.with_plan(week, FAIR)
    louder = edit(NEWS, local("17:00", MONDAY + 2 * A_DAY), Scope.THIS, Change(volume=30), now=NOW, new_id="").plans[0]
    without = replace(louder, rule=replace(louder.rule, times=("05:00",)), overrides=())
    fresh, lost = weeks.refreshed(replace(week, current={"news": Standing(louder, 5), "talk": Standing(TALK, 1)}))
    assert (told(fresh), fresh.seen, lost) == (told(week), {"news": 5}, 0)
    assert Pick(MONDAY + 2 * A_DAY, "17:00") in {each.at for each in fresh.drafted["news"].overrides}
    fresh, lost = weeks.refreshed(replace(week, current={"news": Standing(without, 6)}))
    assert (told(fresh), fresh.seen, lost) == (["changed news Mon 05:30", "new fair Fri 09:00"], {"news": 6}, 1)
    fresh, lost = weeks.refreshed(replace(week, current={}))
    assert (told(fresh), lost) == (["new fair Fri 09:00"], 2)


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["05:00", "17:00"]), st.booleans()), max_size=12))
def test_restoring_everything_leaves_nothing_of_the_draft(acts: list[tuple[int, str, bool]]) -> None:
    week, touched = WEEK, set()
    for day, time, cancel in acts:
        name = ("news", local(time, MONDAY + day * A_DAY))
        if name not in touched:
            week = weeks.changed(week, name, Change(cancel=True) if cancel else Change(volume=35), NOW)
            touched.add(name)
    assert len(told(week)) == len(touched)
    for name in touched:
        week = weeks.restored(week, name)
    assert (week.drafted, week.seen) == ({}, {})
