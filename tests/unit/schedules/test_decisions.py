"""What was decided of two is found again whenever the same two meet, and only then."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from base.errors import Refused
from schedules.decisions import Choice, Decision, Pair, Side, carried, decided, must_decide
from tests.unit.schedules.day import DAY, local, slot

NEWS = Side("news", "17:00", 2, 600)
RELAY = Side("relay", "17:05", 2, 900)
ALWAYS = Decision(Pair.of(NEWS, RELAY), Choice.QUEUE_AFTER, "relay", "chair", local("08:00"))
TODAY = replace(ALWAYS, choice=Choice.MOVE, yields="news", day=DAY, at=local("07:00"))
TOMORROW = DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("one", "other", "ask"), [(2, 2, True), (1, 1, False), (0, 0, False), (2, 1, False), (3, 3, False)]
)
def test_only_priority_against_priority_is_put_to_a_person(one: int, other: int, ask: bool) -> None:
    first, second = (slot(name, "17:00", 10, play_class=of) for name, of in (("a", one), ("b", other)))
    assert must_decide(first, second) is ask


def test_a_pair_is_the_same_in_whichever_order_it_is_named() -> None:
    assert decided([ALWAYS], Pair.of(RELAY, NEWS), DAY) == ALWAYS == decided([ALWAYS], Pair.of(NEWS, RELAY), TOMORROW)


def test_a_days_own_word_goes_before_that_of_every_day_and_the_latest_before_earlier_ones() -> None:
    later = replace(ALWAYS, yields="news", at=local("09:00"))
    assert decided([ALWAYS, TODAY, later], Pair.of(NEWS, RELAY), DAY) == TODAY
    assert decided([later, ALWAYS, TODAY], Pair.of(NEWS, RELAY), TOMORROW) == later
    assert decided([TODAY], Pair.of(NEWS, RELAY), TOMORROW) is None


@pytest.mark.parametrize(
    "changed",
    [replace(NEWS, time="17:01"), replace(NEWS, lasts_s=601), replace(NEWS, play_class=1), replace(NEWS, plan="x")],
)
def test_a_pair_of_which_one_has_changed_is_asked_anew(changed: Side) -> None:
    assert decided([ALWAYS], Pair.of(changed, RELAY), date(2026, 3, 10)) is None


def test_a_decision_goes_on_with_the_plan_that_goes_on() -> None:
    [found] = carried(
        [ALWAYS, replace(ALWAYS, pair=Pair.of(NEWS, replace(RELAY, plan="x")), yields="x")], "relay", "on"
    )
    on = replace(RELAY, plan="on")
    assert decided([found], Pair.of(on, NEWS), DAY) == found
    assert (found.yields, found.by, found.at) == ("on", "chair", ALWAYS.at)


@pytest.mark.parametrize(("yields", "by"), [("neither", "chair"), ("news", ""), ("news", "x" * 65)])
def test_a_decision_names_who_took_it_and_who_yields(yields: str, by: str) -> None:
    with pytest.raises(Refused, match="decision_wrong"):
        replace(ALWAYS, yields=yields, by=by)
