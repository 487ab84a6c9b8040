"""Airings are grouped as people count them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schedules.airtime import blocks, ears, sounding
from tests.unit.schedules.day import slot

MINUTE = timedelta(minutes=1)


def test_airings_no_further_apart_than_the_gap_are_one_block() -> None:
    found = blocks([slot("c", "06:00", 5), slot("a", "05:00", 10), slot("b", "05:15", 5)], 5 * MINUTE)
    assert [[s.occurrence for s in block.slots] for block in found] == [["a", "b"], ["c"]]
    assert found[0].lasts == 20 * MINUTE


def test_one_that_lies_inside_a_longer_one_does_not_shorten_the_block() -> None:
    [block] = blocks([slot("long", "05:00", 60), slot("short", "05:10", 1), slot("next", "06:04", 1)], 5 * MINUTE)
    assert block.lasts == 65 * MINUTE


def test_what_sounds_twice_at_once_counts_once_and_pauses_count_for_nothing() -> None:
    assert sounding([slot("a", "05:00", 10), slot("b", "05:05", 10), slot("c", "07:00", 1)]) == 16 * MINUTE
    assert sounding([]) == timedelta()


@given(st.lists(st.sets(st.sampled_from("abcdef")), max_size=7))
def test_every_cluster_is_in_one_group_with_just_the_airings_meant_for_it(audiences: list[set[str]]) -> None:
    slots = [slot(str(n), "05:00", 1, clusters=who) for n, who in enumerate(audiences)]
    groups = ears(slots)
    assert sorted(c for group in groups for c in group.clusters) == sorted(set().union(*audiences))
    for group in groups:
        for cluster in group.clusters:
            assert group.slots == tuple(s for s in slots if cluster in s.clusters)
    assert len({group.slots for group in groups}) == len(groups)
