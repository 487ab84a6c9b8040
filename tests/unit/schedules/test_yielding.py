"""Who waits for whom by what was decided, and for how long."""

from datetime import date

import pytest

from schedules.decisions import Choice, Decision, Pair, Side
from schedules.yielding import Party, Wish, meetings, wishes
from tests.unit.schedules.day import DAY, VIETNAM, local, slot


def party(name: str, start: str, minutes: float, *, plan: str = "") -> Party:
    return Party(slot(name, start, minutes, play_class=2), Side(plan or name, start, 2, round(minutes * 60)))


def word(yields: Party, other: Party, choice: Choice = Choice.QUEUE_AFTER, day: date | None = None) -> Decision:
    return Decision(Pair.of(yields.side, other.side), choice, yields.side.plan, "chair", local("00:00"), day)


NEWS, RELAY, MUSIC = party("news", "17:00", 10), party("relay", "17:05", 10), party("music", "17:08", 10)
ALL = {each.slot.occurrence: each for each in (NEWS, RELAY, MUSIC)}


def asked(*decisions: Decision) -> dict[str, Wish]:
    return wishes(ALL, meetings(ALL, decisions, VIETNAM))


def test_nothing_is_asked_of_those_nobody_has_decided_about() -> None:
    assert asked() == {}
    assert asked(word(RELAY, NEWS, Choice.MOVE), word(RELAY, NEWS, Choice.HIGHER_WINS)) == {}


def test_who_waits_begins_a_little_after_the_end_of_what_it_waits_for() -> None:
    assert asked(word(RELAY, NEWS)) == {"relay": Wish(1, 5 * 60 + 5)}


def test_who_waits_for_one_that_waits_begins_after_both() -> None:
    found = asked(word(RELAY, NEWS), word(MUSIC, RELAY), word(MUSIC, NEWS))
    assert found == {"relay": Wish(1, 305), "music": Wish(2, 12 * 60 + 10)}


def test_decisions_in_a_circle_let_nobody_wait_for_ever() -> None:
    found = asked(word(RELAY, NEWS), word(MUSIC, RELAY), word(NEWS, MUSIC))
    assert set(found) == {"news", "relay", "music"}
    assert all(wish.late_s < 3_600 for wish in found.values())


@pytest.mark.parametrize(("day", "waits"), [(DAY, True), (date(2026, 3, 11), False), (None, True)])
def test_a_word_for_a_day_is_for_that_day(day: date | None, waits: bool) -> None:
    assert bool(asked(word(RELAY, NEWS, day=day))) is waits


def test_of_a_plan_that_meets_itself_the_later_airing_waits() -> None:
    pair = {
        each.slot.occurrence: each for each in (party("a", "17:00", 10, plan="p"), party("b", "17:05", 10, plan="p"))
    }
    decision = word(pair["b"], pair["a"])
    assert set(wishes(pair, meetings(pair, [decision], VIETNAM))) == {"b"}


def test_who_would_wait_longer_than_an_order_can_say_does_not_wait() -> None:
    long, short = party("long", "05:00", 26 * 60), party("short", "06:00", 5)
    both = {"long": long, "short": short}
    assert wishes(both, meetings(both, [word(short, long)], VIETNAM)) == {}
