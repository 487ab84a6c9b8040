"""Warnings that an enemy can cause, at most one a period for each sender, kind and reason; and loops that live on."""

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from base.times import Clock

MAX_REMEMBERED = 10_000


class QuietLog:
    """Passes the first warning on and counts the others of the period; the next one tells how many were kept back."""

    def __init__(self, log: Any, clock: Clock, period: timedelta) -> None:
        self._log, self._clock, self._period = log, clock, period
        self._told: OrderedDict[tuple[str, ...], tuple[datetime, int]] = OrderedDict()

    def warning(self, event: str, device: str, *, kind: str, reason: str) -> None:
        key, now = (event, device, kind, reason), self._clock()
        since, kept_back = self._told.get(key, (None, 0))
        if since is not None and abs(now - since) < self._period:
            self._told[key] = since, kept_back + 1
            return
        self._told[key] = now, 0
        self._told.move_to_end(key)
        if len(self._told) > MAX_REMEMBERED:
            self._told.popitem(last=False)
        self._log.warning(event, device=device, kind=kind, reason=reason, kept_back=kept_back)


@contextlib.contextmanager
def living_on(log: Any, event: str) -> Iterator[None]:
    """Let a loop that sends outlive an error, which is logged: what failed is tried again."""
    try:
        yield
    except Exception:
        log.exception(event)
