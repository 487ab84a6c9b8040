"""What time a device believes it is, and how sure it is: offset, drift, states (pure)."""

from dataclasses import dataclass

from devices.wire.playing import Moment
from devices.wire.reports import ClockReport, ClockState

SURE_BOUND_MS = 2_000
"""A timed item waits until the clock's error is known to be within this."""
SYNCED_BOUND_MS = 500
"""Up to this bound the clock counts as synced, beyond it as drifting."""
UNSET_BOUND_MS = 3_155_760_000_000
"""The bound of a clock that was never set: a hundred years."""
DRIFT_PPM = 100
"""How fast a crystal may go wrong between two settings: twice the worst of ordinary ones over temperature."""


@dataclass(frozen=True, slots=True)
class Reading(Moment):
    """A moment with the bound of the wall clock's error."""

    bound_ms: int = 0
    state: ClockState = ClockState.SYNCED

    @property
    def report(self) -> ClockReport:
        """As hello and heartbeat state it."""
        return ClockReport(self.state, max(0, self.wall_ms), self.bound_ms)


class DeviceClock:
    """A wall clock carried on by monotonic time from the last moment it was set."""

    def __init__(self, drift_ppm: int = DRIFT_PPM) -> None:
        self._drift_ppm = drift_ppm
        self._set_wall_ms: int | None = None
        self._set_mono_ms = 0
        self._set_bound_ms = 0

    def set(self, wall_ms: int, mono_ms: int, bound_ms: int) -> None:
        """A trusted source says that it is `wall_ms`, at most `bound_ms` wrong."""
        self._set_wall_ms, self._set_mono_ms, self._set_bound_ms = wall_ms, mono_ms, bound_ms

    def forget(self) -> None:
        """The time is lost, as after a power cut without a battery clock."""
        self._set_wall_ms = None

    def read(self, mono_ms: int, guess_wall_ms: int = 0) -> Reading:
        """Now. `guess_wall_ms` stands in while the clock was never set; nobody may rely on it."""
        if self._set_wall_ms is None:
            return Reading(guess_wall_ms, mono_ms, sure=False, bound_ms=UNSET_BOUND_MS, state=ClockState.UNSET)
        age_ms = max(0, mono_ms - self._set_mono_ms)
        bound_ms = self._set_bound_ms + age_ms * self._drift_ppm // 1_000_000
        state = ClockState.SYNCED if bound_ms <= SYNCED_BOUND_MS else ClockState.DRIFTING
        sure = bound_ms <= SURE_BOUND_MS
        return Reading(self._set_wall_ms + age_ms, mono_ms, sure=sure, bound_ms=bound_ms, state=state)
