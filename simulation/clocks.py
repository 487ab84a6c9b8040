"""The clocks of a world: the true time, the server's, and each device's with an error that only the judge knows."""

import random
from datetime import datetime, timedelta

from devices.wire.reports import ClockState
from firmware_sim.clock import DeviceClock, Reading
from simulation.template import BORN, BORN_MS
from simulation.virtual_loop import VirtualLoop

NTP_ERROR_MS = 30
NTP_BOUND_MS = 100
MAX_DRIFT_PPM = 50
"""Within the 100 ppm that a device reckons with: a worse crystal is a broken device."""
STEP = timedelta(hours=1)


class ServerClock:
    """The server's wall clock: true, but for a step that somebody made."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.wrong_by = timedelta()

    def __call__(self) -> datetime:
        return BORN + timedelta(milliseconds=self._loop.now_ms) + self.wrong_by


class TrueError:
    """A device's clock: the product's own, set from sources that are more or less right, on a crystal that drifts."""

    def __init__(self, loop: VirtualLoop, source: random.Random) -> None:
        self._loop, self._random = loop, source
        self._drift_ppm = source.randint(-MAX_DRIFT_PPM, MAX_DRIFT_PPM)
        self._clock = DeviceClock()
        self._set_at_ms = 0
        self.has_battery = source.random() < 0.5
        self.has_receiver = source.random() < 0.6
        """A GNSS receiver: it has the time without any network."""
        self.stepped_ms = 0

    @property
    def true_wall_ms(self) -> int:
        return BORN_MS + self._loop.now_ms

    def read(self) -> Reading:
        """Now, as the device believes."""
        mono = self._loop.now_ms
        read = self._clock.read(mono)
        if read.state is ClockState.UNSET:
            return read
        age_ms = mono - self._set_at_ms
        wall_ms = read.wall_ms + age_ms * self._drift_ppm // 1_000_000
        return Reading(wall_ms, mono, sure=read.sure, bound_ms=read.bound_ms, state=read.state)

    def error_ms(self) -> int:
        """Device minus true."""
        return self.read().wall_ms - self.true_wall_ms

    def synchronise(self) -> None:
        """As NTP does, when nobody has pushed the source away."""
        error = self._random.randint(-NTP_ERROR_MS, NTP_ERROR_MS) + self.stepped_ms
        self._set(error, NTP_BOUND_MS)

    def step(self, by_ms: int) -> None:
        """The machine's clock is set wrong by somebody it trusts (0: put right again)."""
        self.stepped_ms = by_ms
        self.synchronise()

    def power_was_cut(self) -> None:
        """A battery clock goes on, within a second; without one the time is lost."""
        if self.has_battery and self._clock.read(self._loop.now_ms).sure:
            self._set(self.error_ms() + self._random.randint(-500, 500), 1_500)
        else:
            self._clock.forget()

    def lose(self) -> None:
        """The time is gone, as when a battery dies."""
        self._clock.forget()

    def _set(self, error_ms: int, bound_ms: int) -> None:
        self._set_at_ms = self._loop.now_ms
        self._clock.set(self.true_wall_ms + error_ms, self._set_at_ms, bound_ms)
