"""A weak battery is kept for what matters: priority and alarms, then alarms alone."""

import pytest

from devices.wire.orders import PlayClass, Status
from devices.wire.playing import Charge
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim.charge import Saver
from tests.unit.firmware_sim.rig import GATEWAY, T0, Rig, play

S = ReceiptState


def test_a_state_is_left_five_points_above_its_bound_and_not_before():
    saver = Saver()
    readings = [31, 30, 29, 34, 35, 29, 15, 14, 19, 20, 34, 36, None]
    full, low, critical = Charge.FULL, Charge.LOW, Charge.CRITICAL
    expected = [full, full, low, low, full, low, low, critical, critical, low, low, full, full]
    assert [saver.read(percent, (30, 15)) for percent in readings] == expected


def _at(percent: int, rig: Rig | None = None) -> Rig:
    rig = rig or Rig()
    rig.link()
    rig.feed(events.Health(power="solar", battery_pct=percent))
    return rig


@pytest.mark.parametrize(
    ("percent", "play_class", "status", "sounds"),
    [
        (20, PlayClass.NORMAL, Status.ACTUAL, False),
        (20, PlayClass.PRIORITY, Status.ACTUAL, True),
        (20, PlayClass.EMERGENCY, Status.DRILL, True),
        (10, PlayClass.PRIORITY, Status.ACTUAL, False),
        (10, PlayClass.EMERGENCY, Status.DRILL, False),
        (10, PlayClass.EMERGENCY, Status.ACTUAL, True),
    ],
)
def test_what_sounds_at_which_charge(percent: int, play_class: PlayClass, status: Status, sounds: bool):
    rig = _at(percent)
    item = play(None, play_class=play_class, status=status)
    rig.order(item)
    rig.run(60_000)
    assert bool(rig.sounded()) == sounds
    assert rig.states(item.occurrence)[-1] == ((S.PLAYED, "") if sounds else (S.MISSED, "low_battery"))


def test_what_sounds_when_the_charge_falls_is_broken_off_on_the_radio_too():
    rig = _at(80, Rig(GATEWAY))
    item = play(None)
    rig.order(item)
    rig.run(2_000)
    rig.feed(events.Health(power="solar", battery_pct=29))
    assert rig.speaker.playing == ()
    assert rig.states(item.occurrence).count((S.INTERRUPTED, "low_battery")) == 2


def test_a_planned_item_waits_for_its_start_and_sounds_if_the_sun_was_quicker():
    rig = _at(20)
    item = play(T0 + 60_000)
    rig.order(item)
    rig.run(30_000)
    rig.feed(events.Health(power="solar", battery_pct=40))
    rig.run(60_000)
    assert rig.states(item.occurrence)[-1] == (S.PLAYED, "")


def test_the_fault_is_told_at_once_and_goes_when_the_battery_is_full_enough():
    rig = _at(80)
    rig.run(5_000)
    for percent, faults in ((25, ("battery_low",)), (9, ("battery_critical",)), (22, ("battery_low",)), (90, ())):
        rig.feed(events.Health(power="solar", battery_pct=percent))
        rig.run(400)
        assert rig.heartbeats()[-1].faults == faults


def test_a_start_on_a_nearly_empty_battery_begins_nothing_it_would_have_to_break_off():
    rig = Rig(battery_pct=5)
    rig.link()
    item, siren = play(T0 + 10_000), play(T0 + 10_000, play_class=PlayClass.EMERGENCY)
    rig.order(item)
    rig.order(siren)
    rig.power_cut(11_000)
    rig.link()
    rig.run(6_000)
    assert [state for state, _ in rig.states(siren.occurrence)] == [S.STORED, S.STARTED]
    assert rig.states(item.occurrence) == [(S.STORED, ""), (S.MISSED, "low_battery")]
