"""Heartbeats and plans → online, late, lost, quiet (pure).

Periods: a heartbeat every 20 s, lost after 85 s of silence, which keeps false alarms to a handful a day under 3 % loss
and still shows a dead device within 100 s.
"""

from datetime import datetime, timedelta

from devices.models import Presence

HEARTBEAT_S = 20
ONLINE_S = 45
LOST_S = 85


def judge(
    heard_at: datetime | None, quiet_until: datetime | None, now: datetime, listening_since: datetime | None = None
) -> Presence:
    """What is to be believed of a device that was last heard at `heard_at`.

    A device that speaks is online, whatever was planned; silence that was announced is quiet, and when its time is
    over the device has as long as ever to speak up. Silence is counted from `listening_since` at the earliest: before
    that the server itself was deaf.
    """
    if heard_at is None:
        return Presence.NEVER
    silent_from = max(heard_at, listening_since or heard_at)
    if now - silent_from <= timedelta(seconds=ONLINE_S):
        return Presence.ONLINE
    if quiet_until is not None and now < quiet_until:
        return Presence.QUIET
    silent_from = max(silent_from, quiet_until or silent_from)
    return Presence.LATE if now - silent_from <= timedelta(seconds=LOST_S) else Presence.LOST
