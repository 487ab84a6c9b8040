"""Sensors read what there is, and simulated ones stay plausible."""

from pathlib import Path

from firmware_sim.sensors import SensorReading, SimulatedSensors, SystemSensors


def test_simulated_values_wander_within_reason_and_replay_from_their_seed():
    first, again = (SimulatedSensors("bn-s01", power="solar", link="4g") for _ in range(2))
    day = [first.read(minute * 60) for minute in range(1_440)]
    assert day == [again.read(minute * 60) for minute in range(1_440)]
    assert all(5 <= r.battery_pct <= 100 and -112 <= r.signal_dbm <= -45 and 12 <= r.temperature_c <= 55 for r in day)
    assert len({r.signal_dbm for r in day}) > 5


def test_there_is_no_battery_on_the_grid_and_no_signal_on_fibre():
    reading = SimulatedSensors("bn-s01", power="grid", link="fibre").read(0)
    assert (reading.battery_pct, reading.signal_dbm) == (None, None)


def test_the_machine_is_read_where_it_tells(tmp_path: Path):
    assert SystemSensors(tmp_path).read(0) == SensorReading(None, None, None)
    for name, text in {
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "sys/class/power_supply/BAT0/capacity": "87\n",
        "proc/net/wireless": "a\nb\nwlan0: 0000   54.  -56.  -256  0\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    assert SystemSensors(tmp_path).read(0) == SensorReading(87, -56, 48)
