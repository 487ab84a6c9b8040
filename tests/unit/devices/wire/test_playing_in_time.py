from dataclasses import replace

import pytest

from devices.wire.orders import AfterPreemption, PlayClass, Repeat, Status
from devices.wire.playing import End, Moment, Phase, Programme
from devices.wire.reports import ReceiptState
from tests.unit.devices.wire.airings import (
    DAY,
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


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize("at", [0, None])
@pytest.mark.parametrize("play_class", [NORMAL, EMERGENCY])
def test_nothing_begins_at_or_after_its_expiry(play_class: PlayClass, at: int | None, ready: bool):
    day = programme(airing(1, play_class, at=at, ready=ready, expires=5_000, late_ms=86_400_000))
    (ended,) = told(day.advance(now(5_000)))
    assert ended[:3] == ("end", 1, "missed")


def test_what_sounds_when_it_expires_is_broken_off():
    day = programme(airing(1, expires=5_000))
    day.advance(now())
    assert day.next_change_ms(now()) == NOON + 5_000
    assert told(day.advance(now(5_000))) == [("end", 1, "interrupted", "expired", 5_000)]


def test_what_waits_after_pre_emption_when_it_expires_is_broken_off():
    day = programme(airing(1, expires=6_000), airing(2, EMERGENCY, at=4_000))
    day.advance(now())
    day.advance(now(4_000))
    assert told(day.advance(now(6_000))) == [("end", 1, "interrupted", "expired", 4_000)]


@pytest.mark.parametrize("preempted", list(AfterPreemption))
def test_what_has_come_to_its_end_when_something_higher_begins_has_played(preempted: AfterPreemption):
    day = programme(airing(1, preempted=preempted), airing(2, PRIORITY, at=TEN_S))
    day.advance(now())
    assert told(day.advance(now(TEN_S))) == [("end", 1, "played", "", TEN_S), ("begin", 2, 0)]
    assert told(day.finish(airing(2).occurrence, now(2 * TEN_S))) == [("end", 2, "played", "", TEN_S)]


def test_what_goes_on_until_stopped_has_played_when_it_expires_or_is_cancelled():
    for end, reason in ((5_000, "expired"), (9_000, "cancelled")):
        day = programme(airing(1, EMERGENCY, at=None, repeat=Repeat(0, 500), expires=end))
        day.advance(now())
        assert day.advance(now(4_999)) == []
        changes = day.advance(now(end)) if reason == "expired" else day.cancel(airing(1).occurrence, now(end))
        assert told(changes)[0] == ("end", 1, "played", reason, end)


NIGHT = 11 * 3_600_000  # 23:00, outside the hours


def test_outside_the_hours_nothing_begins_but_an_emergency():
    day = programme(airing(1, at=NIGHT, expires=NIGHT + MINUTE), hours=DAY)
    assert told(day.advance(now(NIGHT))) == [("end", 1, "rejected", "outside_hours", 0)]
    at_once = programme(airing(1, at=None, issued=NIGHT, expires=NIGHT + MINUTE), hours=DAY)
    assert told(at_once.advance(now(NIGHT))) == [("end", 1, "rejected", "outside_hours", 0)]
    alarm = programme(airing(1, EMERGENCY, at=NIGHT, expires=NIGHT + MINUTE), hours=DAY)
    assert told(alarm.advance(now(NIGHT))) == [("begin", 1, 0)]


@pytest.mark.parametrize("status", [Status.DRILL, Status.TEST])
def test_an_exercise_keeps_to_the_hours_and_needs_a_sure_clock_to_know_them(status: Status):
    drill = airing(1, EMERGENCY, at=None, issued=NIGHT, expires=NIGHT + MINUTE, status=status)
    day = programme(drill, hours=DAY)
    assert day.advance(now(NIGHT, sure=False)) == []
    assert told(day.advance(now(NIGHT))) == [("end", 1, "rejected", "outside_hours", 0)]


def test_what_sounds_when_the_hours_end_is_broken_off():
    close = 10 * 3_600_000  # 22:00
    late = airing(1, at=close - 4_000, expires=close + MINUTE)
    day = programme(
        late, airing(2, at=close - 5 * MINUTE, ready=False, late_ms=86_400_000, expires=2 * close), hours=DAY
    )
    day.advance(now(close - 4_000))
    assert day.next_change_ms(now(close - 4_000)) == NOON + close
    assert told(day.advance(now(close))) == [
        ("end", 1, "interrupted", "outside_hours", 4_000),
        ("end", 2, "rejected", "outside_hours", 0),
    ]


def test_what_is_due_but_not_stored_is_rejected_when_the_hours_end():
    close = 10 * 3_600_000
    day = programme(airing(1, at=close - MINUTE, ready=False, late_ms=86_400_000, expires=2 * close), hours=DAY)
    assert day.advance(now(close - MINUTE)) == []
    assert day.next_change_ms(now(close - MINUTE)) == NOON + close
    assert told(day.advance(now(close))) == [("end", 1, "rejected", "outside_hours", 0)]


def test_without_a_sure_clock_only_an_emergency_that_is_to_sound_now_begins():
    day = programme(airing(1), airing(2, at=None), airing(3, EMERGENCY, at=0), hours=DAY)
    assert day.advance(now(1_000, sure=False)) == []
    day.add(airing(4, EMERGENCY, at=None))
    assert told(day.advance(now(1_000, sure=False))) == [("begin", 4, 0)]


def test_without_a_sure_clock_nothing_is_called_late_or_expired():
    day = programme(airing(1, late_ms=0), airing(2, EMERGENCY, at=None, expires=0))
    assert told(day.advance(now(90 * MINUTE, sure=False))) == [("begin", 2, 0)]
    told_later = told(day.advance(now(90 * MINUTE)))
    assert [change[:3] for change in told_later] == [("end", 1, "missed"), ("end", 2, "interrupted")]


def test_what_was_pre_empted_comes_back_without_a_sure_clock_too():
    day = programme(airing(1), airing(2, EMERGENCY, at=4_000))
    day.advance(now())
    day.advance(now(4_000))
    ended = day.finish(airing(2).occurrence, now(14_000, sure=False))
    assert told(ended)[1] == ("resume", 1, 4_000)


def test_a_server_clock_ahead_of_ours_does_not_keep_waiting_what_is_to_sound_now():
    day = programme(airing(1, at=None, issued=1_500))
    assert told(day.advance(now())) == [("begin", 1, 0)]


def test_what_is_to_sound_now_is_missed_when_its_sound_comes_too_late():
    day = programme(airing(1, at=None, late_ms=5_000, ready=False))
    assert told(day.advance(now(5_001))) == [("end", 1, "missed", "not_stored", 0)]


def test_the_position_follows_the_monotonic_clock_not_the_wall():
    day = programme(airing(1))
    day.advance(now())
    one = day.sounding
    assert one is not None
    assert one.position_at(Moment(NOON + 3_600_000, 2_000)) == 2_000
    assert one.position_at(Moment(NOON, 99_000)) == TEN_S
    assert one.position_at(Moment(NOON, -5)) == 0


def test_an_empty_programme_has_nothing_ahead():
    assert Programme().next_change_ms(now()) is None
    assert Programme(DAY).advance(now()) == []


def test_an_airing_taken_up_after_a_power_cut_resumes():
    before = replace(airing(1), phase=Phase.PAUSED, position_ms=6_000, began_wall_ms=NOON - 20_000)
    assert told(programme(before).advance(now())) == [("resume", 1, 6_000)]


def test_states_at_the_end_are_final():
    day = programme(
        airing(1), airing(2, PRIORITY, at=1_000, preempted=AfterPreemption.DROP), airing(3, EMERGENCY, at=2_000)
    )
    changes = [change for at in (0, 1_000, 2_000, 61 * MINUTE) for change in day.advance(now(at))]
    ends = [change for change in changes if isinstance(change, End)]
    assert len(ends) == 3
    assert all(isinstance(end.state, ReceiptState) and end.state.final for end in ends)
