"""A device whose flash was spoilt repeats nothing, plays what is still to come, and says what happened."""

import pytest

from devices.wire.down import Frame
from devices.wire.haves import Haves
from devices.wire.orders import PlayClass, Repeat
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim.saved import Loss
from tests.unit.firmware_sim.rig import HOUR, T0, Rig, beacon, play, speech

S = ReceiptState
LONG = (speech(duration_ms=60_000),)


def test_what_had_sounded_does_not_sound_again_when_its_order_comes_again():
    rig = Rig(fetch_ms=0)
    rig.link()
    items = [play(T0 + 1_000), play(None, play_class=PlayClass.EMERGENCY), play(T0 + 1_000)]
    orders = [rig.order(item) for item in items]
    rig.run(60_000)
    rig.acknowledge()
    heard = len(rig.sounded())
    rig.power_cut(5_000, spoilt=True)
    rig.flash.orders.clear()
    rig.link()
    rig.feed(events.FrameReceived(Frame(orders=tuple(orders)).to_bytes()))
    rig.run(10 * 60_000)
    assert len(rig.sounded()) == heard
    for item in items:
        assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "flash_lost")


def test_what_was_sounding_when_flash_was_lost_does_not_begin_anew():
    for changes in ({}, {"play_class": PlayClass.EMERGENCY, "start_ms": None, "repeat": Repeat(0, 1_000)}):
        rig = Rig(fetch_ms=0)
        rig.link()
        item = play(**({"start_ms": T0, "parts": LONG} | changes))
        rig.order(item)
        rig.run(20_000)
        rig.power_cut(1_000, spoilt=True)
        rig.link()
        rig.run(60_000)
        assert len(rig.sounded()) == 1
        assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "flash_lost")


def test_what_is_still_to_come_plays_on_time_once():
    rig = Rig(fetch_ms=0)
    rig.link()
    item = play(T0 + HOUR // 2, parts=LONG)
    rig.order(item)
    rig.run(10_000)
    for _ in range(2):
        rig.power_cut(1_000, spoilt=True)
        rig.link()
        rig.run(10_000)
    rig.run(HOUR)
    assert [heard[:2] for heard in rig.sounded()] == [(HOUR // 2, HOUR // 2 + 60_000)]


def test_a_mark_that_survived_proves_how_far_it_came():
    rig = Rig(fetch_ms=0)
    rig.link()
    begun, waiting = play(T0, parts=LONG), play(T0 + 1_000, parts=LONG, late_ms=HOUR)
    rig.order(begun)
    rig.order(waiting)
    rig.run(20_000)
    marks = dict(rig.flash.marks)
    rig.flash.spoil(readable=marks)
    rig.power_cut(1_000)
    rig.run(3 * 60_000)
    assert [heard[2] for heard in rig.sounded()] == [begun.occurrence, begun.occurrence, waiting.occurrence]


def test_haves_are_what_the_orders_on_flash_prove():
    rig = Rig()
    rig.link()
    rig.feed(events.BeaconReceived(beacon(40, floor=31)))
    rig.order(play(T0 + HOUR), seq=33)
    rig.power_cut(spoilt=True)
    assert rig.flash.haves == {"bao-nhai": Haves(0, ((33, 33),))}


@pytest.mark.parametrize("emergency", [True, False])
def test_without_a_clock_nothing_of_before_begins_until_there_is_one(emergency: bool):
    rig = Rig(fetch_ms=0)
    play_class = PlayClass.EMERGENCY if emergency else PlayClass.NORMAL
    item = play(None if emergency else T0 + HOUR // 4, play_class=play_class, parts=LONG)
    ahead = play(T0 + HOUR // 2)
    order = rig.server.order(item)
    rig.order(ahead)
    rig.sure = False
    rig.power_cut(1_000, spoilt=True)
    rig.link()
    rig.feed(events.BeaconReceived(beacon(2)))
    rig.feed(events.FrameReceived(Frame(orders=(order,)).to_bytes()))
    rig.run(20 * 60_000)
    rig.power_cut(1_000)
    rig.link()
    rig.run(5 * 60_000)
    assert rig.sounded() == []
    assert rig.flash.loss == Loss()
    rig.sure = True
    rig.run(HOUR)
    assert [heard[2] for heard in rig.sounded()] == [ahead.occurrence]
    assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "flash_lost")
    assert rig.flash.loss is not None


def test_without_a_clock_an_alarm_issued_since_is_heard():
    rig = Rig()
    rig.sure = False
    rig.power_cut(spoilt=True)
    rig.link()
    rig.feed(events.BeaconReceived(beacon(7)))
    siren = play(None, play_class=PlayClass.EMERGENCY)
    rig.order(siren, seq=8)
    assert rig.speaker.playing == (siren.occurrence,)


def test_an_alarm_issued_since_is_heard_though_the_servers_clock_is_behind():
    rig = Rig()
    rig.power_cut(spoilt=True)
    rig.link()
    rig.feed(events.BeaconReceived(beacon(7)))
    siren = play(None, play_class=PlayClass.EMERGENCY)
    rig.order(siren, seq=8, issued_ms=T0 - 1_500)
    assert rig.speaker.playing == (siren.occurrence,)


def test_the_fault_is_told_for_a_day():
    rig = Rig()
    rig.power_cut(spoilt=True)
    rig.link()
    rig.run(24 * HOUR - 60_000)
    assert rig.heartbeats()[-1].faults == ("flash_rebuilt",)
    rig.run(120_000)
    assert rig.heartbeats()[-1].faults == ()


def test_receipts_go_on_above_every_number_used():
    rig = Rig(fetch_ms=0)
    rig.link()
    rig.order(play(None))
    rig.run(20_000)
    rig.power_cut(spoilt=True)
    rig.link()
    rig.order(play(None), issued_ms=rig.wall_ms + 5_000)
    rig.run(60_000)
    numbers = [receipt.n for receipt in rig.receipts]
    assert len(set(numbers)) == len(numbers)
    assert rig.receipts[3].prev == bytes(32)
