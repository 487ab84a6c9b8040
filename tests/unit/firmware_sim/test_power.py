"""What a power cut may cost: never a repetition, never a second final receipt."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wire.down import Frame
from devices.wire.orders import AfterPreemption, Cancel, Play, PlayClass, Repeat
from devices.wire.reports import ReceiptState
from firmware_sim import events
from tests.unit.firmware_sim.rig import HOUR, T0, Rig, beacon, play, speech

S = ReceiptState
LONG = (speech(duration_ms=60_000),)


def _cut_at(ms: int, off_ms: int = 2_000, **changes: Any) -> "tuple[Rig, Play]":
    rig = Rig(fetch_ms=0)
    rig.link()
    item = play(**({"start_ms": T0, "parts": LONG} | changes))
    rig.order(item)
    rig.run(ms)
    rig.power_cut(off_ms)
    rig.link()
    rig.run(120_000)
    return rig, item


def test_after_a_power_cut_the_sound_goes_on_and_repeats_nothing():
    rig, item = _cut_at(20_000)
    (_, cut, _), (again, end, _) = rig.sounded()
    assert (cut, again) == (20_000, 22_000)
    assert 60_000 - (20_000 + 6_000) <= end - again <= 60_000 - 20_000
    assert rig.states(item.occurrence)[-2:] == [(S.RESUMED, ""), (S.PLAYED, "")]
    assert 20_000 - 5_000 <= rig.receipts[-1].sounded_ms - (end - again) <= 20_000


def test_what_is_dropped_when_interrupted_is_dropped_by_a_power_cut_too():
    rig, item = _cut_at(20_000, preempted=AfterPreemption.DROP)
    assert len(rig.sounded()) == 1
    assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "power")
    assert 14_000 <= rig.receipts[-1].sounded_ms <= 20_000


def test_what_expired_while_the_power_was_off_is_interrupted():
    rig, item = _cut_at(20_000, off_ms=2 * HOUR)
    assert len(rig.sounded()) == 1
    assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "power")


def test_cut_in_its_last_seconds_it_is_over():
    rig, item = _cut_at(58_000)
    assert len(rig.sounded()) == 1
    assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "power")


def test_an_endless_emergency_goes_on_after_a_power_cut():
    rig, item = _cut_at(20_000, play_class=PlayClass.EMERGENCY, repeat=Repeat(0, 1_000), start_ms=None)
    assert rig.speaker.playing == (item.occurrence,)
    rig.order(Cancel((item.occurrence,)))
    assert rig.states(item.occurrence)[-1][0] is S.PLAYED


def test_a_broken_off_item_waits_for_the_clock_but_an_emergency_does_not():
    for play_class, sounds in ((PlayClass.NORMAL, 1), (PlayClass.EMERGENCY, 2)):
        rig = Rig(fetch_ms=0)
        rig.order(play(T0, parts=LONG, play_class=play_class))
        rig.run(20_000)
        rig.sure = False
        rig.power_cut(1_000)
        rig.run(5_000)
        assert len(rig.sounded()) == sounds
        rig.sure = True
        rig.run(5_000)
        assert len(rig.sounded()) == 2


@pytest.mark.parametrize("cut", [True, False])
def test_without_a_clock_an_emergency_of_days_ago_that_is_played_again_is_silent(cut: bool):
    rig = Rig()
    rig.link()
    siren = play(None, play_class=PlayClass.EMERGENCY)
    data = rig.order(siren)
    rig.run(3 * 24 * HOUR)
    assert rig.flash.orders == {}, "only the number is still held"
    rig.sure = False
    if cut:
        rig.power_cut()
        rig.link()
    rig.feed(events.OrderReceived(data))
    rig.feed(events.FrameReceived(Frame(orders=(data,)).to_bytes()))
    rig.run(20_000)
    assert [occurrence for _, _, occurrence in rig.sounded()] == [siren.occurrence]
    new = play(None, play_class=PlayClass.EMERGENCY)
    rig.order(new)
    assert rig.speaker.playing == (new.occurrence,), "what was never held still sounds"


def test_without_a_clock_an_order_below_a_signed_floor_is_silent():
    rig = Rig(sure=False)
    rig.link()
    data = rig.server.order(play(None, play_class=PlayClass.EMERGENCY))
    rig.feed(events.BeaconReceived(beacon(head=7, floor=5)))
    rig.feed(events.OrderReceived(data))
    rig.run(20_000)
    assert rig.sounded() == []


def test_a_programme_that_was_kept_plays_with_nobody_there():
    rig = Rig(fetch_ms=0)
    item = play(T0 + 5 * HOUR, parts=LONG)
    rig.order(item, expires_ms=T0 + 6 * HOUR)
    rig.power_cut(HOUR)
    rig.run(5 * HOUR)
    assert rig.sounded() == [(5 * HOUR, 5 * HOUR + 60_000, item.occurrence)]
    rig.link()
    assert [state for state, _ in rig.states(item.occurrence)] == [S.STORED, S.STARTED, S.PLAYED]


def test_what_was_missed_while_the_power_was_off_is_stated():
    rig = Rig(fetch_ms=0)
    item = play(T0 + 10_000, parts=LONG)
    rig.order(item)
    rig.power_cut(10 * 60_000)
    rig.link()
    rig.run(1_000)
    assert rig.sounded() == []
    assert [state for state, _ in rig.states(item.occurrence) if state.final] == [S.MISSED]


@settings(max_examples=40)
@given(cuts=st.lists(st.tuples(st.integers(1, 30_000), st.integers(0, 3_000)), max_size=6))
@pytest.mark.parametrize("how", list(AfterPreemption))
def test_whatever_the_cuts_nothing_is_heard_twice_and_one_receipt_is_final(
    how: AfterPreemption, cuts: list[tuple[int, int]]
):
    rig = Rig(fetch_ms=0)
    rig.link()
    item = play(T0, parts=LONG, preempted=how)
    rig.order(item)
    for on_ms, off_ms in cuts:
        rig.run(on_ms)
        rig.power_cut(off_ms)
        rig.link()
    rig.run(200_000)
    heard = [b - a for a, b, _ in rig.sounded()]
    assert sum(heard) <= 60_000
    finals = [r for r in rig.receipts if r.state.final]
    assert len(finals) == 1
    assert finals[0].sounded_ms <= sum(heard)
    assert len({r.n for r in rig.receipts}) == len(rig.receipts)


@pytest.mark.parametrize("longer_after_ms", [0, 30_000])
def test_an_occurrence_that_a_longer_order_names_too_does_not_sound_again_when_the_shorter_is_forgotten(
    longer_after_ms: int,
):
    rig = Rig()
    rig.link()
    siren = play(None, play_class=PlayClass.EMERGENCY)
    rig.order(siren, expires_ms=T0 + HOUR)
    rig.run(longer_after_ms)
    rig.order(siren, expires_ms=T0 + 72 * HOUR)
    rig.run(26 * HOUR)
    rig.power_cut()
    rig.run(60_000)
    assert len(rig.sounded()) == 1
    assert [state for state, _ in rig.states(siren.occurrence) if state.final] == [S.PLAYED]
