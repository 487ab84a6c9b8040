"""Heartbeats and plans → online, late, lost, quiet (pure).

Periods: a heartbeat every 20 s, lost after 85 s of silence, which keeps false alarms to a handful a day under 3 % loss
and still shows a dead device within 100 s.
"""

from datetime import datetime, timedelta

from devices.models import Presence
from devices.wakeplan import Wake, awake_at

ONLINE_S = 45
LOST_S = 85
WAKE_GRACE = timedelta(seconds=60)
"""How long after its link is due a device on a duty cycle may need for it, its random delay included."""
MISSED_PLAN = timedelta(days=2)
"""A device on a duty cycle, each of whose stretches is too short to miss it in, is lost after that much silence."""

STEP = timedelta(seconds=1)
"""A wall clock that moved so much more or less than a clock nobody sets has been set."""


class Hearing:
    """When the server could hear at all, so that its own deafness is not held against devices.

    It is told of every look at the devices, with two clocks: the wall clock, and one that runs on and is never set.
    """

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._gaps: list[tuple[datetime, timedelta]] = []
        self._last: tuple[datetime, float] | None = None

    def listens(self, now: datetime, steady_s: float) -> None:
        """The server has listened since it was told last; if the wall clock moved otherwise, it was set."""
        if self._last is not None:
            before, steady_before_s = self._last
            self._skipped(now - before - timedelta(seconds=steady_s - steady_before_s), now)
        self._last = now, steady_s

    def back(self, now: datetime, steady_s: float) -> None:
        """The broker's connection came back: since it was told last, the server may have heard nothing."""
        if self._last is None:
            self._since = now
        else:
            self._skipped(now - self._last[0], now)
        self._last = now, steady_s

    def silence(self, since: datetime, now: datetime) -> timedelta:
        """How long somebody last heard at `since` was silent while the server listened."""
        begin = max(since, self._since)
        return now - begin - sum((min(long, end - begin) for end, long in self._gaps if end > begin), timedelta())

    def _skipped(self, long: timedelta, now: datetime) -> None:
        self._gaps = [
            gap for gap in self._gaps if gap[0] <= now and self.silence(gap[0], now).total_seconds() <= LOST_S
        ]
        self._since = min(self._since, now)
        if long > STEP:
            self._gaps.append((now, long))


def judge(
    heard_at: datetime | None,
    quiet_until: datetime | None,
    now: datetime,
    hearing: Hearing | None = None,
    *,
    wake: Wake | None = None,
    was: Presence = Presence.NEVER,
) -> Presence:
    """What is to be believed of a device that was last heard at `heard_at`.

    A device that speaks is online, whatever was planned; silence that was announced is quiet, and when its time is
    over the device has as long as ever to speak up. With `hearing`, only silence that the server listened to counts.
    wake: its plan, outside of which silence says nothing. was: what was believed so far; a device on a duty cycle
    that did not show up when it should have stays lost until it is heard.
    """
    if heard_at is None:
        return Presence.NEVER
    silence = (hearing or Hearing(heard_at)).silence
    silent = silence(heard_at, now)
    recent = timedelta(seconds=ONLINE_S)
    if min(silent, now - heard_at) <= recent and not (wake and now - heard_at > recent):
        return Presence.ONLINE
    if quiet_until is not None and now < quiet_until:
        return Presence.QUIET
    since = heard_at if quiet_until is None else max(heard_at, quiet_until)
    if wake:
        if was is Presence.LOST or silent > MISSED_PLAN:
            return Presence.LOST
        awake = awake_at(wake, now)
        if awake is None or now < awake.begin + WAKE_GRACE:
            return Presence.QUIET
        since = max(since, awake.begin + WAKE_GRACE)
    if since > heard_at:
        silent = min(silent, silence(since, now))
    return Presence.LATE if silent <= timedelta(seconds=LOST_S) else Presence.LOST
