"""Airings that would meet are found, and no others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.conflicts import Slot, overlaps

START = datetime(2026, 3, 10, tzinfo=UTC)


def slot(name: str, start_min: int, end_min: int, *, play_class: int = 1, clusters: str = "ab") -> Slot:
    start, end = (START + timedelta(minutes=minute) for minute in (start_min, end_min))
    return Slot(name, start, end, play_class, frozenset(clusters))


def test_two_that_share_time_and_clusters_meet_where_they_share_both():
    [found] = overlaps([slot("late", 5, 20, clusters="bc"), slot("early", 0, 10)])
    assert (found.first, found.second) == ("early", "late")
    assert (found.start, found.end) == (START + timedelta(minutes=5), START + timedelta(minutes=10))
    assert found.clusters == {"b"}
    assert found.wins is None


def test_the_higher_class_wins():
    [found] = overlaps([slot("news", 0, 10), slot("urgent", 5, 6, play_class=2)])
    assert found.wins == "urgent"


def test_touching_ends_and_other_clusters_do_not_meet():
    assert overlaps([slot("one", 0, 10), slot("two", 10, 20)]) == []
    assert overlaps([slot("one", 0, 10, clusters="a"), slot("two", 5, 20, clusters="b")]) == []


def test_two_for_different_clusters_meet_on_a_transmitter_that_is_asked_for_both():
    one = replace(slot("one", 0, 10, clusters="a"), transmitters=frozenset({"gateway"}))
    two = replace(slot("two", 5, 20, clusters="b"), transmitters=frozenset({"gateway", "other"}))
    [found] = overlaps([one, two])
    assert (found.clusters, found.transmitters) == (frozenset(), {"gateway"})
    assert overlaps([one, replace(two, transmitters=frozenset({"other"}))]) == []


def test_only_the_real_emergency_may_sound_at_any_hour():
    siren = slot("siren", 0, 10, play_class=3)
    assert siren.any_hour
    assert not replace(siren, actual=False).any_hour
    assert not slot("urgent", 0, 10, play_class=2).any_hour


def test_an_airing_at_another_time_is_as_long_and_meets_what_is_there():
    news, talk = slot("news", 0, 10), slot("talk", 30, 50, clusters="b")
    moved = news.at(talk.start)
    assert (moved.start, moved.lasts) == (talk.start, news.lasts)
    assert moved.meets(talk)
    assert not news.meets(talk)
    assert not moved.meets(replace(talk, clusters=frozenset("z")))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from(["a", "b", "ab"])), min_size=0, max_size=12
    )
)
def test_every_pair_that_meets_is_found_once(drawn: list[tuple[int, int, str]]):
    slots = [slot(str(n), at, at + length, clusters=who) for n, (at, length, who) in enumerate(drawn)]
    expected = {
        frozenset({one.occurrence, two.occurrence})
        for one, two in combinations(slots, 2)
        if one.start < two.end and two.start < one.end and one.clusters & two.clusters
    }
    found = [frozenset({overlap.first, overlap.second}) for overlap in overlaps(slots)]
    assert set(found) == expected
    assert len(found) == len(expected)
