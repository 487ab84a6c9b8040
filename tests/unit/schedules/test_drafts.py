"""A drafted week is published whole or not at all, on what it was drafted from."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from base.errors import Conflict, Refused
from schedules.drafts import MAX_PLANS, Draft, Problem, Standing, problems, publish, resulting
from schedules.edits import Change, Scope, edit
from schedules.plans import Plan, Planned, airings
from schedules.recurrence import Rule
from schedules.undoing import Done, undo
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
NOW = local("12:00", DAY + A_DAY)
NEWS = Plan("news", Rule("FREQ=DAILY", DAY, None, ("05:00",), VIETNAM), "bulletin")
TALK = Plan("talk", Rule("", DAY + 3 * A_DAY, None, ("06:00",), VIETNAM), "talk")
CURRENT = {"news": Standing(NEWS, 4), "talk": Standing(TALK, 1)}
FAIR = Plan("fair", Rule("", DAY + 4 * A_DAY, None, ("09:00",), VIETNAM), "fair")


def anything(_: Sequence[Planned]) -> Iterable[Problem]:
    return ()


def found(draft: Draft, now: datetime = NOW) -> list[str]:
    listed = problems(draft, CURRENT, now=now, horizon=30 * A_DAY, judge=anything)
    return [f"{problem.plan} {problem.refusal.code}" for problem in listed]


def published(draft: Draft) -> Done:
    return publish(draft, CURRENT, now=NOW, horizon=30 * A_DAY, judge=anything, by="operator")


def changed() -> tuple[Plan, ...]:
    at = local("05:00", DAY + 3 * A_DAY)
    return edit(NEWS, at, Scope.FOLLOWING, Change(time="05:30"), now=NOW, new_id="news on").plans


def test_changed_new_and_ended_plans_come_into_force_together_and_can_be_undone() -> None:
    draft = Draft((*changed(), FAIR), {"news": 4, "talk": 1}, frozenset({"talk"}))
    done = published(draft)
    ahead = airings(done.after, NOW, NOW + 5 * A_DAY)
    assert [(each.plan, f"{each.start.astimezone(VIETNAM):%d %H:%M}") for each in ahead] == [
        ("news", "12 05:00"),
        ("news on", "13 05:30"),
        ("news on", "14 05:30"),
        ("fair", "14 09:00"),
        ("news on", "15 05:30"),
        ("news on", "16 05:30"),
    ]
    inverse = undo(done, {plan.id: plan for plan in done.after}, NOW + timedelta(hours=1))
    assert set(inverse.put) == {NEWS, TALK}
    assert set(inverse.remove) == {"news on", "fair"}


def test_what_was_changed_meanwhile_is_not_overwritten() -> None:
    assert found(Draft(changed(), {"news": 3})) == ["news schedules.stale_revision"]
    assert found(Draft((NEWS,), {})) == ["news schedules.stale_revision"]
    assert found(Draft((), {"gone": 2}, frozenset({"gone"}))) == ["gone schedules.stale_revision"]


def test_a_plan_that_never_happens_or_rewrites_the_past_is_told_with_all_the_others() -> None:
    never = replace(FAIR, id="never", rule=Rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", DAY, None, ("05:00",), VIETNAM))
    past = replace(FAIR, id="past", rule=Rule("", DAY, None, ("05:00",), VIETNAM))
    louder = replace(NEWS, volume=90)
    assert found(Draft((never, past, louder), {"news": 4})) == [
        "never schedules.rule_never_day",
        "past schedules.in_the_past",
        "news schedules.in_the_past",
    ]


def test_all_airings_ahead_are_judged_together_and_one_problem_keeps_everything_back() -> None:
    draft = Draft((FAIR,), {"talk": 1}, frozenset({"talk"}))
    judged: list[Planned] = []

    def judge(ahead: Sequence[Planned]) -> Iterable[Problem]:
        judged.extend(ahead)
        return [Problem("fair", Refused("schedules.no_versions"))]

    with pytest.raises(Conflict, match="draft_not_ready") as caught:
        publish(draft, CURRENT, now=NOW, horizon=5 * A_DAY, judge=judge, by="operator")
    assert caught.value.params == {"count": 1, "first": "schedules.no_versions"}
    assert {each.plan for each in judged} == {"news", "fair"}
    assert {plan.id for plan in resulting(draft, CURRENT)} == {"news", "fair"}


def test_a_draft_says_one_thing_of_each_plan_and_not_too_many() -> None:
    wrong: list[tuple[tuple[Plan, ...], dict[str, int], set[str]]] = [
        ((FAIR, FAIR), {}, set()),
        ((NEWS,), {"news": 4}, {"news"}),
        ((), {}, {"news"}),
        (tuple(replace(FAIR, id=str(n)) for n in range(MAX_PLANS + 1)), {}, set()),
    ]
    for plans, seen, ended in wrong:
        with pytest.raises(Refused, match="draft_wrong"):
            Draft(plans, seen, frozenset(ended))
