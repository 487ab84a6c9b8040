"""Whose order may end what: an authority ends its own airings and those of authorities below it (pure).

Heights count up from the device's commune: 0 the commune (and the device's own log, which it signs), 1 the province,
2 the country, as the device follows them.
"""

from collections.abc import Sequence

from devices.wire.orders import PlayClass
from devices.wire.topics import log_device


def height(log: str, follows: Sequence[str]) -> int:
    """How high a log's authority stands among those followed. A log that is not followed stands below them all."""
    if log_device(log) is not None:
        return 0
    return follows.index(log) if log in follows else -1


def may_cancel(by: int, of: int) -> bool:
    """Whether a cancel or an all-clear of one height ends an airing ordered from another."""
    return by >= of


def may_stop(by: int, of: int, play_class: PlayClass) -> bool:
    """Whether a stop does: a commune may always silence its own loudspeakers, but not an emergency from above."""
    return by >= of or play_class < PlayClass.EMERGENCY
