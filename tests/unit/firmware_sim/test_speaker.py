"""What a speaker sounds, refuses and states, on a virtual clock."""

from typing import Any

import pytest

from base.ids import new_id
from devices.wire.audience import Audience
from devices.wire.config import Config, Hours
from devices.wire.content import Gap
from devices.wire.down import Frame
from devices.wire.envelope import Kind, SigningKey, sign, verify
from devices.wire.orders import Cancel, Hold, PlayClass, Repeat, Status, Stop
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim.effects import Fetch, Forget, KeepMark, KeepOrder, Log, Sound
from tests.unit.firmware_sim.rig import (
    COMMUNE,
    ENEMY,
    GATEWAY,
    HOUR,
    PROVINCE,
    T0,
    TONE,
    TRUSTED,
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


def test_a_play_sounds_at_its_time_and_states_every_step(rig: Rig):
    item = play(T0 + 30_000, parts=(TONE, speech()))
    rig.order(item)
    rig.run(120_000)
    assert rig.sounded() == [(30_000, 60_000, item.occurrence)]
    assert rig.states(item.occurrence) == [(S.STORED, ""), (S.STARTED, ""), (S.PLAYED, "")]
    assert rig.receipts[-1].sounded_ms == 30_000
    assert rig.receipts[-1].clusters == ("bn-s01",)


def test_receipts_are_numbered_and_chained(rig: Rig):
    rig.order(play())
    rig.run(60_000)
    rig.power_cut()
    rig.link()
    rig.order(play(T0 + 90_000))
    rig.run(60_000)
    assert [r.n for r in rig.receipts] == [1, 2, 3, 4, 5, 6]
    assert rig.receipts[0].prev == bytes(32)
    assert len({r.prev for r in rig.receipts}) == 6
    assert [r.boot for r in rig.receipts] == [1, 1, 1, 2, 2, 2]


def test_a_mark_is_kept_before_the_first_sample(rig: Rig):
    rig.order(play(None, **EMERGENCY))
    kinds = [type(effect) for effect in rig.effects]
    assert kinds.index(KeepMark) < kinds.index(Sound)
    assert kinds.index(KeepOrder) < kinds.index(Sound)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": ENEMY}, "bad_signature"),
        ({"key": PROVINCE}, "wrong_authority"),
        ({"log": "d/bn-s02", "key": COMMUNE, "seq": 1}, "wrong_authority"),
    ],
)
def test_what_its_authority_did_not_sign_plays_nowhere(rig: Rig, changes: dict, reason: str):
    rig.order(play(None, **EMERGENCY), **changes)
    rig.run(60_000)
    assert rig.sounded() == []
    assert rig.receipts == []
    assert rig.speaker.refused == {reason: 1}
    assert [effect.reason for effect in rig.effects if isinstance(effect, Log)] == [reason]
    assert not any(isinstance(effect, KeepOrder) for effect in rig.effects)


def test_an_altered_order_plays_nowhere(rig: Rig):
    data = bytearray(rig.server.order(play(None, **EMERGENCY)))
    data[len(data) // 2] ^= 1
    rig.feed(events.OrderReceived(bytes(data)))
    assert rig.sounded() == []
    assert sum(rig.speaker.refused.values()) == 1


def test_an_order_for_others_is_counted_as_held_and_nothing_more(rig: Rig):
    rig.order(play(None, **EMERGENCY), audience=Audience(places=("bn-v09",)))
    rig.run(1_000)
    assert rig.sounded() == []
    assert rig.receipts == []
    assert rig.heartbeats()[-1].haves["bao-nhai"].upto == 1
    assert not any(isinstance(effect, KeepOrder) for effect in rig.effects)


@pytest.mark.parametrize(
    "audience",
    [
        Audience(),
        Audience(places=("bn-v01",)),
        Audience(clusters=("bn-s01",)),
        Audience(places=("lao-cai",), but=("x",)),
    ],
)
def test_an_order_for_its_place_or_name_plays(rig: Rig, audience: Audience):
    rig.order(play(None, **EMERGENCY), audience=audience)
    assert len(rig.sounded()) == 1


def test_an_expired_order_is_rejected_once_and_counted(rig: Rig):
    item = play(None)
    data = rig.order(item, expires_ms=T0)
    rig.feed(events.OrderReceived(data, "courier"))
    rig.run(1_000)
    assert rig.sounded() == []
    assert rig.states(item.occurrence) == [(S.REJECTED, "expired")]
    assert rig.heartbeats()[-1].haves["bao-nhai"].upto == 1


def test_an_order_that_a_clock_set_wrong_rejected_is_not_carried_out_when_it_comes_again(rig: Rig):
    rig.wall_ms += 2 * HOUR
    item = play(None)
    data = rig.order(item)
    assert rig.states(item.occurrence) == [(S.REJECTED, "expired")]
    rig.wall_ms -= 2 * HOUR
    rig.feed(events.OrderReceived(data))
    rig.run(60_000)
    assert rig.sounded() == []
    assert rig.states(item.occurrence) == [(S.REJECTED, "expired")]


def test_an_order_of_an_unknown_type_is_counted_and_rejected(rig: Rig):
    signed = _raw_order(rig, type="firmware", body={"size": 1})
    rig.feed(events.OrderReceived(signed))
    rig.feed(events.OrderReceived(signed))
    rig.run(1_000)
    assert rig.states() == [(S.REJECTED, "unsupported")]
    assert rig.heartbeats()[-1].haves["bao-nhai"].upto == 1


def test_an_order_of_an_unknown_type_from_the_wrong_authority_is_not_counted(rig: Rig):
    rig.feed(events.OrderReceived(_raw_order(rig, key=PROVINCE, type="firmware", body={})))
    rig.run(1_000)
    assert rig.receipts == []
    assert rig.speaker.refused == {"wrong_authority": 1}


def _raw_order(rig: Rig, key: SigningKey = COMMUNE, **changes: Any) -> bytes:
    payload = verify(Kind.ORDER, rig.server.order(Stop()), TRUSTED.get).payload
    return sign(Kind.ORDER, payload | changes, key)


def test_a_duplicate_by_another_carrier_changes_nothing(rig: Rig):
    item = play(None, **EMERGENCY)
    data = rig.order(item)
    rig.run(20_000)
    before = len(rig.receipts)
    rig.feed(events.OrderReceived(data, "courier"))
    rig.feed(events.FrameReceived(Frame(orders=(data, data)).to_bytes()))
    rig.run(60_000)
    assert rig.sounded() == [(0, 10_000, item.occurrence)]
    assert len(rig.receipts) == before


def test_a_duplicate_after_the_mark_was_pruned_is_silent(rig: Rig):
    data = rig.order(play(None))
    rig.run(3 * 24 * HOUR)
    before = len(rig.receipts)
    rig.feed(events.OrderReceived(data))
    rig.run(1_000)
    assert len(rig.receipts) == before
    assert len(rig.sounded()) == 1
    assert rig.flash.marks == {}
    assert rig.flash.orders == {}


def test_a_late_lower_number_is_still_taken(rig: Rig):
    rig.order(Cancel((new_id(),)), seq=9)
    rig.order(play(None, **EMERGENCY), seq=3)
    assert len(rig.sounded()) == 1


def test_hours_of_the_device_file_hold_until_a_config_replaces_them():
    rig = Rig(defaults=Config(Hours(((600, 700),), 0)))
    rig.link()
    late, urgent = play(None), play(None, **EMERGENCY)
    rig.order(late)
    rig.order(urgent)
    rig.run(30_000)
    assert [occ for _, _, occ in rig.sounded()] == [urgent.occurrence]
    assert rig.states(late.occurrence)[-1] == (S.REJECTED, "outside_hours")
    rig.order(Config(Hours((), 0)))
    rig.power_cut()
    allowed = play(None)
    rig.order(allowed, issued_ms=rig.wall_ms)
    assert rig.sounded()[-1][2] == allowed.occurrence


def test_an_older_config_does_not_replace_a_newer_one(rig: Rig):
    rig.order(Config(Hours((), 0), volume_max=40), issued_ms=T0)
    rig.order(Config(Hours((), 0), volume_max=90), issued_ms=T0 - 1)
    assert rig.speaker.config.volume_max == 40


def test_the_volume_never_exceeds_the_limit(rig: Rig):
    rig.order(Config(Hours((), 0), volume_max=40))
    rig.order(play(None, volume=90))
    assert [effect.volume for effect in rig.effects if isinstance(effect, Sound)] == [40]


def test_without_a_sure_clock_timed_items_wait_and_emergencies_do_not():
    rig = Rig(sure=False)
    rig.link()
    timed, urgent = play(T0 + 5_000), play(None, **EMERGENCY)
    rig.order(timed)
    rig.order(urgent)
    rig.run(30_000)
    assert [occ for _, _, occ in rig.sounded()] == [urgent.occurrence]
    rig.sure = True
    rig.run(5_000)
    assert [occ for _, _, occ in rig.sounded()] == [urgent.occurrence, timed.occurrence]


def test_content_that_never_came_is_missed_with_its_reason():
    rig = Rig(fetches=False)
    rig.link()
    item = play(parts=(speech(),))
    rig.order(item)
    rig.run(200_000)
    assert rig.states(item.occurrence) == [(S.MISSED, "not_stored")]


def test_an_emergency_with_a_tone_does_not_wait_for_its_speech():
    rig = Rig(fetch_ms=15_000)
    rig.link()
    item = play(None, parts=(TONE, speech()), repeat=Repeat(2, 0), **EMERGENCY)
    rig.order(item)
    assert len(rig.sounded()) == 1
    rig.run(120_000)
    assert rig.states(item.occurrence) == [(S.STARTED, ""), (S.STORED, ""), (S.PLAYED, "")]


def test_an_emergency_fetches_the_smallest_encoding_and_others_the_preferred(rig: Rig):
    both = ("opus16", "opus8")
    rig.order(play(parts=(speech(1, codecs=both),)))
    rig.order(play(None, parts=(TONE, speech(2, codecs=both)), **EMERGENCY))
    fetches = [effect for effect in rig.effects if isinstance(effect, Fetch)]
    assert [fetch.rendition.codec for fetch in fetches] == ["opus16", "opus8"]
    assert fetches[1].urgency_ms < fetches[0].urgency_ms


def test_a_failed_encoding_gives_way_to_another_and_is_tried_again():
    rig = Rig(fetches=False)
    rig.order(play(T0 + HOUR, parts=(speech(codecs=("opus16", "opus8")),)), expires_ms=T0 + 2 * HOUR)
    first, second = bytes([1, 0]) * 16, bytes([1, 1]) * 16
    rig.feed(events.ContentFailed(first, "not_found"))
    rig.feed(events.ContentFailed(second, "not_found"))
    rig.run(61_000)
    asked = [effect.rendition.sha256 for effect in rig.effects if isinstance(effect, Fetch)]
    assert asked == [first, second, first]


def test_speech_in_no_known_encoding_is_rejected(rig: Rig):
    item = play(parts=(speech(codecs=("codec2",)),))
    rig.order(item)
    assert rig.states(item.occurrence) == [(S.REJECTED, "codec")]


def test_the_message_bank_needs_no_download_at_the_moment(rig: Rig):
    parts = (TONE, speech())
    rig.order(Hold("flood", parts))
    rig.run(5_000)
    rig.effects.clear()
    item = play(None, parts=parts, **EMERGENCY)
    rig.order(item, issued_ms=rig.wall_ms)
    assert not any(isinstance(effect, Fetch) for effect in rig.effects)
    assert [state for state, _ in rig.states(item.occurrence)] == [S.STORED, S.STARTED]
    rig.run(60_000)
    assert not any(isinstance(effect, Forget) for effect in rig.effects), "the bank keeps it"


@pytest.mark.parametrize(
    ("changes", "may"),
    [({}, False), (EMERGENCY, True), (EMERGENCY | {"status": Status.DRILL}, False)],
)
def test_only_a_real_emergency_may_take_the_room_of_the_message_bank(rig: Rig, changes: dict[str, Any], may: bool):
    rig.order(play(None, parts=(speech(),), **changes))
    assert [effect.emergency for effect in rig.effects if isinstance(effect, Fetch)] == [may]


def test_the_real_thing_asks_again_for_what_its_drill_asked_for():
    rig = Rig(fetches=False)
    for status in (Status.DRILL, Status.ACTUAL):
        rig.order(play(None, parts=(speech(),), status=status, **EMERGENCY))
    assert [effect.emergency for effect in rig.effects if isinstance(effect, Fetch)] == [False, True]


def test_a_later_hold_of_the_same_name_replaces_the_earlier(rig: Rig):
    rig.order(Hold("flood", (speech(1),)))
    rig.run(2_000)
    rig.order(Hold("flood", (speech(2),)), issued_ms=T0 + 1)
    rig.order(Hold("flood", (speech(3),)), issued_ms=T0 - 1)
    rig.run(2_000)
    forgotten = [effect.sha256 for effect in rig.effects if isinstance(effect, Forget)]
    assert forgotten == [bytes([1, 0]) * 16]
    assert rig.states() == [(S.STORED, ""), (S.STORED, "")]
    rig.power_cut()
    rig.link()
    rig.run(5_000)
    assert len(rig.receipts) == 2, "a bank already stated is not stated again"


def test_content_nobody_needs_any_more_is_forgotten(rig: Rig):
    rig.order(play(None, parts=(speech(),)))
    rig.run(60_000)
    assert [effect.sha256 for effect in rig.effects if isinstance(effect, Forget)] == [bytes([1, 0]) * 16]


def test_a_player_that_fails_is_not_reported_as_played(rig: Rig):
    item = play(None)
    rig.order(item)
    sound = next(effect for effect in rig.effects if isinstance(effect, Sound))
    rig.run(1_000)
    rig._sounds.clear()
    rig.feed(events.SoundEnded("speaker", item.occurrence, sound.run, 900, "cut_short"))
    assert rig.states(item.occurrence)[-1] == (S.INTERRUPTED, "cut_short")
    assert rig.receipts[-1].sounded_ms == 900


def test_the_end_of_an_earlier_run_does_not_end_the_present_one(rig: Rig):
    item = play(None, parts=(Gap(1_000), TONE))
    rig.order(item)
    first = next(effect for effect in rig.effects if isinstance(effect, Sound))
    rig.run(1_000)
    rig.order(play(None, **EMERGENCY))
    rig.run(11_000)
    rig.feed(events.SoundEnded("speaker", item.occurrence, first.run, 11_000))
    assert rig.states(item.occurrence)[-1] == (S.RESUMED, "")


def test_a_gateway_transmits_for_the_children_addressed_and_never_claims_they_played():
    rig = Rig(identity=GATEWAY)
    rig.link()
    item = play(None)
    rig.order(item, audience=Audience(places=("bn-v03",)))
    rig.run(60_000)
    sound = next(effect for effect in rig.effects if isinstance(effect, Sound))
    assert (sound.output, sound.codes) == ("radio", ("0102",))
    assert [(r.state, r.clusters) for r in rig.receipts][-1] == (S.TRANSMITTED, ("bn-w02",))
    assert rig.sounded() == []


def test_a_gateway_answers_for_its_own_loudspeaker_and_its_children_apart():
    rig = Rig(identity=GATEWAY)
    rig.link()
    item = play(None)
    rig.order(item)
    rig.run(60_000)
    finals = [(r.state, r.clusters) for r in rig.receipts if r.state.final]
    assert sorted(finals) == [(S.PLAYED, ("bn-s01",)), (S.TRANSMITTED, ("bn-w01", "bn-w02"))]


def test_an_occurrence_has_one_final_receipt_whatever_ends_it_twice(rig: Rig):
    item = play(None)
    rig.order(item)
    rig.run(60_000)
    rig.order(Cancel((item.occurrence,)))
    rig.order(item, id=new_id())
    rig.power_cut()
    rig.link()
    rig.run(60_000)
    assert [state for state, _ in rig.states(item.occurrence) if state.final] == [S.PLAYED]
    assert len(rig.sounded()) == 1
