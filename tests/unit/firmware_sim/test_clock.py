"""A clock says how sure it is."""

from pathlib import Path

from devices.wire.reports import ClockState
from firmware_sim.clock import UNSET_BOUND_MS, DeviceClock
from firmware_sim.system_clock import SystemClock, stated_in


def test_a_clock_never_set_is_not_sure():
    reading = DeviceClock().read(5_000, 123)
    assert (reading.sure, reading.state, reading.bound_ms) == (False, ClockState.UNSET, UNSET_BOUND_MS)
    assert reading.wall_ms == 123


def test_a_clock_goes_on_and_grows_less_sure():
    clock = DeviceClock(drift_ppm=100)
    clock.set(1_000_000, 0, 50)
    states = []
    for hours in (0, 1, 2, 5, 6):
        reading = clock.read(hours * 3_600_000)
        assert reading.wall_ms == 1_000_000 + hours * 3_600_000
        states.append((reading.state, reading.sure, reading.bound_ms))
    assert states == [
        (ClockState.SYNCED, True, 50),
        (ClockState.SYNCED, True, 410),
        (ClockState.DRIFTING, True, 770),
        (ClockState.DRIFTING, True, 1_850),
        (ClockState.DRIFTING, False, 2_210),
    ]


def test_setting_it_again_makes_it_sure_again():
    clock = DeviceClock()
    clock.set(0, 0, 10)
    clock.set(90_000_000, 86_400_000, 10)
    assert clock.read(86_400_000).state is ClockState.SYNCED
    clock.forget()
    assert clock.read(86_400_001).state is ClockState.UNSET


def test_a_bound_the_kernel_states_is_never_made_smaller():
    trusted = SystemClock(trust=True, bound_ms=lambda: 16_000).now()
    assert (trusted.state, trusted.sure, trusted.bound_ms) == (ClockState.DRIFTING, False, 16_000)
    assert SystemClock(trust=True, bound_ms=lambda: 0).now().bound_ms == 0


def test_the_system_clock_is_as_sure_as_the_kernel_unless_it_is_trusted():
    assert SystemClock(trust=False, bound_ms=lambda: None).now().state is ClockState.UNSET
    assert SystemClock(trust=False, bound_ms=lambda: 30).now().bound_ms == 30
    drifting = SystemClock(trust=False, bound_ms=lambda: 9_000).now()
    assert (drifting.state, drifting.sure) == (ClockState.DRIFTING, False)
    trusted = SystemClock(trust=True, bound_ms=lambda: None).now()
    assert (trusted.sure, trusted.bound_ms) == (True, 100)


def test_the_kernel_can_be_asked():
    reading = SystemClock(trust=False).now()
    assert reading.bound_ms >= 0


def test_a_time_keeper_states_the_bound_in_a_file_that_may_come_and_change(tmp_path: Path):
    bound_ms = stated_in(tmp_path / "bound")
    assert bound_ms() is None
    (tmp_path / "bound").write_text("40\n")
    assert bound_ms() == 40
    (tmp_path / "bound").write_text("no idea")
    assert bound_ms() is None
