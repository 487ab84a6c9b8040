"""What the policy forbids is found where it is made, with the rule, its source, and what would be permitted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.airtime import blocks
from schedules.allowances import Allowance, Event, Kind, Limit, VolumeCap
from schedules.conflicts import Slot
from schedules.permitting import longest, nearest
from schedules.policy import Rules
from schedules.violations import check, permit
from tests.unit.schedules.day import DAY, VIETNAM, local, slot

SOURCE = "Decision 12/2025 of the commune"
HOURS = Rules.of(VIETNAM, [["05:00", "07:30"], ["16:30", "19:00"]], SOURCE)
TWO = Limit(Kind.BLOCKS, 2, "Two blocks a day", SOURCE)
QUARTER = Limit(Kind.BLOCK_MINUTES, 15, "A quarter of an hour a block", SOURCE)
HALF = Limit(Kind.DAY_MINUTES, 30, "Half an hour a day", SOURCE)
EVENING = VolumeCap("Evenings", Rules.of(VIETNAM, [["18:00", "05:00"]], SOURCE, 40))
MORNING, NOON, DUSK = slot("morning", "05:00", 10), slot("noon", "12:00", 10), slot("dusk", "17:00", 10)
RELAY = slot("relay", "03:15", 15)
ANY_HOUR = Rules((), VIETNAM, SOURCE)


def refusal(slots: list[Slot], allowance: Allowance, *new: str) -> Refused:
    with pytest.raises(Refused) as caught:
        permit(slots, allowance, new)
    return caught.value


def test_the_mistyped_relay_at_0315_is_refused_with_the_rule_its_source_and_the_nearest_permitted_time() -> None:
    [found] = check([RELAY, MORNING], Allowance(HOURS, (TWO, QUARTER)), {"relay"})
    assert (found.occurrence, found.kind, found.rule, found.source) == ("relay", Kind.HOURS, HOURS.text, SOURCE)
    assert found.figure == "03:15"
    # Not at 05:00, which is taken, nor at 05:10: with the morning's ten minutes it would be too long a block.
    assert found.nearest == local("05:16")
    refused = refusal([RELAY, MORNING], Allowance(HOURS, (TWO, QUARTER)), "relay")
    assert (refused.code, refused.params["nearest"]) == ("schedules.outside_hours", "05:16")


def test_with_nothing_but_hours_the_answer_is_that_of_the_hours() -> None:
    with pytest.raises(Refused) as caught:
        HOURS.check(RELAY.start, RELAY.end)
    refused = refusal([RELAY], Allowance(HOURS))
    assert (refused.code, refused.params) == (caught.value.code, caught.value.params)
    too_long = slot("relay", "03:15", 200)
    with pytest.raises(Refused) as caught:
        HOURS.check(too_long.start, too_long.end)
    refused = refusal([too_long], Allowance(HOURS))
    assert (refused.code, refused.params) == (caught.value.code, caught.value.params)


def test_the_block_too_many_is_the_new_one_wherever_in_the_day_it_lies() -> None:
    slots = [MORNING, NOON, DUSK]
    [found] = check(slots, Allowance(ANY_HOUR, (TWO,)), {"noon"})
    assert (found.occurrence, found.kind, found.figure, found.limit) == ("noon", Kind.BLOCKS, 3, 2)
    assert [each.occurrence for each in check(slots, Allowance(ANY_HOUR, (TWO,)))] == ["dusk"]


def test_another_block_may_join_one_that_is_there() -> None:
    [found] = check([MORNING, NOON, DUSK], Allowance(ANY_HOUR, (TWO,)), {"noon"})
    # The nearest place that makes no third block: as part of the one at dusk, five minutes before it.
    assert found.nearest == local("16:45")
    refused = refusal([MORNING, NOON, DUSK], Allowance(ANY_HOUR, (TWO,)), "noon")
    assert refused.code == "schedules.too_many_blocks"
    assert refused.params["nearest"] == "16:45"


def test_a_day_that_keeps_every_rule_as_a_whole_blames_nobody_for_the_order_it_was_written_in() -> None:
    one = Allowance(ANY_HOUR, (Limit(Kind.BLOCKS, 1, "One block a day", SOURCE),))
    apart = [slot("first", "05:00", 10), slot("last", "05:20", 10)]
    assert [v.occurrence for v in check(apart, one)] == ["last"]
    assert check([*apart, slot("between", "05:12", 5)], one, {"between"}) == ()


def test_a_block_is_what_follows_within_the_gap() -> None:
    slots = [MORNING, slot("more", "05:14", 5), DUSK, slot("late", "17:16", 1)]
    assert [v.occurrence for v in check(slots, Allowance(ANY_HOUR, (TWO,)))] == ["late"]
    assert check(slots, Allowance(ANY_HOUR, (TWO,), block_gap=timedelta(minutes=6))) == ()


def test_a_block_that_grows_too_long_says_how_long_its_last_part_may_be() -> None:
    [found] = check([MORNING, slot("more", "05:10", 10)], Allowance(HOURS, (QUARTER,)))
    assert (found.occurrence, found.kind, found.figure, found.limit) == ("more", Kind.BLOCK_MINUTES, 20, 15)
    assert found.longest == timedelta(minutes=5)
    assert found.nearest == local("05:16")
    refused = refusal([MORNING, slot("more", "05:10", 10)], Allowance(HOURS, (QUARTER,)))
    assert refused.code == "schedules.too_many_minutes"
    assert (refused.params["longest"], refused.params["nearest"]) == (5, "05:16")


def test_minutes_of_a_day_are_those_of_sound_and_the_next_day_begins_anew() -> None:
    slots = [MORNING, DUSK, slot("relay", "18:00", 15)]
    [found] = check(slots, Allowance(HOURS, (HALF,)))
    assert (found.occurrence, found.kind, found.figure) == ("relay", Kind.DAY_MINUTES, 35)
    assert found.longest == timedelta(minutes=10)
    assert found.nearest == local("05:00", DAY + timedelta(days=1))
    assert refusal(slots, Allowance(HOURS, (HALF,))).params["nearest"] == "05:00 (2026-03-11)"


def test_what_no_time_can_take_says_so() -> None:
    refused = refusal([slot("talk", "05:00", 40)], Allowance(HOURS, (QUARTER,)))
    assert refused.code == "schedules.no_time_permitted"


def test_hours_that_are_full_are_not_said_to_be_too_short() -> None:
    taken = [slot(f"taken {day}", "05:00", 150, day=DAY + timedelta(days=day)) for day in (-1, 0, 1)]
    taken += [slot(f"dusk {day}", "16:30", 150, day=DAY + timedelta(days=day)) for day in (-1, 0, 1)]
    refused = refusal([*taken, RELAY], Allowance(HOURS), "relay")
    assert (refused.code, refused.params["time"]) == ("schedules.hours_full", "03:15")


def test_an_offer_on_another_day_names_it() -> None:
    refused = refusal([slot("late", "23:50", 10)], Allowance(Rules.of(VIETNAM, [["05:00", "07:30"]], SOURCE)))
    assert refused.params["nearest"] == "05:00 (2026-03-11)"


def test_what_is_not_permitted_counts_for_nothing() -> None:
    slots = [MORNING, slot("talk", "06:00", 25), slot("brief", "06:30", 10)]
    assert [v.occurrence for v in check(slots, Allowance(HOURS, (HALF,)))] == ["talk"]


def test_limits_count_what_one_cluster_hears() -> None:
    slots = [
        slot("one", "05:00", 5, clusters="ab"),
        slot("two", "06:00", 5, clusters="bc"),
        slot("three", "07:00", 5, clusters="bcd"),
    ]
    [found] = check(slots, Allowance(ANY_HOUR, (TWO,)))
    assert (found.occurrence, found.clusters) == ("three", frozenset("b"))


def test_louder_than_the_hour_permits_is_told_with_the_volume_that_may_be() -> None:
    loud = slot("loud", "18:30", 5, volume=70)
    [found] = check([loud], Allowance(HOURS, caps=(EVENING,)))
    assert (found.kind, found.figure, found.limit, found.rule) == (Kind.VOLUME, 70, 40, "Evenings")
    assert refusal([loud], Allowance(HOURS, caps=(EVENING,))).code == "schedules.too_loud"
    assert check([replace(loud, volume=40)], Allowance(HOURS, caps=(EVENING,))) == ()


def test_an_emergency_is_never_asked_and_uses_nothing_up_but_an_exercise_is_asked() -> None:
    siren = slot("siren", "03:15", 600, play_class=3, volume=100)
    strict = Allowance(HOURS, (TWO, QUARTER, HALF), (EVENING,))
    assert check([siren, MORNING, DUSK], strict) == ()
    assert {v.kind for v in check([replace(siren, actual=False)], strict)} >= {Kind.HOURS, Kind.VOLUME}


def test_a_named_event_permits_what_the_rule_forbids_on_its_days_only() -> None:
    fair = Event("Village fair", DAY, DAY, frozenset({Kind.BLOCKS}), "Plan 3")
    allowance = Allowance(ANY_HOUR, (TWO,), events=(fair,))
    day_after = [slot(s.occurrence + "'", f"{s.start.astimezone(VIETNAM):%H:%M}", 10, day=DAY + timedelta(days=1))
                 for s in (MORNING, NOON, DUSK)]  # fmt: skip
    assert [v.occurrence for v in check([MORNING, NOON, DUSK, *day_after], allowance)] == ["dusk'"]


def test_nothing_is_offered_before_the_earliest_or_where_something_else_forbids_it() -> None:
    allowance = Allowance(HOURS)
    assert nearest(RELAY, (), allowance) == local("05:00")
    assert nearest(RELAY, (), allowance, earliest=local("05:01")) == local("05:01")
    assert nearest(RELAY, (), allowance, earliest=local("07:16")) == local("16:30")
    assert nearest(RELAY, (), allowance, fits=lambda at: at != local("05:00")) == local("07:15")


def test_marks_alone_are_the_same_violations_without_an_offer() -> None:
    allowance = Allowance(HOURS, (TWO, QUARTER, HALF), (EVENING,))
    slots = [RELAY, MORNING, slot("more", "05:10", 10), NOON, DUSK, slot("loud", "18:30", 5, volume=70)]
    offered = check(slots, allowance)
    assert check(slots, allowance, offer=False) == tuple(replace(v, nearest=None, longest=None) for v in offered)
    assert len(offered) > 3


def test_how_long_it_may_be_ends_with_the_hours() -> None:
    assert longest(slot("talk", "18:50", 20), (), Allowance(HOURS)) == timedelta(minutes=10)
    assert longest(RELAY, (), Allowance(HOURS)) is None


STARTS = st.integers(0, 24 * 12 - 1).map(lambda step: f"{step // 12:02}:{step % 12 * 5:02}")
DRAWN = st.lists(
    st.tuples(STARTS, st.integers(1, 40), st.sampled_from(["a", "b", "ab"]), st.sampled_from([1, 1, 1, 3])), max_size=8
)


def permitted(slots: list[Slot], cluster: str) -> bool:
    """Whether one cluster's day keeps every rule, counted anew."""
    heard = [s for s in slots if cluster in s.clusters and s.play_class < 3]
    days: dict[object, int] = {}
    for block in blocks(heard):
        day = block.start.astimezone(VIETNAM).date()
        days[day] = days.get(day, 0) + 1
        if block.lasts > timedelta(minutes=15):
            return False
    return all(HOURS.permitted(s.start, s.end) for s in heard) and all(count <= 2 for count in days.values())


@settings(max_examples=60)
@given(DRAWN)
def test_without_what_is_refused_the_day_keeps_every_rule_and_what_is_offered_keeps_them_too(
    drawn: list[tuple[str, int, str, int]],
) -> None:
    slots = [slot(str(n), *rest[:2], clusters=rest[2], play_class=rest[3]) for n, rest in enumerate(drawn)]
    allowance = Allowance(HOURS, (TWO, QUARTER))
    found = {v.occurrence: v for v in check(slots, allowance)}
    kept = [s for s in slots if s.occurrence not in found]
    assert all(permitted(kept, cluster) for cluster in "ab")
    for violation in found.values():
        refused = next(s for s in slots if s.occurrence == violation.occurrence)
        if violation.nearest is not None:
            moved = refused.at(violation.nearest)
            assert all(permitted([*kept, moved], cluster) for cluster in "ab")
            assert not any(moved.meets(other) for other in kept if other.play_class < 3)
        if violation.longest is not None:
            shorter = replace(refused, end=refused.start + violation.longest)
            assert all(permitted([*kept, shorter], cluster) for cluster in "ab")
