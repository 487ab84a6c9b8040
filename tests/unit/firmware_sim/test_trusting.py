"""Keys change without a gap: the new one is known before it is used, the old one gains its thief nothing."""

from itertools import permutations
from typing import Any

import pytest

from devices.wire.audience import Audience
from devices.wire.beacon import Beacon
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign
from devices.wire.haves import Haves
from devices.wire.keys import KeyEntry
from devices.wire.keys import Keys as KeysBody
from devices.wire.orders import Body, PlayClass, Stop
from devices.wire.reports import Ack
from devices.wire.trust import digest
from firmware_sim import events
from firmware_sim.effects import Keep, KeepKeys, Log
from firmware_sim.identity import Keys
from firmware_sim.saved import HeldKey, RetiredKey, SavedKeys
from firmware_sim.speaker import Speaker
from firmware_sim.trusting import Trust
from tests.unit.firmware_sim.rig import COMMUNE, DEVICE, HOUR, KEYS, MAC, SEEDS, T0, Rig, play, public_of

YEAR = 365 * 24 * HOUR
SECOND, THIRD = (SigningKey.from_seed(f"bao-nhai#{n}", bytes([40 + n]) * 32) for n in (2, 3))
PUBLIC = {1: public_of(SEEDS["bao-nhai"]), 2: public_of(bytes([42]) * 32), 3: public_of(bytes([43]) * 32)}


def entry(epoch: int, until_ms: int = T0 + YEAR) -> KeyEntry:
    return KeyEntry(epoch, PUBLIC[epoch], until_ms)


def keys(*trusted: int, old: tuple[int, ...] = ()) -> KeysBody:
    return KeysBody(tuple(entry(n) for n in trusted), tuple(entry(n) for n in old))


def signed(rig: Rig, body: Body, key: SigningKey, **changes: Any) -> bytes:
    return rig.server.order(body, key=key, **({"expires_ms": T0 + YEAR} | changes))


def _rotated(rig: Rig) -> None:
    rig.feed(events.OrderReceived(signed(rig, keys(1, 2), COMMUNE)))
    rig.feed(events.OrderReceived(signed(rig, keys(2, old=(1,)), SECOND)))


def test_an_order_of_a_key_announced_before_is_carried_out_and_of_the_retired_one_no_more():
    rig = Rig()
    _rotated(rig)
    item = play(None)
    rig.feed(events.OrderReceived(signed(rig, item, SECOND)))
    assert rig.speaker.playing == (item.occurrence,)
    siren = play(None, play_class=PlayClass.EMERGENCY)
    rig.feed(events.OrderReceived(signed(rig, siren, COMMUNE)))
    assert rig.speaker.playing == (item.occurrence,)
    assert rig.speaker.refused == {"unknown_key": 1}
    assert rig.flash.haves["bao-nhai"] == Haves(3), "and its number is not counted"


def test_an_order_of_an_unknown_epoch_is_not_counted_and_comes_again():
    rig = Rig()
    item = play(None)
    announced, later = signed(rig, keys(1, 2), COMMUNE), signed(rig, item, SECOND)
    rig.feed(events.OrderReceived(later))
    assert rig.speaker.refused == {"unknown_key": 1}
    assert "bao-nhai" not in rig.flash.haves
    rig.feed(events.OrderReceived(announced))
    rig.feed(events.OrderReceived(later))
    assert rig.speaker.playing == (item.occurrence,)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_one_frame_the_keys_go_first_whatever_their_place_in_it(order: tuple[int, ...]):
    rig = Rig()
    item = play(None)
    messages = [
        signed(rig, keys(1, 2), COMMUNE),
        signed(rig, keys(2, 3), SECOND),
        signed(rig, keys(3, old=(1, 2)), THIRD),
        signed(rig, item, THIRD),
    ]
    rig.feed(events.FrameReceived(Frame(orders=tuple(messages[at] for at in order)).to_bytes()))
    assert rig.speaker.playing == (item.occurrence,)
    assert rig.flash.haves["bao-nhai"] == Haves(4)
    assert rig.speaker.refused == {}


def test_what_a_retired_key_signed_before_is_held_and_has_no_effect_and_no_receipt():
    rig = Rig()
    rig.link()
    old = [signed(rig, keys(1, 2), COMMUNE), signed(rig, play(None), COMMUNE), signed(rig, Stop(), COMMUNE)]
    now = signed(rig, keys(2, old=(1,)), SECOND)
    late = SecondDevice(rig)
    late.feed(events.FrameReceived(Frame(orders=(now, *old)).to_bytes()))
    assert late.speaker.refused == {"unknown_key": 4}, "who knows the first key alone takes none of the second"
    known = SecondDevice(rig, SavedKeys(0, (HeldKey(2, PUBLIC[2]),), (RetiredKey(1, PUBLIC[1], 4),)))
    known.feed(events.FrameReceived(Frame(orders=(now, *old)).to_bytes()))
    assert known.flash.haves["bao-nhai"] == Haves(4)
    assert known.speaker.playing == ()
    assert known.receipts == []
    assert known.speaker.refused == {}


class SecondDevice(Rig):
    """Another device of the commune, enrolled later: with the second key, perhaps told of the first."""

    def __init__(self, rig: Rig, standing: SavedKeys | None = None) -> None:
        self._standing = standing
        super().__init__()
        self.server = rig.server

    def _boot(self) -> None:
        from random import Random

        from firmware_sim.speaker import Speaker

        trusted = {} if self._standing is None else dict(KEYS.trusted)
        standing = {} if self._standing is None else {"bao-nhai": self._standing}
        material = Keys(trusted, DEVICE, MAC, standing)
        saved = self.flash.boot()
        self.speaker = Speaker(self.identity, material, saved, defaults=self.defaults, jitter=Random(1).random)
        self.feed(events.Booted())


def test_after_a_power_cut_the_new_keys_hold_and_orders_of_the_old_are_still_opened():
    rig = Rig()
    planned = play(T0 + HOUR)
    rig.feed(events.OrderReceived(signed(rig, planned, COMMUNE)))
    _rotated(rig)
    rig.power_cut()
    assert rig.speaker.trusts("bao-nhai#1") is None
    assert rig.speaker.trusts("bao-nhai#2") is not None
    rig.run(HOUR + 1_000)
    assert rig.speaker.playing == (planned.occurrence,)


def test_an_older_keys_order_changes_nothing_any_more():
    rig = Rig()
    first, second = signed(rig, keys(1, 2), COMMUNE), signed(rig, keys(1, 3), COMMUNE)
    rig.feed(events.OrderReceived(second))
    rig.feed(events.OrderReceived(first))
    assert rig.speaker.trusts("bao-nhai#2") is None
    assert rig.speaker.trusts("bao-nhai#3") is not None
    assert rig.flash.haves["bao-nhai"] == Haves(2)


def test_keys_that_do_away_with_their_own_signer_or_of_another_log_or_expired_are_refused():
    for body, log, exp in (
        (keys(2), "bao-nhai", T0 + YEAR),
        (keys(1, 2), "d/bn-s01", T0 + YEAR),
        (keys(1, 2), "bao-nhai", T0),
    ):
        rig = Rig()
        rig.feed(events.OrderReceived(rig.server.order(body, log, key=COMMUNE, expires_ms=exp)))
        assert not [effect for effect in rig.effects if isinstance(effect, KeepKeys)]
        assert rig.speaker.trusts("bao-nhai#2") is None


def test_keys_for_others_change_nothing_here():
    rig = Rig()
    data = signed(rig, keys(1, 2), COMMUNE, audience=Audience(clusters=("bn-s77",)))
    rig.feed(events.OrderReceived(data))
    assert rig.speaker.trusts("bao-nhai#2") is None


def test_a_key_past_its_time_is_told_of_and_refuses_nothing():
    rig = Rig()
    rig.link()
    body = KeysBody((entry(1, T0 + HOUR), entry(2)))
    rig.feed(events.OrderReceived(signed(rig, body, COMMUNE)))
    rig.run(HOUR)
    assert rig.heartbeats()[-1].faults == ()
    siren = play(None, play_class=PlayClass.EMERGENCY)
    rig.feed(events.OrderReceived(signed(rig, siren, COMMUNE, issued_ms=rig.wall_ms)))
    assert rig.speaker.playing == (siren.occurrence,)
    rig.run(1_000)
    assert rig.heartbeats()[-1].faults == ("key_old",)
    assert [effect.alarming for effect in rig.effects if isinstance(effect, Log) and effect.event == "key_old"] == [
        True
    ]
    rig.feed(events.OrderReceived(signed(rig, Stop(), SECOND, issued_ms=rig.wall_ms)))
    rig.run(1_000)
    assert rig.heartbeats()[-1].faults == ()


def test_beacons_and_acknowledgements_by_the_new_key_count_and_by_the_old_one_no_more():
    rig = Rig()
    rig.link()
    _rotated(rig)
    rig.feed(events.OrderReceived(signed(rig, play(None), SECOND)))
    pending = rig.speaker.receipts_pending
    stored = tuple(digest(envelope) for envelope in rig.flash.receipts.values())
    assert pending == len(stored)
    for key, left in ((COMMUNE, pending), (SECOND, 0)):
        ack = sign(Kind.ACK, Ack("bn-s01", stored).to_map(), key)
        beacon = sign(Kind.BEACON, Beacon("bao-nhai", 9, 8, bytes(32), T0).to_map(), key)
        rig.feed(events.FrameReceived(Frame(acks=(ack,), beacons=(beacon,)).to_bytes()))
        assert rig.speaker.receipts_pending == left
        assert (rig.flash.haves["bao-nhai"].upto >= 7) == (key is SECOND)


def test_keys_are_kept_before_anything_they_allow_happens():
    rig = Rig()
    frame = Frame(orders=(signed(rig, play(None), SECOND), signed(rig, keys(1, 2), COMMUNE)))
    effects = rig.feed(events.FrameReceived(frame.to_bytes()))
    kept = [effect for effect in effects if isinstance(effect, Keep)]
    assert any(isinstance(effect, KeepKeys) for effect in kept)
    assert effects[: len(kept)] == kept


def test_who_was_enrolled_again_since_goes_by_the_newer_file():
    file = SavedKeys(0, (HeldKey(5, PUBLIC[3]),), (RetiredKey(2, PUBLIC[2], 40),))
    kept = SavedKeys(30, (HeldKey(1, PUBLIC[1]), HeldKey(2, PUBLIC[2])))
    trust = Trust(Keys({}, DEVICE, MAC, {"bao-nhai": file}), {"bao-nhai": kept})
    assert isinstance(trust.get("bao-nhai#5"), CheckingKey)
    assert trust.get("bao-nhai#2") is None
    assert trust.retired_below("bao-nhai#2") == 40
    older = SavedKeys(0, (HeldKey(1, PUBLIC[1]),))
    assert Trust(Keys({}, DEVICE, MAC, {"bao-nhai": older}), {"bao-nhai": kept}).get("bao-nhai#2") is not None


def test_keys_that_only_their_orders_on_flash_still_tell_are_learnt_from_these():
    rig = Rig()
    _rotated(rig)
    rig.feed(events.OrderReceived(signed(rig, play(T0 + HOUR // 2), SECOND)))
    rig.flash.spoil()
    rig.flash.keys.clear()
    rig.power_cut()
    assert rig.flash.haves["bao-nhai"] == Haves(3)
    assert rig.flash.keys["bao-nhai"].seq == 2
    item = play(None)
    rig.feed(events.OrderReceived(signed(rig, item, SECOND)))
    assert rig.speaker.playing == (item.occurrence,)


def test_keys_orders_on_flash_do_not_take_back_what_a_newer_enrolment_told():
    rig = Rig()
    _rotated(rig)
    public = {n: CheckingKey.from_public(f"bao-nhai#{n}", PUBLIC[n]) for n in (2, 3)}
    enrolled = SavedKeys(0, (HeldKey(2, PUBLIC[2]), HeldKey(3, PUBLIC[3])))
    anew = Keys({key.kid: key for key in public.values()}, DEVICE, MAC, {"bao-nhai": enrolled})
    speaker = Speaker(rig.identity, anew, rig.flash.boot(), defaults=rig.defaults, jitter=lambda: 0.0)
    speaker.handle(events.Booted(), rig.now)
    assert speaker.trusts("bao-nhai#3") is not None
