"""Totals add up what was proved, each airing and each person once."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.models import DeliveryState as State
from devices.wire.orders import Level, PlayClass, Status
from schedules.asrun import Claim, Row
from schedules.totals import Report, alone, by_language, report
from tests.unit.schedules.asrun_rows import A_MINUTE_MS, NOW, row
from tests.unit.schedules.day import DAY, VIETNAM, local

TEN = 10 * A_MINUTE_MS


def made(*rows: Row) -> Report:
    return report([alone(each) for each in rows], VIETNAM, NOW)


def test_an_airing_counts_once_its_sound_in_every_cluster() -> None:
    found = made(row(cluster="a"), row(cluster="b"), row(cluster="c", state=State.MISSED, reason="not_stored")).whole
    assert (found.airings, found.clusters) == (1, 3)
    assert found.claims == {Claim.PLAYED: 2, Claim.SILENT: 1}
    assert found.reasons == {"not_stored": 1}
    assert (found.programme_ms, found.heard_ms) == (TEN, 2 * TEN)


def test_what_was_transmitted_is_not_added_to_what_was_heard() -> None:
    found = made(row(cluster="a"), row(cluster="w", state=State.TRANSMITTED, wireless=True)).whole
    assert (found.heard_ms, found.transmitted_ms) == (TEN, TEN)
    assert (found.people, found.only_transmitted) == (100, 100)


def test_nobody_counts_twice() -> None:
    rows = [
        row("one", "a"),
        row("two", "a", start=local("17:00")),
        row("one", "a2", village="village of a"),
        row("one", "w", State.TRANSMITTED, wireless=True, village="village of a"),
    ]
    assert (made(*rows).whole.people, made(*rows).whole.only_transmitted) == (100, 0)


def test_a_village_that_heard_only_a_part_or_nothing_is_not_reached() -> None:
    rows = [row(cluster="a", state=State.INTERRUPTED, sounded_ms=1), row(cluster="b", state=State.ORDERED)]
    found = made(*rows).whole
    assert (found.people, found.heard_ms) == (0, 1)
    assert found.claims == {Claim.PARTLY: 1, Claim.NO_WORD: 1}


def test_days_go_by_the_clock_on_the_wall() -> None:
    late, early = local("23:30"), local("00:10", DAY + timedelta(days=1))
    found = made(row("late", start=late), row("early", start=early))
    assert {day: each.airings for day, each in found.days.items()} == {DAY: 1, DAY + timedelta(days=1): 1}


def test_an_exercise_is_no_programme_but_stands_among_the_classes() -> None:
    found = made(row("drill", status=Status.DRILL, play_class=PlayClass.EMERGENCY), row("news"))
    assert set(found.classes) == {"drill", "normal"}
    assert (found.whole.airings, found.classes["drill"].airings) == (1, 1)
    assert {level: each.airings for level, each in found.levels.items()} == {"commune": 1}


def test_classes_and_levels_are_told_apart() -> None:
    found = made(row("news"), row("relay", play_class=PlayClass.PRIORITY, level=Level.COUNTRY))
    assert {name: each.programme_ms for name, each in found.classes.items()} == {"normal": TEN, "priority": TEN}
    assert {name: each.programme_ms for name, each in found.levels.items()} == {"commune": TEN, "country": TEN}


def spoken(sounded_ms: int, **more: Any) -> dict[str, int]:
    return dict(
        by_language(row(sounded_ms=sounded_ms, spoken=(("vi", 60_000), ("tay", 30_000)), lead_ms=10_000, **more))
    )


def test_languages_are_counted_in_the_order_they_sound() -> None:
    assert spoken(100_000) == {"vi": 60_000, "tay": 30_000}
    assert spoken(5_000) == {"vi": 0, "tay": 0}
    assert spoken(40_000) == {"vi": 30_000, "tay": 0}
    assert spoken(85_000) == {"vi": 60_000, "tay": 15_000}
    assert spoken(140_000) == {"vi": 90_000, "tay": 30_000}
    assert dict(by_language(row())) == {}


def test_a_language_that_was_planned_and_not_heard_stands_in_the_report_with_nothing() -> None:
    found = made(row(state=State.MISSED, spoken=(("vi", 60_000),)))
    assert (found.languages["vi"].airings, found.languages["vi"].heard_ms) == (1, 0)


ROWS = st.builds(
    row,
    st.sampled_from(["one", "two", "three"]),
    st.sampled_from("abcd"),
    st.sampled_from([*State, None]),
    sounded_ms=st.integers(0, TEN),
    wireless=st.booleans(),
    play_class=st.sampled_from(PlayClass),
    level=st.sampled_from(Level),
)


@settings(max_examples=50)
@given(st.lists(ROWS, max_size=12, unique_by=lambda each: (each.occurrence, each.cluster)))
def test_the_parts_add_up_to_the_whole(rows: list[Row]) -> None:
    found = made(*rows)
    assert found.whole.clusters == len(rows)
    assert found.whole.airings == len({each.occurrence for each in rows})
    for parts in (found.days, found.classes, found.levels):
        assert sum(each.clusters for each in parts.values()) == len(rows)
        assert sum(each.heard_ms for each in parts.values()) == found.whole.heard_ms
        assert sum(each.transmitted_ms for each in parts.values()) == found.whole.transmitted_ms
    assert found.whole.people + found.whole.only_transmitted <= 100 * len({each.village for each in rows})
