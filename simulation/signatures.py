"""Signatures checked once for all speakers: the same bytes under the same key need not be verified two dozen times.

Only what was signed by a key of this world is remembered; anything altered or forged goes the whole real way.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from devices.wire import envelope
from devices.wire.envelope import CheckingKey, Keyring, Kind, SigningKey, Verified
from devices.wire.orders import Order
from simulation.edges import Edges

_KEYS = 512


class Memory:
    """Signed envelopes that proved good, the key they proved good under, and the orders read from them."""

    def __init__(self) -> None:
        self._good: dict[tuple[Kind, bytes], tuple[CheckingKey, Verified]] = {}
        self._orders: dict[int, Order | None] = {}

    def install(self, edges: Edges) -> None:
        """Stand before the real functions. Keys are made once, so that the same key is the same object."""
        for name in ("from_public", "from_secret"):
            edges.set(CheckingKey, name, staticmethod(lru_cache(_KEYS)(getattr(CheckingKey, name))))
        edges.set(SigningKey, "from_seed", staticmethod(lru_cache(_KEYS)(SigningKey.from_seed)))
        edges.wrap(envelope, "_open", self._opening)
        edges.set(Order, "from_map", staticmethod(self._reading(Order.from_map)))

    def _opening(self, real: Callable[..., Verified]) -> Callable[..., Verified]:
        def look_up(kind: Kind, data: bytes, keyring: Keyring, tag: int) -> Verified:
            known = self._good.get((kind, data))
            if known is not None and keyring(known[1].kid) is known[0]:
                return known[1]
            verified = real(kind, data, keyring, tag)
            key = keyring(verified.kid)
            if tag == envelope.TAG_SIGN1 and key is not None:
                self._good[kind, data] = key, verified
                self._orders.setdefault(id(verified.payload), None)
            return verified

        return look_up

    def _reading(self, real: Callable[[Any], Order]) -> Callable[[Any], Order]:
        def look_up(payload: Mapping[str, Any]) -> Order:
            known = self._orders.get(id(payload))
            if known is None:
                known = real(payload)
                if id(payload) in self._orders:  # kept alive by us, so that its id stays its own
                    self._orders[id(payload)] = known
            return known

        return look_up
