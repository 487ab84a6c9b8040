"""A change can be taken back until somebody heard it or changed it again; many plans change all or not at all."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from base.errors import Conflict, Refused
from schedules.edits import Change, Scope, edit
from schedules.plans import Plan
from schedules.recurrence import Rule
from schedules.undoing import MAX_BULK, Done, Inverse, change_many, undo
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
PLAN = Plan("news", Rule("FREQ=DAILY", DAY, None, ("05:00", "17:00"), VIETNAM), "bulletin")
NOW = local("12:00", DAY + A_DAY)


def done(scope: Scope, at: datetime, **change: Any) -> Done:
    edited = edit(PLAN, at, scope, Change(**change), now=NOW, new_id="new")
    return Done((PLAN,), edited.plans, "operator", NOW)


def back(made: Done, current: tuple[Plan, ...], later: timedelta) -> Inverse:
    return undo(made, {plan.id: plan for plan in current}, NOW + later)


NEXT = local("17:00", DAY + A_DAY)
CHANGES = [
    (Scope.THIS, {"time": "19:00"}),
    (Scope.THIS, {"cancel": True}),
    (Scope.FOLLOWING, {"time": "18:00"}),
    (Scope.ALL, {"volume": 40}),
    (Scope.ALL, {"cancel": True}),
]


@pytest.mark.parametrize(("scope", "change"), CHANGES)
def test_before_anything_of_it_is_heard_a_change_is_taken_back_whole(scope: Scope, change: dict[str, Any]) -> None:
    made = done(scope, NEXT, **change)
    inverse = back(made, made.after, timedelta(hours=4))
    assert inverse.put == (PLAN,)
    assert set(inverse.remove) == {plan.id for plan in made.after} - {"news"}


@pytest.mark.parametrize(("scope", "change"), CHANGES)
def test_once_somebody_heard_the_difference_it_stands(scope: Scope, change: dict[str, Any]) -> None:
    made = done(scope, NEXT, **change)
    with pytest.raises(Conflict, match="undo_aired"):
        back(made, made.after, timedelta(hours=5))


def test_what_was_heard_without_difference_is_no_obstacle() -> None:
    made = done(Scope.THIS, local("17:00", DAY + 3 * A_DAY), volume=10)
    assert back(made, made.after, timedelta(days=1)).put == (PLAN,)


def test_what_was_heard_under_a_new_name_keeps_it_even_if_nobody_could_tell() -> None:
    made = done(Scope.ALL, NEXT, volume=80)
    with pytest.raises(Conflict, match="undo_aired"):
        back(made, made.after, timedelta(hours=5))


def test_a_change_that_was_changed_again_is_not_taken_back() -> None:
    made = done(Scope.ALL, NEXT, volume=40)
    changed = tuple(replace(plan, volume=50) for plan in made.after)
    for current in (changed, made.after[:1], (PLAN,)):
        with pytest.raises(Conflict, match="undo_changed"):
            back(made, current, timedelta())


def test_an_undone_change_can_be_made_again() -> None:
    made = done(Scope.FOLLOWING, NEXT, time="18:00")
    inverse = back(made, made.after, timedelta())
    undone = Done(made.after, inverse.put, "operator", NOW)
    assert back(undone, inverse.put, timedelta()) == Inverse(made.after, ())
    with pytest.raises(Conflict, match="undo_changed"):
        back(undone, (*inverse.put, made.after[1]), timedelta())


def quieter(plan: Plan) -> tuple[Plan, ...]:
    first = plan.first(NOW)
    if first is None:
        raise Conflict("schedules.occurrence_over")
    return edit(plan, first, Scope.ALL, Change(volume=30), now=NOW, new_id=f"{plan.id} on").plans


def test_many_plans_change_together() -> None:
    plans = [replace(PLAN, id=str(number)) for number in range(3)]
    changed = change_many(plans, quieter).complete()
    assert [(plan.id, plan.volume) for plan in changed if plan.volume == 30] == [(f"{n} on", 30) for n in range(3)]


def test_one_that_cannot_keeps_all_from_changing_and_is_named() -> None:
    over = replace(PLAN, id="over", until=NOW)
    bulk = change_many([PLAN, over], quieter)
    assert list(bulk.refused) == ["over"]
    with pytest.raises(Conflict, match="bulk_refused") as caught:
        bulk.complete()
    assert caught.value.params == {"refused": 1, "count": 2, "id": "over"}


def test_a_change_of_none_or_of_too_many_is_refused() -> None:
    for plans in ([], [PLAN] * (MAX_BULK + 1)):
        with pytest.raises(Refused, match="bulk_count"):
            change_many(plans, quieter)
