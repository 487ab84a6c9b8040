"""Haves, beacons, heartbeats, receipts until acknowledged, and bytes from an enemy."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wire import topics
from devices.wire.envelope import Kind, sign
from devices.wire.haves import Haves
from devices.wire.orders import PlayClass, Stop
from devices.wire.reports import Ack
from devices.wire.trust import digest
from firmware_sim import events
from firmware_sim.effects import KeepHaves, Log, Publish, Sound
from tests.unit.firmware_sim.rig import COMMUNE, ENEMY, HOUR, PROVINCE, T0, Frame, Rig, Server, ack, beacon, play

MINUTE = 60_000


def _linked() -> Rig:
    rig = Rig()
    rig.link()
    rig.run(5_000)
    return rig


def test_hello_says_what_is_held_and_whom_it_sounds_for():
    rig = Rig()
    rig.order(Stop(), seq=1)
    rig.order(Stop(), seq=4)
    rig.link()
    hello = rig.hellos()[-1]
    assert hello.haves["bao-nhai"] == Haves(1, ((4, 4),))
    assert set(hello.haves) == {"bao-nhai", "lao-cai", "vn", "d/bn-s01"}
    assert hello.clusters == ("bn-s01",)
    assert hello.boot == 1


def test_news_of_many_orders_is_told_in_one_heartbeat_within_300_ms():
    rig = _linked()
    before = len(rig.heartbeats())
    for _ in range(20):
        rig.order(Stop())
    rig.run(300)
    beats = rig.heartbeats()[before:]
    assert len(beats) == 1
    assert beats[0].haves["bao-nhai"].upto == 20


def test_heartbeats_keep_their_period_and_count():
    rig = _linked()
    rig.run(600_000)
    beats = rig.heartbeats()
    assert 28 <= len(beats) <= 33
    assert [beat.n for beat in beats] == list(range(1, len(beats) + 1))


def test_without_a_link_nothing_is_published():
    rig = Rig()
    rig.order(play(None))
    rig.run(60_000)
    assert not any(isinstance(effect, Publish) for effect in rig.effects)


def test_a_beacon_with_more_than_is_held_brings_a_heartbeat_soon():
    rig = _linked()
    before = len(rig.heartbeats())
    rig.feed(events.BeaconReceived(beacon(5)))
    rig.run(300)
    assert len(rig.heartbeats()) == before + 1


def test_a_beacon_that_fits_brings_none():
    rig = _linked()
    rig.order(Stop())
    rig.run(1_000)
    before = len(rig.heartbeats())
    rig.feed(events.BeaconReceived(beacon(1)))
    rig.run(1_000)
    assert len(rig.heartbeats()) == before


def test_a_floor_counts_what_is_below_as_held():
    rig = _linked()
    effects = rig.feed(events.BeaconReceived(beacon(40, floor=31)))
    assert [effect.haves for effect in effects if isinstance(effect, KeepHaves)] == [Haves(30)]
    assert rig.flash.haves["bao-nhai"] == Haves(30)


def test_an_old_retained_beacon_says_nothing():
    rig = _linked()
    rig.feed(events.BeaconReceived(beacon(40, floor=31, at_ms=T0 + 1_000)))
    rig.run(1_000)
    before = len(rig.heartbeats())
    assert rig.feed(events.BeaconReceived(beacon(39, floor=35, at_ms=T0))) == []
    rig.run(1_000)
    assert len(rig.heartbeats()) == before


def test_a_beacon_by_an_enemy_or_another_authority_is_refused():
    rig = _linked()
    payload = {"v": 1, "log": "bao-nhai", "head": 9, "floor": 9, "tip": bytes(32), "at": T0}
    rig.feed(events.BeaconReceived(sign(Kind.BEACON, payload, ENEMY)))
    rig.feed(events.BeaconReceived(sign(Kind.BEACON, payload, PROVINCE)))
    assert rig.speaker.refused == {"bad_signature": 1, "wrong_authority": 1}
    assert "bao-nhai" not in rig.flash.haves


def test_a_tip_that_is_not_our_order_raises_the_alarm():
    rig = _linked()
    data = rig.order(Stop())
    rig.feed(events.BeaconReceived(beacon(1, tip=digest(data))))
    assert not [e for e in rig.effects if isinstance(e, Log)]
    rig.feed(events.BeaconReceived(beacon(1, tip=bytes(32), at_ms=T0 + 1)))
    assert [(e.event, e.reason, e.alarming) for e in rig.effects if isinstance(e, Log)] == [
        ("log_differs", "tip", True)
    ]


def test_an_order_that_does_not_follow_the_one_before_raises_the_alarm():
    rig = _linked()
    data = rig.order(Stop())
    rig.order(Stop(), prev=digest(data))
    assert not [e for e in rig.effects if isinstance(e, Log)]
    rig.order(Stop(), prev=bytes(32))
    assert [(e.event, e.reason) for e in rig.effects if isinstance(e, Log)] == [("log_differs", "prev")]


def test_receipts_are_told_again_until_acknowledged():
    rig = _linked()
    rig.order(play(None))
    rig.run(30_000)
    told = rig.published(topics.Up.RECEIPT)
    assert len(set(told)) == 3
    assert len(told) >= 12
    rig.acknowledge(2)
    rig.effects.clear()
    rig.run(20_000)
    assert set(rig.published(topics.Up.RECEIPT)) == {told[-1]}
    rig.acknowledge(3)
    rig.effects.clear()
    rig.run(60_000)
    assert rig.published(topics.Up.RECEIPT) == []
    assert rig.flash.receipts == {}


def test_receipts_survive_a_power_cut_and_go_out_oldest_first_in_rounds():
    rig = Rig()
    for _ in range(30):
        rig.order(play(None), expires_ms=T0)
    rig.power_cut()
    rig.link()
    assert [r.n for r in rig.receipts] == list(range(1, 21))
    rig.acknowledge(20)
    assert [r.n for r in rig.receipts] == list(range(1, 31))


def test_no_receipt_is_starved_by_others_that_nobody_acknowledges():
    rig = Rig()
    for _ in range(50):
        rig.order(play(None), expires_ms=T0)
    rig.link()
    assert len(rig.published(topics.Up.RECEIPT)) == 20, "a round at a time"
    rig.run(10_000)
    assert [r.n for r in rig.receipts] == list(range(1, 51)), "the oldest first"
    rig.effects.clear()
    rig.run(60_000)
    times = Counter(rig.published(topics.Up.RECEIPT))
    assert len(times) == 50
    assert min(times.values()) >= 4, "240 tellings go round"


def test_an_acknowledgement_for_another_device_or_by_another_authority_drops_nothing():
    rig = _linked()
    rig.order(play(None))
    told = tuple(digest(envelope) for envelope in rig.published(topics.Up.RECEIPT))
    foreign = sign(Kind.ACK, Ack("bn-s02", told).to_map(), ENEMY)
    province = sign(Kind.ACK, Ack("bn-s01", told).to_map(), PROVINCE)
    rig.feed(events.FrameReceived(Frame(acks=(foreign, province)).to_bytes()))
    assert len(rig.flash.receipts) == 2
    assert rig.speaker.refused == {"bad_signature": 1, "wrong_authority": 1}


def test_an_old_acknowledgement_played_again_drops_nothing_that_was_written_after_the_flash_was_lost():
    before, after = _linked(), _linked()
    for rig in (before, after):
        rig.order(play(None))
        rig.run(1_000)
    old = ack(*before.published(topics.Up.RECEIPT))
    assert [r.n for r in before.receipts] == [r.n for r in after.receipts] == [1, 2]
    after.feed(events.FrameReceived(old))
    assert sorted(after.flash.receipts) == [1, 2]
    after.acknowledge()
    assert after.flash.receipts == {}


def test_wake_at_is_ahead_and_never_far():
    rig = _linked()
    for _ in range(50):
        assert rig.mono_ms < rig.speaker.wake_at(rig.now) <= rig.mono_ms + 21_000
        rig.run(1_777)


def test_a_clock_that_is_set_right_is_noticed_without_a_link():
    rig = Rig()
    item = play(T0 + 50 * MINUTE)
    rig.order(item)
    rig.run(2_000)
    wake_ms = rig.speaker.wake_at(rig.now)
    assert wake_ms - rig.mono_ms <= 5_000, "asleep, nobody tells it that the clock was set"
    rig.wall_ms += 50 * MINUTE - 2_000
    rig.run(wake_ms - rig.mono_ms)
    assert rig.speaker.playing == (item.occurrence,)


def test_with_nothing_to_wait_for_it_sleeps_long():
    rig = Rig()
    assert rig.speaker.wake_at(rig.now) - rig.mono_ms >= HOUR


_SERVER = Server()
_VALID = [_SERVER.order(play(None, play_class=PlayClass.EMERGENCY)) for _ in range(3)]
_EVENTS = (events.OrderReceived, events.FrameReceived, events.BeaconReceived)


@st.composite
def _hostile(draw: st.DrawFn) -> bytes:
    """Random bytes, or a true order cut, flipped or lengthened: never a true order."""
    base = draw(st.sampled_from(_VALID))
    match draw(st.integers(0, 3)):
        case 0:
            return draw(st.binary(max_size=300))
        case 1:
            return base[: draw(st.integers(0, len(base) - 1))]
        case 2:
            at = draw(st.integers(0, len(base) - 1))
            return base[:at] + bytes([base[at] ^ draw(st.integers(1, 255))]) + base[at + 1 :]
        case _:
            return base + draw(st.binary(min_size=1, max_size=70_000 if draw(st.booleans()) else 9))


@settings(max_examples=150)
@given(data=_hostile(), event=st.sampled_from(_EVENTS))
def test_hostile_bytes_raise_nothing_sound_nothing_and_keep_nothing(data: bytes, event: type):
    rig = _linked()
    rig.effects.clear()
    rig.feed(event(data))
    rig.run(2_000)
    assert not any(isinstance(effect, Sound) for effect in rig.effects)
    assert rig.flash.orders == {}
    assert rig.flash.haves == {}
    assert sum(rig.speaker.refused.values()) == 1


@settings(max_examples=80)
@given(data=st.lists(_hostile(), min_size=1, max_size=5), name=st.sampled_from(["orders", "acks", "beacons"]))
def test_hostile_envelopes_in_a_good_frame_are_each_refused(data: list[bytes], name: str):
    rig = _linked()
    small = tuple(item for item in data if len(item) < 10_000)
    rig.feed(events.FrameReceived(Frame(**{name: small}).to_bytes()))
    assert rig.sounded() == []
    assert sum(rig.speaker.refused.values()) == len(small)


def test_an_order_signed_as_another_kind_is_refused():
    rig = _linked()
    payload = {"v": 1, "id": bytes(16), "log": "bao-nhai", "seq": 1, "prev": bytes(32), "iat": 0, "exp": 2**40}
    rig.feed(
        events.OrderReceived(sign(Kind.BEACON, payload | {"type": "stop", "to": {}, "body": {"upto": 3}}, COMMUNE))
    )
    assert rig.speaker.refused == {"bad_signature": 1}
