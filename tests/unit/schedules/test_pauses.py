"""A paused village is silent, everybody else is not, and an emergency is heard everywhere."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Refused
from devices.wire.audience import MAX_CLUSTERS, Audience, Listener
from devices.wire.orders import PlayClass
from schedules.conflicts import Slot
from schedules.pauses import (
    MAX_PAUSE,
    Affected,
    Occasion,
    Pause,
    Remedy,
    affected,
    less_silent,
    missed,
    placed,
    silent,
    without,
)
from tests.unit.schedules.day import local, slot

LISTENERS = {
    "a": Listener("a", frozenset({"upper", "commune"}), frozenset({"market"})),
    "b": Listener("b", frozenset({"upper", "commune"})),
    "c": Listener("c", frozenset({"lower", "commune"}), frozenset({"market"})),
}
NEWS = slot("news", "05:00", 10, clusters="abc")
TALK = slot("talk", "06:00", 10, clusters="ab")
DUSK = slot("dusk", "17:00", 10, clusters="abc")
UPPER, LOWER = Audience(places=("upper",)), Audience(places=("lower",))
BEFORE_ALL = local("00:00")


def pause(whom: Audience, start: str = "05:30", end: str = "12:00", **more: Any) -> Pause:
    fields: dict[str, Any] = {"occasion": Occasion.FUNERAL} | more
    return Pause("p", whom, local(start), local(end), who="operator", **fields)


def names(slots: tuple[Slot, ...]) -> list[str]:
    return [each.occurrence for each in slots]


@pytest.mark.parametrize(
    ("whom", "who"),
    [
        (UPPER, "ab"),
        (Audience(clusters=("b",)), "b"),
        (Audience(zones=("market",)), "a"),
        (Audience(places=("commune",), but=("a",)), "b"),
        (Audience(), "ab"),
        (LOWER, ""),
    ],
)
def test_a_village_a_zone_a_cluster_or_all_may_be_paused(whom: Audience, who: str) -> None:
    silences = placed([pause(whom)], LISTENERS)
    assert silent(TALK, silences) == frozenset(who)
    assert less_silent(TALK, silences).clusters == frozenset("ab") - frozenset(who)
    assert silent(NEWS, silences) == frozenset()


@pytest.mark.parametrize(
    ("start", "end", "quiet"),
    [("06:10", "07:00", False), ("05:00", "06:00", False), ("06:09", "07:00", True), ("05:00", "06:01", True)],
)
def test_an_airing_that_a_pause_touches_is_not_heard_at_all(start: str, end: str, quiet: bool) -> None:
    assert bool(silent(TALK, placed([pause(UPPER, start, end)], LISTENERS))) is quiet


def test_one_of_unknown_length_counts_by_its_beginning() -> None:
    unknown = slot("unknown", "06:00", 0, clusters="ab")
    assert silent(unknown, placed([pause(UPPER, "06:00", "07:00")], LISTENERS)) == frozenset("ab")
    assert silent(unknown, placed([pause(UPPER, "05:00", "06:00")], LISTENERS)) == frozenset()


def test_an_emergency_is_never_paused_but_an_exercise_is() -> None:
    silences = placed([pause(Audience())], LISTENERS)
    assert silent(replace(TALK, play_class=3), silences) == frozenset()
    assert silent(replace(TALK, play_class=3, actual=False), silences) == frozenset("ab")
    assert silent(replace(TALK, play_class=2), silences) == frozenset("ab")
    spared = placed([pause(Audience(), up_to=PlayClass.NORMAL)], LISTENERS)
    assert silent(replace(TALK, play_class=2), spared) == frozenset()


def test_what_a_cluster_misses_is_listed_under_several_overlapping_pauses_once() -> None:
    pauses = [pause(UPPER, "05:05", "18:00"), pause(Audience(zones=("market",)), "16:00", "20:00")]
    found = missed([DUSK, TALK, NEWS], placed(pauses, LISTENERS))
    assert {cluster: names(slots) for cluster, slots in found.items()} == {
        "a": ["news", "talk", "dusk"],
        "b": ["news", "talk", "dusk"],
        "c": ["dusk"],
    }
    assert {c: names(s) for c, s in missed([NEWS, DUSK], placed(pauses[1:], LISTENERS)).items()} == {
        "a": ["dusk"],
        "c": ["dusk"],
    }


SOME = st.sets(st.sampled_from(["upper", "lower", "commune"])).map(tuple)
NAMES = st.sets(st.sampled_from("abc")).map(lambda names: tuple(sorted(names)))
AUDIENCES = st.builds(Audience, places=SOME, zones=st.sampled_from([(), ("market",)]), clusters=NAMES, but=NAMES)


@given(AUDIENCES, NAMES.map(frozenset))
def test_the_order_means_those_meant_before_and_not_silent(audience: Audience, out: frozenset[str]) -> None:
    meant = frozenset(name for name, listener in LISTENERS.items() if audience.includes(listener))
    less = without(audience, meant, out)
    heard = frozenset(name for name, listener in LISTENERS.items() if less is not None and less.includes(listener))
    assert heard == meant - out
    assert (less is None) is (bool(out & meant) and not meant - out)


def test_who_cannot_be_named_as_left_out_is_named_as_left() -> None:
    many = frozenset(f"c{number:04}" for number in range(3 * MAX_CLUSTERS))
    few = frozenset(sorted(many)[:10])
    assert without(Audience(), many, many - few) == Audience(clusters=tuple(sorted(few)))
    assert without(Audience(), many, few) == Audience(but=tuple(sorted(few)))
    with pytest.raises(Refused, match="audience_too_long"):
        without(Audience(), many, frozenset(sorted(many)[: len(many) // 2]))


def change(before: list[Pause], after: list[Pause], now: datetime = BEFORE_ALL) -> tuple[Affected, ...]:
    return affected(placed(before, LISTENERS), placed(after, LISTENERS), [DUSK, TALK, NEWS], now)


def test_a_new_pause_takes_the_airing_from_the_newly_silent_alone() -> None:
    [found] = change([], [pause(UPPER, "16:00", "20:00")])
    assert (found.occurrence, found.newly_silent, found.left) == ("dusk", frozenset("ab"), frozenset("c"))
    assert found.remedy is Remedy.LEAVE_OUT


def test_when_nobody_is_left_it_is_called_off() -> None:
    [found] = change([], [pause(UPPER)])
    assert (found.occurrence, found.remedy) == ("talk", Remedy.CALL_OFF)


def test_a_pause_that_ends_early_needs_new_orders_for_what_was_cancelled() -> None:
    long = pause(UPPER, "05:30", "20:00")
    found = change([long], [replace(long, end=local("16:00"))])
    assert [(f.occurrence, f.heard_again, f.remedy) for f in found] == [("dusk", frozenset("ab"), Remedy.REPLACE)]
    assert [f.occurrence for f in change([long], [])] == ["talk", "dusk"]


def test_a_second_pause_over_the_same_time_changes_nothing_nor_does_its_end() -> None:
    long, short = pause(UPPER, "05:30", "20:00"), pause(Audience(clusters=("a",)), "05:45", "06:30")
    assert change([long], [long, short]) == change([long, short], [long]) == ()


def test_what_is_over_stays_and_what_has_begun_can_only_be_ended() -> None:
    long = pause(UPPER, "05:30", "20:00")
    assert [f.occurrence for f in change([], [long], local("06:10"))] == ["dusk"]
    assert [f.occurrence for f in change([], [long], local("06:05"))] == ["talk", "dusk"]
    assert [f.occurrence for f in change([long], [], local("06:05"))] == ["dusk"]


def test_who_missed_the_beginning_is_not_among_those_left() -> None:
    first, other = (pause(Audience(clusters=(cluster,)), "05:30", "20:00") for cluster in "ab")
    [talk, dusk] = change([first], [other], local("06:05"))
    assert (talk.newly_silent, talk.left, talk.remedy) == (frozenset("b"), frozenset(), Remedy.CALL_OFF)
    assert (dusk.newly_silent, dusk.heard_again, dusk.left) == (frozenset("b"), frozenset("a"), frozenset("ac"))


@given(
    st.lists(st.tuples(st.sampled_from([UPPER, LOWER, Audience()]), st.integers(0, 23), st.integers(1, 8)), max_size=4)
)
def test_after_the_remedies_just_those_hear_it_who_are_not_paused(drawn: list[tuple[Audience, int, int]]) -> None:
    pauses = [
        Pause(str(n), whom, local(f"{hour:02}:00"), local(f"{hour:02}:00") + timedelta(hours=hours), Occasion.EXAM, "x")
        for n, (whom, hour, hours) in enumerate(drawn)
    ]
    before, after = placed(pauses[::2], LISTENERS), placed(pauses[1::2], LISTENERS)
    found = {each.occurrence: each for each in affected(before, after, [NEWS, TALK, DUSK], BEFORE_ALL)}
    for each in (NEWS, TALK, DUSK):
        had = less_silent(each, before).clusters
        wanted = less_silent(each, after).clusters
        assert (each.occurrence in found) is (had != wanted)
        if had != wanted:
            assert found[each.occurrence].left == wanted
            assert (had - found[each.occurrence].newly_silent) | found[each.occurrence].heard_again == wanted


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"end": "05:30"}, "pause_reversed"),
        ({"occasion": Occasion.OTHER}, "pause_wrong"),
        ({"occasion": Occasion.OTHER, "note": "  "}, "pause_wrong"),
        ({"note": "x" * 201}, "pause_wrong"),
        ({"up_to": PlayClass.EMERGENCY}, "pause_wrong"),
    ],
)
def test_a_pause_that_says_nothing_or_too_much_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        pause(UPPER, **fields)


def test_a_pause_has_an_end() -> None:
    with pytest.raises(Refused, match="pause_too_long"):
        replace(pause(UPPER), end=local("05:30") + MAX_PAUSE + timedelta(minutes=1))
