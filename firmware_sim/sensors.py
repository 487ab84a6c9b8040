"""What a device feels: mains or battery, signal, temperature, faults; read from the machine, or simulated."""

import contextlib
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

_DBM = {"4g": -85, "wifi": -60, "radio": -90}
_DAY_S = 86_400


class SensorReading(NamedTuple):
    """battery_pct, signal_dbm, temperature_c: None where there is none to read."""

    battery_pct: int | None
    signal_dbm: int | None
    temperature_c: int | None


class Sensors(Protocol):
    """Read now and then; quick."""

    def read(self, mono_s: float) -> SensorReading:
        """What is felt now."""


class SimulatedSensors:
    """Plausible values that wander, the same for the same seed and times."""

    def __init__(self, seed: str, *, power: str, link: str) -> None:
        self._random = Random(seed)  # noqa: S311 - a simulation, not a secret
        self._battery = None if power == "grid" else self._random.uniform(60, 100)
        base = _DBM.get(link)
        self._dbm = None if base is None else base + self._random.uniform(-12, 12)
        self._celsius = self._random.uniform(22, 34)
        self._solar = power == "solar"

    def read(self, mono_s: float) -> SensorReading:
        step = self._random.uniform
        if self._dbm is not None:
            self._dbm = min(-45.0, max(-112.0, self._dbm + step(-1.5, 1.5)))
        self._celsius = min(55.0, max(12.0, self._celsius + step(-0.3, 0.3)))
        if self._battery is not None:
            sun = self._solar and (mono_s % _DAY_S) < _DAY_S / 2
            self._battery = min(100.0, max(5.0, self._battery + step(-0.05, 0.08 if sun else 0.03)))
        return SensorReading(_whole(self._battery), _whole(self._dbm), _whole(self._celsius))


class SystemSensors:
    """What Linux tells under /sys and /proc; None for what it does not."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def read(self, mono_s: float) -> SensorReading:
        del mono_s
        return SensorReading(
            battery_pct=self._first("sys/class/power_supply/*/capacity", 0, 100),
            signal_dbm=self._wireless(),
            temperature_c=self._first("sys/class/thermal/thermal_zone*/temp", -60, 150, divisor=1_000),
        )

    def _first(self, pattern: str, low: int, high: int, *, divisor: int = 1) -> int | None:
        for path in sorted(self._root.glob(pattern)):
            with contextlib.suppress(OSError, ValueError):
                value = int(path.read_text(encoding="ascii").strip()) // divisor
                if low <= value <= high:
                    return value
        return None

    def _wireless(self) -> int | None:
        """Signal level of the first wireless interface, from the third column of /proc/net/wireless."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = (self._root / "proc/net/wireless").read_text(encoding="ascii").splitlines()
            dbm = int(float(lines[2].split()[3]))
            return dbm if -200 <= dbm <= 0 else None
        return None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
