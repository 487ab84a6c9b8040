"""Messages waiting to be taken in: bounded, and when there are too many the least missed go first (pure)."""

from collections import deque
from typing import NamedTuple

from devices.wire.topics import Up, Uplink

MAX_WAITING = 50_000
_ORDER = (Up.HELLO, Up.HEARTBEAT, Up.RECEIPT, Up.WANT)
_LEAST_MISSED = (Up.WANT, Up.HEARTBEAT, Up.HELLO, Up.RECEIPT)
"""A want is asked again, the next heartbeat says it all again, a hello comes at the next connection; a receipt is
repeated, but is proof.
"""


class Waiting(NamedTuple):
    """An uplink message as it came."""

    uplink: Uplink
    payload: bytes


class WaitingRoom:
    """Four queues under one bound."""

    def __init__(self, capacity: int = MAX_WAITING) -> None:
        self._capacity = capacity
        self._queues: dict[Up, deque[Waiting]] = {kind: deque() for kind in _ORDER}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def put(self, message: Waiting) -> Waiting | None:
        """Let one in; the one that had to leave for it, if any: the oldest want, else heartbeat, hello, receipt."""
        self._queues[message.uplink.kind].append(message)
        if len(self) <= self._capacity:
            return None
        queue = next(self._queues[kind] for kind in _LEAST_MISSED if self._queues[kind])
        return queue.popleft()

    def take(self, limit: int) -> list[Waiting]:
        """At most `limit`: hellos first, then heartbeats, receipts, wants, each in the order of coming.

        A quarter is kept for receipts when they wait, so that a flood of heartbeats cannot hold proof back for ever.
        """
        receipts = min(len(self._queues[Up.RECEIPT]), limit // 4)
        batch: list[Waiting] = []
        for kind in _ORDER:
            room = limit - len(batch) - (receipts if kind in {Up.HELLO, Up.HEARTBEAT} else 0)
            queue = self._queues[kind]
            batch += [queue.popleft() for _ in range(min(room, len(queue)))]
        return batch
