"""The duty cycle: when a device that must spare its power has its link, and what it says of that (pure)."""

from collections.abc import Callable

from devices.wire.config import DAY_MIN, Config, Spans
from devices.wire.playing import Charge
from devices.wire.reports import MAX_WAKE_SPANS
from firmware_sim.clock import Reading

OVERTIME_MS = 15 * 60_000
"""So much longer it stays on the link while content is on its way or an emergency sounds."""
START_MS = 5 * 60_000
"""A device that has just started keeps its link so long, whatever the hour: somebody may stand beside it."""
SPREAD_MS = 30_000
"""The devices of a commune come up within this, not all at once."""
LOOK_MS = 60_000
"""It looks at its clock this often, for somebody may set it."""
_MINUTE_MS = 60_000
_DAY_MS = DAY_MIN * _MINUTE_MS


class Duty:
    """Decides whether the link is to be up. Empty spans: always."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._spans: Spans = ()
        self._offset_min = 0
        self._kept_until_mono_ms = 0
        self._delay_ms = 0
        self.up = True

    def use(self, config: Config, charge: Charge) -> None:
        """Take a plan: local spans; of a battery that is nearly empty the first of the day alone."""
        spans = tuple(sorted(config.online))
        self._spans = spans[:1] if charge is Charge.CRITICAL else spans
        self._offset_min = config.hours.offset_min

    def started(self, mono_ms: int) -> None:
        self._kept_until_mono_ms = mono_ms + START_MS

    @property
    def wake(self) -> Spans:
        """The spans as heartbeats state them: minutes of the UTC day."""
        found: list[tuple[int, int]] = []
        for low, high in self._spans:
            start = (low - self._offset_min) % DAY_MIN
            end = start + high - low
            found.append((start, min(end, DAY_MIN)))
            if end > DAY_MIN:
                found.append((0, end - DAY_MIN))
        return tuple(sorted(found))[:MAX_WAKE_SPANS]

    def decide(self, now: Reading, *, busy: bool) -> bool:
        """Whether the link is to be up now. busy: content is on its way, or an emergency sounds."""
        was, self.up = self.up, self._wanted(now, busy=busy)
        if was and not self.up:
            self._delay_ms = int(SPREAD_MS * self._jitter())
        elif self.up:
            self._delay_ms = 0
        return self.up

    def next_start_ms(self, now: Reading) -> int:
        """The beginning of the next span, as wall-clock time."""
        at = self._of_day(now)
        return now.wall_ms + min((low * _MINUTE_MS - at - 1) % _DAY_MS + 1 for low, _ in self._spans)

    def next_mono_ms(self, now: Reading) -> int | None:
        """When to decide anew."""
        if not self._spans:
            return None
        at = self._of_day(now)
        edges = [edge * _MINUTE_MS for span in self._spans for edge in span]
        edges += [high * _MINUTE_MS + OVERTIME_MS for _, high in self._spans]
        ahead = [(edge - at - 1) % _DAY_MS + 1 for edge in edges]
        if not self.up:
            ahead += [(low * _MINUTE_MS + self._delay(low, high) - at - 1) % _DAY_MS + 1 for low, high in self._spans]
        kept = self._kept_until_mono_ms - now.mono_ms
        return now.mono_ms + min([LOOK_MS, *ahead, *([kept] if kept > 0 else [])])

    def _wanted(self, now: Reading, *, busy: bool) -> bool:
        if not self._spans or not now.sure or now.mono_ms < self._kept_until_mono_ms:
            return True
        at = self._of_day(now)
        for low, high in self._spans:
            delay = 0 if self.up else self._delay(low, high)
            if low * _MINUTE_MS + delay <= at < high * _MINUTE_MS:
                return True
        return busy and self.up and self._overtime_ms(now) < OVERTIME_MS

    def _delay(self, low: int, high: int) -> int:
        """How long after its beginning a span is used: never most of it."""
        return min(self._delay_ms, (high - low) * _MINUTE_MS // 4)

    def _overtime_ms(self, now: Reading) -> int:
        """How long ago the link should have gone down."""
        at = self._of_day(now)
        since_end = min((at - high * _MINUTE_MS) % _DAY_MS for _, high in self._spans)
        return min(since_end, now.mono_ms - self._kept_until_mono_ms)

    def _of_day(self, now: Reading) -> int:
        return (now.wall_ms + self._offset_min * _MINUTE_MS) % _DAY_MS
