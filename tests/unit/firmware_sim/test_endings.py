"""Cancels, stops and pre-emption: what ends what, in whichever order it comes."""

import pytest

from devices.wire.down import Frame
from devices.wire.orders import (
    AfterPreemption,
    AllClear,
    Cancel,
    PlayClass,
    Repeat,
    Status,
    Stop,
)
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim.effects import Sound
from tests.unit.firmware_sim.rig import (
    HOUR,
    T0,
    Rig,
    play,
    speech,
)

S = ReceiptState
EMERGENCY = {"play_class": PlayClass.EMERGENCY}


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.link()
    return rig


@pytest.mark.parametrize("ending", [Cancel, AllClear])
def test_a_cancel_wins_when_it_comes_first(rig: Rig, ending: type):
    item = play()
    rig.order(ending((item.occurrence,)))
    rig.order(item)
    rig.run(60_000)
    assert rig.sounded() == []
    assert [state for state, _ in rig.states(item.occurrence)] == [S.CANCELLED]


def test_a_cancel_that_came_first_wins_across_a_power_cut(rig: Rig):
    item = play()
    rig.order(Cancel((item.occurrence,)))
    rig.power_cut()
    rig.order(item)
    rig.run(60_000)
    assert rig.sounded() == []


def test_a_cancel_ends_what_sounds(rig: Rig):
    item = play(None)
    rig.order(item)
    rig.run(4_000)
    rig.order(Cancel((item.occurrence,)))
    rig.run(60_000)
    assert rig.sounded() == [(0, 4_000, item.occurrence)]
    assert rig.states(item.occurrence)[-1] == (S.CANCELLED, "cancelled")
    assert rig.receipts[-1].sounded_ms == 4_000


def test_an_endless_emergency_sounds_until_all_clear_and_has_played(rig: Rig):
    item = play(None, repeat=Repeat(0, 2_000), **EMERGENCY)
    rig.order(item)
    rig.run(300_000)
    rig.order(AllClear((item.occurrence,)))
    assert rig.sounded() == [(0, 300_000, item.occurrence)]
    assert rig.states(item.occurrence)[-1] == (S.PLAYED, "all_clear")


def test_an_emergency_interrupts_and_what_gave_way_resumes(rig: Rig):
    item = play(None, parts=(speech(duration_ms=60_000),))
    alarm = play(None, **EMERGENCY)
    rig.order(item)
    rig.run(11_000)
    rig.order(alarm)
    rig.run(120_000)
    assert rig.sounded() == [
        (1_000, 11_000, item.occurrence),
        (11_000, 21_000, alarm.occurrence),
        (21_000, 71_000, item.occurrence),
    ]
    states = [state for state, _ in rig.states(item.occurrence)]
    assert states == [S.STORED, S.STARTED, S.PAUSED, S.RESUMED, S.PLAYED]
    assert rig.receipts[-1].sounded_ms == 60_000


def test_what_is_to_be_dropped_when_interrupted_ends_there(rig: Rig):
    item = play(None, preempted=AfterPreemption.DROP)
    rig.order(item)
    rig.run(2_000)
    rig.order(play(None, **EMERGENCY))
    rig.run(60_000)
    assert rig.states(item.occurrence)[-1] == (S.PREEMPTED, "dropped")


def test_a_drill_never_interrupts_the_real_thing(rig: Rig):
    real, drill = play(None, **EMERGENCY), play(None, status=Status.DRILL, **EMERGENCY)
    rig.order(real)
    rig.order(drill, issued_ms=T0 + 1)
    rig.run(5_000)
    assert {occ for _, _, occ in rig.sounded()} == {real.occurrence}


def test_a_stop_ends_what_began_before_it_and_spares_what_was_ordered_later(rig: Rig):
    old, new = play(None), play(None, **EMERGENCY)
    rig.order(old)
    rig.run(3_000)
    rig.order(new, issued_ms=T0 + 9_000)
    rig.order(Stop(), issued_ms=T0 + 8_000)
    rig.run(60_000)
    assert rig.sounded() == [(0, 3_000, old.occurrence), (3_000, 13_000, new.occurrence)]
    assert rig.states(old.occurrence)[-1] == (S.INTERRUPTED, "stopped")


def test_a_stop_that_came_first_still_stops_what_was_to_begin_before_it(rig: Rig):
    item = play(None, **EMERGENCY)
    rig.order(Stop(), issued_ms=T0 + 1)
    rig.order(item)
    rig.run(60_000)
    assert rig.sounded() == []
    assert rig.states(item.occurrence) == [(S.CANCELLED, "stopped")]


def test_a_stop_issued_ahead_of_the_time_spares_what_was_ordered_after_it(rig: Rig):
    """A server whose clock was set back issues ahead of the time, so that what it orders later counts as later."""
    rig.order(Stop(), issued_ms=T0 + HOUR)
    later = play(T0 + 10_000)
    rig.order(later, issued_ms=T0 + HOUR + 1, expires_ms=T0 + 2 * HOUR)
    rig.run(60_000)
    assert rig.sounded() == [(10_000, 20_000, later.occurrence)]


@pytest.mark.parametrize("first", ["play", "cancel"])
def test_a_commune_cannot_cancel_what_its_province_or_country_ordered(rig: Rig, first: str):
    item = play(None, **EMERGENCY)
    ordered = [lambda: rig.order(item, log="vn"), lambda: rig.order(Cancel((item.occurrence,)))]
    for order in ordered if first == "play" else reversed(ordered):
        order()
    rig.run(60_000)
    assert rig.sounded() == [(0, 10_000, item.occurrence)]


@pytest.mark.parametrize("first", ["play", "cancel"])
def test_a_country_can_cancel_what_a_commune_ordered(rig: Rig, first: str):
    item = play()
    ordered = [lambda: rig.order(item), lambda: rig.order(Cancel((item.occurrence,)), log="vn")]
    for order in ordered if first == "play" else reversed(ordered):
        order()
    rig.run(60_000)
    assert rig.sounded() == []


def test_a_commune_can_silence_a_relay_from_above_but_not_an_emergency(rig: Rig):
    relay, alarm = play(None), play(None, **EMERGENCY)
    rig.order(relay, log="lao-cai")
    rig.run(3_000)
    rig.order(Stop(), issued_ms=T0 + 3_000)
    rig.order(alarm, log="lao-cai", issued_ms=T0 + 3_000)
    rig.order(Stop(), issued_ms=T0 + 4_000)
    rig.run(60_000)
    assert rig.sounded() == [(0, 3_000, relay.occurrence), (3_000, 13_000, alarm.occurrence)]


def test_in_one_frame_an_ending_goes_before_its_play(rig: Rig):
    item = play(None, **EMERGENCY)
    orders = (rig.server.order(item), rig.server.order(Cancel((item.occurrence,))))
    rig.feed(events.FrameReceived(Frame(orders=orders).to_bytes()))
    assert not any(isinstance(effect, Sound) for effect in rig.effects)
