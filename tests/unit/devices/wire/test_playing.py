import pytest

from devices.wire.orders import AfterPreemption, Level, PlayClass, Repeat, Status
from tests.unit.devices.wire.airings import (
    BACKGROUND,
    EMERGENCY,
    MINUTE,
    NOON,
    NORMAL,
    PRIORITY,
    TEN_S,
    airing,
    now,
    programme,
    told,
)


def test_it_begins_at_its_time_and_not_before():
    day = programme(airing(1, at=500))
    assert day.advance(now(499)) == []
    assert day.next_change_ms(now(499)) == NOON + 500
    assert told(day.advance(now(500))) == [("begin", 1, 0)]
    assert day.advance(now(600)) == []


def test_what_has_sounded_to_its_end_has_played():
    day = programme(airing(1))
    day.advance(now())
    assert told(day.finish(airing(1).occurrence, now(TEN_S))) == [("end", 1, "played", "", TEN_S)]
    assert day.sounding is None
    assert day.advance(now(TEN_S + 1)) == []


def test_the_next_in_the_queue_begins_when_one_ends():
    day = programme(airing(1), airing(2, turn=1))
    assert told(day.advance(now())) == [("begin", 1, 0)]
    assert told(day.finish(airing(1).occurrence, now(TEN_S))) == [("end", 1, "played", "", TEN_S), ("begin", 2, 0)]


def test_the_end_of_something_that_does_not_sound_changes_nothing():
    day = programme(airing(1, at=500))
    assert day.finish(airing(1).occurrence, now()) == []
    assert day.finish(airing(9).occurrence, now()) == []


def test_a_player_that_stopped_short_has_not_played():
    day = programme(airing(1))
    day.advance(now())
    ended = day.finish(airing(1).occurrence, now(3_000), sounded_ms=3_000)
    assert told(ended) == [("end", 1, "interrupted", "cut_short", 3_000)]


@pytest.mark.parametrize("padding", [-999, 0, 400])
def test_an_encoding_somewhat_longer_or_shorter_has_played(padding: int):
    day = programme(airing(1))
    day.advance(now())
    ended = day.finish(airing(1).occurrence, now(TEN_S), sounded_ms=TEN_S + padding)
    assert told(ended) == [("end", 1, "played", "", TEN_S + padding)]


def test_an_occurrence_that_is_here_already_keeps_its_place():
    day = programme(airing(1))
    day.advance(now())
    day.add(airing(1, at=5))
    assert day.get(airing(1).occurrence) is day.sounding
    assert len(list(day.airings)) == 1


@pytest.mark.parametrize("lower", [BACKGROUND, NORMAL, PRIORITY])
@pytest.mark.parametrize("higher", [NORMAL, PRIORITY, EMERGENCY])
def test_a_higher_class_interrupts_and_a_lower_one_waits(lower: PlayClass, higher: PlayClass):
    day = programme(airing(1, lower), airing(2, higher, at=1_000))
    day.advance(now())
    interrupted = [("pause", 1), ("begin", 2, 0)] if higher > lower else []
    assert told(day.advance(now(1_000))) == interrupted


@pytest.mark.parametrize("level", [Level.PROVINCE, Level.COUNTRY])
def test_below_emergencies_a_higher_level_goes_first_but_does_not_interrupt(level: Level):
    day = programme(airing(1, level=Level.COMMUNE), airing(2, level=Level.COMMUNE), airing(3, level=level, turn=9))
    assert told(day.advance(now())) == [("begin", 3, 0)]
    day = programme(airing(1), airing(2, at=1_000, level=level))
    day.advance(now())
    assert day.advance(now(1_000)) == []


def test_among_equals_the_operators_order_decides_then_the_time_then_who_was_ordered_first():
    by_turn = programme(airing(1, turn=2), airing(2, turn=1, at=500))
    assert told(by_turn.advance(now(500))) == [("begin", 2, 0)]
    by_time = programme(airing(1, at=500), airing(2, at=400))
    assert told(by_time.advance(now(500))) == [("begin", 2, 0)]
    by_issue = programme(airing(1, issued=-1_000), airing(2, issued=-2_000))
    assert told(by_issue.advance(now())) == [("begin", 2, 0)]


@pytest.mark.parametrize("status", [Status.DRILL, Status.TEST])
def test_an_exercise_ranks_below_the_real_thing_of_its_class(status: Status):
    day = programme(airing(1, EMERGENCY, status=status, at=None, issued=10), airing(2, EMERGENCY, at=None))
    assert told(day.advance(now(10))) == [("begin", 2, 0)]
    day = programme(airing(1, EMERGENCY, status=status, at=None, level=Level.COUNTRY))
    day.advance(now())
    day.add(airing(2, EMERGENCY, at=None))
    assert told(day.advance(now(10))) == [("pause", 1), ("begin", 2, 0)]


def test_the_newest_emergency_sounds_and_the_older_comes_back():
    day = programme(airing(1, EMERGENCY, at=None))
    day.advance(now())
    day.add(airing(2, EMERGENCY, at=None, issued=2_000))
    assert told(day.advance(now(2_000))) == [("pause", 1), ("begin", 2, 0)]
    ended = day.finish(airing(2).occurrence, now(12_000))
    assert told(ended) == [("end", 2, "played", "", TEN_S), ("resume", 1, 2_000)]


def test_an_emergency_of_a_higher_level_is_not_interrupted_by_a_newer_one_of_a_lower():
    day = programme(airing(1, EMERGENCY, at=None, level=Level.PROVINCE))
    day.advance(now())
    day.add(airing(2, EMERGENCY, at=None, issued=2_000))
    assert day.advance(now(2_000)) == []
    day.add(airing(3, EMERGENCY, at=None, issued=-500, level=Level.COUNTRY))
    assert told(day.advance(now(2_100))) == [("pause", 1), ("begin", 3, 0)]


def test_what_had_to_give_way_resumes_where_it_was():
    day = programme(airing(1), airing(2, EMERGENCY, at=4_000))
    day.advance(now())
    day.advance(now(4_000))
    assert told(day.finish(airing(2).occurrence, now(14_000)))[1] == ("resume", 1, 4_000)
    ended = day.finish(airing(1).occurrence, now(20_000))
    assert told(ended) == [("end", 1, "played", "", TEN_S)]


def test_what_had_to_give_way_starts_over_and_owns_up_to_all_that_was_heard():
    day = programme(airing(1, preempted=AfterPreemption.RESTART), airing(2, EMERGENCY, at=4_000))
    day.advance(now())
    day.advance(now(4_000))
    assert told(day.finish(airing(2).occurrence, now(14_000)))[1] == ("resume", 1, 0)
    assert told(day.finish(airing(1).occurrence, now(24_000))) == [("end", 1, "played", "", 14_000)]


def test_what_was_to_start_over_and_is_cancelled_before_owns_up_to_what_was_heard():
    once = airing(1, preempted=AfterPreemption.RESTART)
    endless = airing(3, PRIORITY, repeat=Repeat(0, 0), preempted=AfterPreemption.RESTART)
    for one, state in ((once, "cancelled"), (endless, "played")):
        day = programme(one, airing(2, EMERGENCY, at=4_000))
        day.advance(now())
        day.advance(now(4_000))
        (ended,) = told(day.cancel(one.occurrence, now(5_000)))
        assert ended[2:] == (state, "cancelled", 4_000)


def test_what_is_to_be_dropped_is_dropped():
    day = programme(airing(1, preempted=AfterPreemption.DROP), airing(2, EMERGENCY, at=4_000))
    day.advance(now())
    assert told(day.advance(now(4_000))) == [("end", 1, "preempted", "dropped", 4_000), ("begin", 2, 0)]


def test_what_is_stale_when_its_turn_comes_again_is_dropped():
    day = programme(airing(1, stale_ms=8_000), airing(2, EMERGENCY, at=4_000))
    day.advance(now())
    day.advance(now(4_000))
    assert day.next_change_ms(now(4_000)) == NOON + 8_001
    assert day.advance(now(8_000)) == []
    assert told(day.advance(now(8_001))) == [("end", 1, "preempted", "stale", 4_000)]


def test_what_sounds_is_not_stale_however_long_it_lasts():
    day = programme(airing(1, stale_ms=1_000))
    day.advance(now())
    assert day.advance(now(9_000)) == []


def test_what_could_not_begin_in_time_is_missed_with_the_reason():
    held_up = programme(airing(1, repeat=Repeat(100, 0)), airing(2, late_ms=5_000))
    held_up.advance(now())
    assert held_up.advance(now(5_000)) == []
    assert told(held_up.advance(now(5_001))) == [("end", 2, "missed", "busy", 0)]
    outranked = programme(airing(1, PRIORITY, late_ms=0), airing(2, EMERGENCY))
    outranked.advance(now())
    assert told(outranked.advance(now(1))) == [("end", 1, "missed", "busy", 0)]
    absent = programme(airing(1, ready=False, late_ms=5_000))
    assert absent.advance(now(5_000)) == []
    assert told(absent.advance(now(5_001))) == [("end", 1, "missed", "not_stored", 0)]
    asleep = programme(airing(1, late_ms=5_000))
    assert told(asleep.advance(now(5_001))) == [("end", 1, "missed", "late", 0)]


def test_an_emergency_is_never_too_late_until_it_expires():
    day = programme(airing(1, EMERGENCY, at=0, late_ms=0, ready=False, expires=5 * MINUTE))
    assert day.advance(now(4 * MINUTE)) == []
    assert day.next_change_ms(now(4 * MINUTE)) == NOON + 5 * MINUTE
    first = day.get(airing(1).occurrence)
    assert first is not None
    first.ready = True
    assert told(day.advance(now(4 * MINUTE))) == [("begin", 1, 0)]


def test_a_cancel_ends_an_airing_wherever_it_stands():
    waiting = programme(airing(1, at=500))
    assert told(waiting.cancel(airing(1).occurrence, now())) == [("end", 1, "cancelled", "cancelled", 0)]
    assert waiting.advance(now(500)) == []
    sounding = programme(airing(1), airing(2, turn=1))
    sounding.advance(now())
    assert told(sounding.cancel(airing(1).occurrence, now(3_000), "all_clear")) == [
        ("end", 1, "cancelled", "all_clear", 3_000),
        ("begin", 2, 0),
    ]
    assert sounding.cancel(airing(9).occurrence, now(3_000)) == []


def test_a_cancelled_endless_airing_that_never_began_has_not_played():
    day = programme(airing(1, repeat=Repeat(0, 0), ready=False))
    assert told(day.cancel(airing(1).occurrence, now(1_000))) == [("end", 1, "cancelled", "cancelled", 0)]


def test_a_stop_ends_what_has_begun_up_to_its_class_and_leaves_what_is_planned():
    day = programme(airing(1), airing(2, PRIORITY, at=1_000), airing(3, EMERGENCY, at=2_000), airing(4, at=5_000))
    for at in (0, 1_000, 2_000):
        day.advance(now(at))
    assert told(day.stop(PRIORITY, now(3_000))) == [
        ("end", 1, "interrupted", "stopped", 1_000),
        ("end", 2, "interrupted", "stopped", 1_000),
    ]
    assert told(day.stop(EMERGENCY, now(3_500))) == [("end", 3, "interrupted", "stopped", 1_500)]
    assert told(day.advance(now(5_000))) == [("begin", 4, 0)]


def test_a_stopped_endless_airing_has_played():
    day = programme(airing(1, EMERGENCY, at=None, repeat=Repeat(0, 0)))
    day.advance(now())
    assert told(day.stop(EMERGENCY, now(7_000))) == [("end", 1, "played", "stopped", 7_000)]
