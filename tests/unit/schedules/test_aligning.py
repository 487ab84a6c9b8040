"""Rows become those of the plans: nothing twice, nothing that has begun, no order that changes nothing."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wire.audience import Audience
from schedules.aligning import MAX_STEP, Added, Alignment, Present, Renamed, align, planning_now
from schedules.edits import Change, Scope, edit
from schedules.models import OccurrenceState as State
from schedules.models import Off
from schedules.plans import Plan, Planned, airings
from schedules.recurrence import Rule
from tests.unit.schedules.day import DAY, VIETNAM, local

A_DAY = timedelta(days=1)
NOW = local("12:00")
PLAN = Plan("news", Rule("FREQ=DAILY", DAY, None, ("05:00", "17:00"), VIETNAM), "bulletin")
FIRST, SECOND, THIRD = PLAN.airings(NOW, NOW + 2 * A_DAY)[:3]
PAST = PLAN.airings(NOW - A_DAY, NOW)[-1]


def row(name: str, airing: Planned, state: State = State.ISSUED, generation: int = 0) -> Present:
    return Present(name, airing, state, generation)


def louder(airing: Planned) -> Planned:
    return replace(airing, volume=99)


def test_what_is_as_it_should_be_is_left_alone() -> None:
    rows = [row("1", FIRST), row("2", SECOND, State.PLANNED), row("3", THIRD, State.OVER)]
    assert align(rows, [FIRST, SECOND, THIRD], NOW).is_empty


def test_what_is_missing_is_added_and_what_is_past_is_not() -> None:
    assert align([row("1", FIRST)], [PAST, FIRST, SECOND], NOW) == Alignment(add=(Added(SECOND),))


def test_a_row_nobody_has_is_rewritten_and_one_the_speakers_have_is_replaced() -> None:
    rows = [row("1", FIRST, generation=2), row("2", SECOND, State.PLANNED)]
    assert align(rows, [louder(FIRST), louder(SECOND)], NOW) == Alignment(
        rewrite=(Renamed("2", louder(SECOND)),), replace=(Added(louder(FIRST), 3, "1"),)
    )


def test_what_is_no_longer_wanted_is_called_off() -> None:
    assert align([row("1", FIRST), row("2", SECOND, State.PLANNED)], [], NOW) == Alignment(call_off=("1", "2"))


def test_what_has_begun_stays_and_does_not_begin_again_wherever_it_is_moved() -> None:
    later = replace(PAST, start=NOW + A_DAY)
    for state in State:
        assert align([row("0", PAST, state)], [], NOW).is_empty
        assert align([row("0", PAST, state)], [later], NOW).is_empty
    assert align([row("1", FIRST)], [], FIRST.start).is_empty


def test_what_a_person_called_off_stays_off_whatever_becomes_of_it() -> None:
    off = Present("1", FIRST, State.CANCELLED, off=Off.BY_PERSON)
    assert align([off], [louder(FIRST)], NOW).is_empty


def test_what_was_not_permitted_comes_back_when_it_has_become_another() -> None:
    off = Present("1", FIRST, State.CANCELLED, 1, Off.UNFIT)
    assert align([off], [FIRST], NOW).is_empty
    assert align([off], [louder(FIRST)], NOW) == Alignment(add=(Added(louder(FIRST), 2, "1"),))


def test_what_was_not_wanted_any_more_comes_back_when_it_is() -> None:
    off = Present("1", FIRST, State.CANCELLED, 1, Off.NOT_WANTED)
    assert align([off], [FIRST], NOW) == Alignment(add=(Added(FIRST, 2, "1"),))
    assert align([off], [FIRST], FIRST.start).is_empty


def test_only_the_last_generation_counts() -> None:
    rows = [Present("1", FIRST, State.CANCELLED), Present("2", louder(FIRST), State.ISSUED, generation=1)]
    for order in (rows, rows[::-1]):
        assert align(order, [louder(FIRST)], NOW).is_empty


def test_a_split_that_changes_nothing_for_an_airing_needs_no_order() -> None:
    rows = [row(str(n), airing) for n, airing in enumerate(PLAN.airings(NOW, NOW + 3 * A_DAY))]
    plans = edit(PLAN, FIRST.original, Scope.ALL, Change(time="18:00"), now=NOW, new_id="on").plans
    needed = align(rows, airings(plans, NOW, NOW + 3 * A_DAY), NOW)
    assert {each.airing.start for each in needed.rename} == {local("05:00", DAY + n * A_DAY) for n in (1, 2, 3)}
    assert {each.airing.start for each in needed.add} == {local("18:00", DAY + n * A_DAY) for n in (0, 1, 2)}
    assert len(needed.call_off) == 3
    assert (needed.replace, needed.rewrite) == ((), ())


def test_planning_goes_on_from_what_was_seen_but_not_from_a_wild_clock() -> None:
    hour = timedelta(hours=1)
    assert planning_now(NOW) == NOW
    assert planning_now(NOW, NOW - hour, NOW - 2 * hour) == NOW
    assert planning_now(NOW, NOW - hour, NOW + hour / 2) == NOW + hour / 2
    assert planning_now(NOW, NOW + 9_000 * A_DAY) == NOW + MAX_STEP


AIRINGS = st.builds(
    Planned,
    st.sampled_from(["a", "b"]),
    st.sampled_from([NOW + n * A_DAY for n in range(-2, 3)]),
    st.sampled_from([NOW + n * A_DAY for n in range(-2, 3)]),
    st.sampled_from(["x", "y"]),
    st.just(Audience()),
    st.just(80),
)
NAMED = st.lists(AIRINGS, max_size=6, unique_by=lambda each: (each.plan, each.original))


@settings(max_examples=100)
@given(NAMED, st.lists(st.sampled_from([State.PLANNED, State.ISSUED, State.CANCELLED]), min_size=6, max_size=6), NAMED)
def test_carried_out_it_leaves_nothing_to_do_and_each_wanted_airing_once(
    had: list[Planned], states: list[State], wanted: list[Planned]
) -> None:
    rows = {str(n): row(str(n), airing, state) for n, (airing, state) in enumerate(zip(had, states, strict=False))}
    needed = align(rows.values(), wanted, NOW)
    touched = [each.id for each in (*needed.rename, *needed.rewrite)]
    touched += [each.replaces for each in (*needed.add, *needed.replace) if each.replaces] + list(needed.call_off)
    assert len(set(touched)) == len(touched)
    assert all(rows[name].airing.start > NOW for name in touched)
    after = dict(rows)
    for renamed in (*needed.rename, *needed.rewrite):
        after[renamed.id] = replace(after[renamed.id], airing=renamed.airing)
    for name in needed.call_off:
        after[name] = replace(after[name], state=State.CANCELLED, off=Off.NOT_WANTED)
    for number, added in enumerate((*needed.add, *needed.replace)):
        if added.replaces is not None:
            after[added.replaces] = replace(after[added.replaces], state=State.CANCELLED)
        after[f"new {number}"] = Present(f"new {number}", added.airing, State.PLANNED, added.generation)
    again = align(after.values(), wanted, NOW)
    assert again.is_empty
    begun = {(each.plan, each.original) for each in had if each.start <= NOW}
    off = {(each.airing.plan, each.airing.original) for each in rows.values() if each.state is State.CANCELLED}
    for airing in wanted:
        called = (airing.plan, airing.original)
        if airing.start > NOW and called not in begun | off:
            standing = [each for each in after.values() if each.airing == airing and each.state is not State.CANCELLED]
            assert len(standing) == 1
