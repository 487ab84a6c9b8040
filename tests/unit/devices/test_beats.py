from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from base.times import to_ms
from devices.beats import MAX_QUIET, Slot, State, add_beats, after_beat, after_hello, held, slot_of, what_shows
from devices.models import BeatSlot, DeviceState, Presence
from devices.wire.haves import Haves
from devices.wire.reports import ClockReport, ClockState, Heartbeat, Hello

NOW = datetime(2026, 1, 1, 12, 34, 56, tzinfo=UTC)
CLOCK = ClockReport(ClockState.SYNCED, to_ms(NOW) + 40, 5)
HAVES = {"c": Haves(4, ((6, 7),))}


def beat(**said: Any) -> Heartbeat:
    return Heartbeat(**({"device": "d", "boot": 2, "n": 9, "clock": CLOCK, "haves": HAVES} | said))


def test_a_heartbeat_overwrites_the_state_and_keeps_the_haves_readable() -> None:
    state = State(device_id="d")
    after_beat(state, beat(volume=70, battery_pct=55, faults=("amplifier",), children={"w1": "ok"}), NOW)
    assert (state.boot, state.beat_n, state.volume, state.battery_pct) == (2, 9, 70, 55)
    assert (state.presence, state.presence_since, state.heard_at) == (Presence.ONLINE, NOW, NOW)
    assert (state.faults, state.children, state.clock_offset_ms) == (["amplifier"], {"w1": "ok"}, 40)
    assert held(state) == HAVES


def test_being_online_still_does_not_move_since_when() -> None:
    state = State(device_id="d")
    after_beat(state, beat(), NOW)
    after_beat(state, beat(n=10), NOW + timedelta(seconds=20))
    assert state.presence_since == NOW


def test_planned_silence_is_kept_when_a_heartbeat_says_nothing_of_it_and_bounded_when_it_does() -> None:
    state = State(device_id="d", planned_quiet_until=NOW)
    after_beat(state, beat(), NOW)
    assert state.quiet_until == NOW
    after_beat(state, beat(quiet_until_ms=to_ms(NOW) + 10**12), NOW)
    assert state.quiet_until == NOW + MAX_QUIET
    after_beat(state, beat(), NOW)
    assert state.quiet_until == NOW


def test_the_present_time_a_device_showed_is_remembered_and_any_other_is_not() -> None:
    state = State(device_id="d")
    after_beat(state, beat(), NOW)
    assert state.clock_at == NOW + timedelta(milliseconds=40)
    after_beat(state, beat(clock=ClockReport(ClockState.UNSET, to_ms(NOW) + 50, 5)), NOW)
    after_beat(state, beat(clock=ClockReport(ClockState.SYNCED, to_ms(NOW) + 10**9, 5)), NOW)
    assert state.clock_at == NOW + timedelta(milliseconds=40)


def test_a_hello_of_a_new_boot_counts_heartbeats_from_the_beginning_and_of_the_same_does_not() -> None:
    state = State(device_id="d", boot=2, beat_n=9)
    hello = Hello("d", 2, "1", "m", (), (), CLOCK, HAVES)
    after_hello(state, hello, NOW)
    assert (state.boot, state.beat_n) == (2, 9)
    after_hello(state, Hello("d", 3, "1", "m", (), (), CLOCK, HAVES), NOW)
    assert (state.boot, state.beat_n) == (3, 0)


def test_a_copy_does_not_share_with_the_original() -> None:
    state = State(device_id="d")
    copy = replace(state)
    after_beat(copy, beat(faults=("speaker",)), NOW)
    assert not state.faults
    assert what_shows(copy) != what_shows(state)


def test_slots_add_up_and_keep_the_worst() -> None:
    old = Slot(device_id="d", slot_at=slot_of(NOW), beats=3, signal_min_dbm=-90, faults=["speaker"])
    beats = [
        (beat(signal_dbm=-80, temperature_c=30, battery_pct=40), NOW),
        (beat(signal_dbm=-95, temperature_c=25, faults=("amplifier",)), NOW),
    ]
    (slot,) = add_beats({("d", old.slot_at): old}, beats)
    assert (slot.beats, slot.signal_min_dbm, slot.battery_min_pct, slot.temperature_max_c) == (5, -95, 40, 30)
    assert slot.faults == ["amplifier", "speaker"]
    assert old.beats == 3


def test_a_slot_begins_at_a_round_ten_minutes() -> None:
    assert slot_of(NOW) == datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


def test_plain_values_have_the_columns_of_their_tables() -> None:
    for plain, model in ((State, DeviceState), (Slot, BeatSlot)):
        assert [each.name for each in fields(plain)] == list(model.model_fields)
