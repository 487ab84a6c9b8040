"""The logs the device follows, and what of them it lacks: the server's part of catching up."""

import time
from collections.abc import Mapping
from typing import Any

from base.ids import id_to_bytes, new_id
from conformance import names
from conformance.authorities import Authority, Log, Signed
from devices.wire.haves import Haves

RESEND_S = 5.0


def now_ms() -> int:
    """The kit's wall clock; the device's is the same."""
    return time.time_ns() // 1_000_000


class Logs:
    """Every authority with its keys, and every log of the kit's device."""

    def __init__(self) -> None:
        self.authorities = {name: Authority(name) for name in (*names.FOLLOWS, names.STRANGER)}
        self._logs = {name: Log(name, authority) for name, authority in self.authorities.items()}
        self._logs[names.OWN_LOG] = Log(names.OWN_LOG, self.authorities[names.COMMUNE])
        self._sent_s: dict[str, float] = {}

    def __getitem__(self, name: str) -> Log:
        return self._logs[name]

    def append(self, log: str, kind: str, body: Mapping[str, Any], **changes: Any) -> Signed:
        """The next order of a log, signed and written down."""
        order_id = changes.pop("order_id", None) or new_id()
        found = self._logs[log]
        return found.append(found.payload(kind, body, now_ms(), id=id_to_bytes(order_id), **changes), order_id)

    def lacking(self, haves: Mapping[str, Haves], *, anew: bool) -> list[bytes]:
        """The orders in force that the device does not hold and was not sent within 5 s; `anew`: it has reconnected."""
        at_s, at_ms = time.monotonic(), now_ms()
        found = []
        for name in names.LOGS:
            held = haves.get(name, Haves())
            for order in self._logs[name].orders:
                fresh = anew or at_s - self._sent_s.get(order.id, -RESEND_S) >= RESEND_S
                if order.seq not in held and order.expires_ms > at_ms and fresh:
                    found.append(order)
        self.sent(*found)
        return [order.envelope for order in found]

    def sent(self, *orders: Signed) -> None:
        """These are on their way."""
        for order in orders:
            self._sent_s[order.id] = time.monotonic()

    def raise_floors(self) -> None:
        """Pass what has expired at the beginning of each log."""
        at_ms = now_ms()
        for name in names.LOGS:
            log = self._logs[name]
            while log.floor <= log.head and log.orders[log.floor - 1].expires_ms <= at_ms:
                log.floor += 1
