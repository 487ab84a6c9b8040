"""What a speaker decides of plays with live streams and fills: when it opens them, what it waits for, what it says."""

from devices.wire.content import FALLBACK, SILENT_STREAM, Fill, Stream
from devices.wire.orders import PlayClass
from devices.wire.reports import Receipt, ReceiptState
from firmware_sim import events
from firmware_sim.effects import Sound, Tune
from firmware_sim.live import BURST_S, Pace
from firmware_sim.plan import SoundPlan
from firmware_sim.render import RATE_HZ, Rendering
from firmware_sim.tallies import Tallies
from tests.unit.firmware_sim.rig import GATEWAY, T0, TONE, Rig, play, speech

URL = "http://10.0.0.1:8000/live"
SLOT = Stream(URL, 600_000, 8_000, speech())
MINUTE = 60_000


def test_a_sender_in_a_hurry_is_held_to_real_time():
    pace, now_s, taken_s = Pace(100.0), 100.0, 0.0
    while now_s < 160.0:
        if pace.ahead_s(now_s) <= 0:
            pace.took(RATE_HZ // 10)
            taken_s += 0.1
        else:
            now_s += 0.05
    assert BURST_S + 60 <= taken_s <= BURST_S + 61


def tuned(rig: Rig) -> list[tuple[str, ...]]:
    return [effect.urls for effect in rig.effects if isinstance(effect, Tune)]


def ends(rig: Rig, occurrence: str) -> Receipt:
    return next(receipt for receipt in rig.receipts if receipt.occurrence == occurrence and receipt.state.final)


def told(rig: Rig, reason: str) -> Receipt:
    """Sound a slot whose player says this of it at its end."""
    slot = play(T0 + MINUTE, parts=(SLOT,))
    rig.feed(events.LinkUp())
    rig.order(slot)
    rig.run(2 * MINUTE)
    sound = next(effect for effect in rig.effects if isinstance(effect, Sound))
    rig.run(8 * MINUTE + 59_000)
    rig._sounds.clear()
    rig.wall_ms, rig.mono_ms = rig.wall_ms + 1_000, rig.mono_ms + 1_000
    rig.feed(events.SoundEnded(sound.output, sound.occurrence, sound.run, 600_000, reason))
    return ends(rig, slot.occurrence)


def test_a_stream_is_opened_a_minute_before_it_is_due_and_only_once():
    rig = Rig()
    rig.order(play(T0 + 10 * MINUTE, parts=(TONE, SLOT)))
    rig.run(9 * MINUTE - 1)
    assert tuned(rig) == []
    rig.run(1)
    assert tuned(rig) == [(URL,)]
    rig.run(5 * MINUTE)
    assert tuned(rig) == [(URL,)]


def test_a_stream_that_comes_long_after_the_beginning_is_left_to_the_player():
    rig = Rig()
    rig.order(play(T0 + 2 * MINUTE, parts=(Fill(5 * MINUTE), SLOT)))
    rig.run(3 * MINUTE)
    assert tuned(rig) == []
    plan = SoundPlan.of(play(parts=(Fill(5 * MINUTE), SLOT)), ("vi",))
    assert plan.streams_due(0, MINUTE) == ()
    assert plan.streams_due(4 * MINUTE, MINUTE) == (URL,)
    assert plan.streams_due(14 * MINUTE, MINUTE) == (URL,)
    assert plan.streams_due(15 * MINUTE, MINUTE) == ()


class Receiver:
    """Streams that give nothing; it notes at which position which one was asked for first."""

    def __init__(self) -> None:
        self.tallies, self.quiet_ms, self.at_ms = Tallies(), 0, 0
        self.first_ms: dict[str, int] = {}

    def tune(self, url: str) -> "Receiver":
        self.first_ms.setdefault(url, self.at_ms)
        return self

    def read(self) -> None:
        return None

    def close(self) -> None: ...


def test_the_player_opens_a_stream_a_minute_before_it_comes_however_long_what_is_before_it():
    item = play(parts=(Fill(5 * MINUTE), SLOT))
    sound = Sound("speaker", item.occurrence, 1, SoundPlan.of(item, ("vi",)), 0, 100, emergency=False)
    streams, samples = Receiver(), 0
    for chunk in Rendering(sound, lambda _sha: None, streams).chunks():
        samples += len(chunk)
        streams.at_ms = samples // 16
        if streams.first_ms:
            break
    assert 4 * MINUTE <= streams.first_ms[URL] <= 4 * MINUTE + 6_000


def test_of_many_short_slots_no_more_are_open_than_the_present_one_and_the_next():
    urls = [f"{URL}/{number}" for number in range(6)]
    plan = SoundPlan.of(play(parts=tuple(Stream(url, 10_000, 8_000) for url in urls)), ("vi",))
    assert plan.streams_due(0, MINUTE) == tuple(urls[:2])
    assert plan.streams_due(10_000, MINUTE) == tuple(urls[1:3])


def test_a_slot_does_not_wait_for_what_would_stand_in_but_has_it_fetched():
    rig = Rig(fetches=False)
    slot = play(T0 + 10_000, parts=(SLOT,))
    rig.order(slot)
    rig.run(11_000)
    assert rig.speaker.playing == (slot.occurrence,)
    assert [effect.rendition for effect in rig.effects if hasattr(effect, "rendition")] == list(
        SLOT.instead.versions[0].renditions
    )


def test_speech_beside_a_stream_is_waited_for():
    rig = Rig(fetches=False)
    rig.order(play(T0 + 10_000, parts=(speech(2), SLOT)))
    rig.order(play(T0 + 10_000, parts=(Fill(MINUTE, speech(3)),)))
    rig.run(11_000)
    assert rig.speaker.playing == ()


def test_a_slot_in_which_something_stood_in_was_played_and_says_so():
    for reason in (FALLBACK, SILENT_STREAM):
        receipt = told(Rig(), reason)
        assert (receipt.state, receipt.reason, receipt.sounded_ms) == (ReceiptState.PLAYED, reason, 600_000)
    assert told(Rig(), "").reason == ""


def test_a_gateway_transmits_a_slot_and_says_what_stood_in():
    receipt = told(Rig(identity=GATEWAY), FALLBACK)
    assert (receipt.state, receipt.reason) in {(ReceiptState.TRANSMITTED, FALLBACK), (ReceiptState.PLAYED, FALLBACK)}


def test_a_higher_class_interrupts_a_slot_and_it_goes_on_where_it_was_in_its_time():
    rig = Rig()
    slot = play(T0 + 10_000, parts=(SLOT,))
    rig.order(slot)
    rig.run(MINUTE)
    rig.order(play(None, parts=(TONE,), play_class=PlayClass.EMERGENCY))
    rig.run(20 * MINUTE)
    runs = [effect.position_ms for effect in rig.effects if isinstance(effect, Sound) and effect.plan.has_stream]
    assert runs[0] == 0
    assert 49_000 <= runs[1] <= 51_000
    assert sum(until - since for since, until, occurrence, _ in rig.heard if occurrence == slot.occurrence) == 600_000
