"""The gate: what comes in is verified, counted, and told apart from what was here before (pure)."""

from collections.abc import Callable, Iterable, Sequence

from devices.wire import trust
from devices.wire.envelope import Keyring, signer
from devices.wire.errors import BadMessage
from devices.wire.keys import Keys as KeysBody
from devices.wire.orders import Order, Play
from devices.wire.reports import ReceiptState
from firmware_sim.effects import KeepHaves, KeepOrder, Log, Turn
from firmware_sim.identity import Cluster, Identity, addressed
from firmware_sim.intake import Strange, read_order
from firmware_sim.logbook import Logbook
from firmware_sim.receipts import ReceiptBook
from firmware_sim.saved import FORGET_AFTER_MS
from firmware_sim.trusting import Trust

_FOR_OTHERS = frozenset({"foreign", "wrong_authority"})
"""Reasons that mean nothing in a bundle, which serves several devices."""
_KEYS_TYPE = b"\x64type\x64keys"
"""How the encoding writes "type": "keys"; what does not hold this is no keys order."""


class Gate:
    """Verifies before it looks at anything else. `soon`: something changed that the server should hear of."""

    def __init__(
        self, identity: Identity, keys: Trust, logbook: Logbook, receipts: ReceiptBook, soon: Callable[[int], None]
    ) -> None:
        self._identity, self._trust, self._logbook = identity, keys, logbook
        self._receipts, self._soon = receipts, soon
        self._seen: dict[str, int] = {}
        self.refused: dict[str, int] = {}

    def orders(self, envelopes: Sequence[bytes], turn: Turn, *, for_all: bool = False) -> list[Order]:
        """Those to be carried out. Keys orders first: what comes with them may be signed by the new ones.

        for_all: they came with others' in one bundle.
        """
        self._learn([data for data in envelopes if _KEYS_TYPE in data], turn)
        return [order for data in envelopes for order in self._read(data, turn, for_all=for_all)]

    def beacon(self, data: bytes, turn: Turn, *, for_all: bool = False) -> None:
        """Take in where a log's head is."""
        try:
            beacon = trust.open_beacon(data, self._trust.get, self._identity.commune_of)
            self._check_followed(beacon.log)
        except BadMessage as refusal:
            self.refuse(refusal, turn, for_all=for_all)
            return
        self._trust.spoke(signer(data), turn.now, turn)
        news = self._logbook.read(beacon)
        if news.raised:
            turn.do(KeepHaves(beacon.log, self._logbook.haves[beacon.log]))
        if news.raised or news.lacking:
            self._soon(turn.now.mono_ms)
        if news.tip_differs:
            turn.do(Log("log_differs", "tip", f"{beacon.log} {beacon.head}", alarming=True))

    def ack(self, data: bytes, turn: Turn, *, for_all: bool = False) -> None:
        """Forget the receipts that the server has."""
        try:
            ack = trust.open_ack(data, self._trust.get, self._identity.commune_of)
        except BadMessage as refusal:
            self.refuse(refusal, turn, for_all=for_all)
        else:
            self._trust.spoke(signer(data), turn.now, turn)
            self._receipts.acknowledge(frozenset(ack.receipts), turn)

    def stored(self, envelopes: Iterable[bytes], turn: Turn) -> list[Order]:
        """The orders found on flash, verified again: none is carried out because a disk says so."""
        kept = list(envelopes)
        # What was spoilt may be the row that said whom to trust: counted as held, these orders never come again.
        self._learn([data for data in kept if _KEYS_TYPE in data], turn, found=True)
        found: list[Order] = []
        for data in kept:
            try:
                order = trust.open_order(data, self._trust.of_stored, self._identity.commune_of).order
                self._check_followed(order.log)
            except BadMessage as refusal:
                self.refuse(refusal, turn)
                continue
            self._seen[order.id] = order.expires_ms + FORGET_AFTER_MS
            if self._logbook.count(order.log, order.seq):
                # Flash was lost: what its orders prove is held, and nothing else is.
                turn.do(KeepHaves(order.log, self._logbook.haves[order.log]))
            self._logbook.chained(order.log, order.seq, None, trust.digest(data))
            found.append(order)
        return found

    def prune(self, wall_ms: int) -> None:
        """Forget the ids of orders that expired long ago."""
        self._seen = {order: until for order, until in self._seen.items() if until >= wall_ms}

    def refuse(self, refusal: BadMessage, turn: Turn, *, for_all: bool = False) -> None:
        """Count and log what is not taken."""
        if for_all and refusal.reason in _FOR_OTHERS:
            return
        self._tally(refusal.reason)
        turn.do(Log("message_refused", refusal.reason, refusal.detail))

    # --- keys

    def _learn(self, envelopes: list[bytes], turn: Turn, *, found: bool = False) -> None:
        """Take the keys orders among these, each perhaps signed by a key that another one tells.

        found: on flash.
        """
        while envelopes:
            opened = [(data, order) for data in envelopes if (order := self._keys_order(data, turn)) is not None]
            if not opened:
                return
            for _, order in sorted(opened, key=lambda pair: pair[1].seq):
                if isinstance(order.body, KeysBody):
                    self._trust.take(order, order.body, turn, found=found)
            done = {data for data, _ in opened}
            envelopes = [data for data in envelopes if data not in done]

    def _keys_order(self, data: bytes, turn: Turn) -> Order | None:
        """A keys order that may hold, as far as it can be verified by now."""
        try:
            order = trust.open_order(data, self._trust.get, self._identity.commune_of).order
        except BadMessage:
            return None  # `_read` says why
        over = turn.now.sure and turn.now.wall_ms >= order.expires_ms
        mine = self._logbook.follows(order.log) and addressed(order.audience, self._identity.clusters)
        return order if isinstance(order.body, KeysBody) and mine and not over else None

    def _of_the_past(self, data: bytes, turn: Turn) -> bool:
        """Whether a retired key signed this when it still counted: then it is held, and that is all."""
        try:
            found = self._open(data, self._trust.of_retired)
        except BadMessage:
            return False
        order = found.order if isinstance(found, trust.SignedOrder) else found
        if not self._logbook.follows(order.log) or order.seq >= self._trust.retired_below(signer(data)):
            return False
        self._count(order.log, order.seq, turn)
        return True

    # --- orders

    def _open(self, data: bytes, keyring: Keyring) -> trust.SignedOrder | Strange:
        return read_order(data, keyring, self._identity.commune_of)

    def _read(self, data: bytes, turn: Turn, *, for_all: bool) -> list[Order]:
        """The order, verified and counted, when it is to be carried out."""
        try:
            found = self._open(data, self._trust.get)
            order = found.order if isinstance(found, trust.SignedOrder) else found
            self._check_followed(order.log)
        except BadMessage as refusal:
            if refusal.reason != "unknown_key" or not self._of_the_past(data, turn):
                self.refuse(refusal, turn, for_all=for_all)
            return []
        self._trust.spoke(signer(data), turn.now, turn)
        missing = self._count(order.log, order.seq, turn)
        self._check_chain(found, data, turn)
        clusters = addressed(order.audience, self._identity.clusters)
        if not clusters:
            self._tally("foreign")
            return []
        if isinstance(found, Strange):
            self._reject(found.id, None, found.reason, clusters, turn, told=missing)
            return []
        return self._fresh(found, clusters, turn, missing=missing)

    def _count(self, log: str, seq: int, turn: Turn) -> bool:
        missing = self._logbook.count(log, seq)
        if missing:
            turn.do(KeepHaves(log, self._logbook.haves[log]))
            self._soon(turn.now.mono_ms)
        return missing

    def _check_chain(self, found: trust.SignedOrder | Strange, data: bytes, turn: Turn) -> None:
        order = found.order if isinstance(found, trust.SignedOrder) else found
        prev = found.order.prev if isinstance(found, trust.SignedOrder) else None
        if not self._logbook.chained(order.log, order.seq, prev, trust.digest(data)):
            turn.do(Log("log_differs", "prev", f"{order.log} {order.seq}", alarming=True))

    def _fresh(
        self, signed: trust.SignedOrder, clusters: tuple[Cluster, ...], turn: Turn, *, missing: bool
    ) -> list[Order]:
        """The order unless it was taken before, by whatever carrier, or has expired."""
        order = signed.order
        # An id is forgotten a day after its expiry, a number never: it tells of old orders what no clock can tell.
        if order.id in self._seen or not (missing or turn.now.sure):
            return []
        forget_ms = order.expires_ms + FORGET_AFTER_MS
        if turn.now.sure and turn.now.wall_ms >= order.expires_ms:
            # Said is said: a copy that comes when the clock has been put right must not be carried out after all.
            self._seen[order.id] = forget_ms
            occurrence = order.body.occurrence if isinstance(order.body, Play) else None
            self._reject(order.id, occurrence, "expired", clusters, turn, told=missing)
            return []
        self._seen[order.id] = forget_ms
        turn.do(KeepOrder(signed, forget_ms))
        return [order]

    def _reject(
        self,
        order: str,
        occurrence: str | None,
        reason: str,
        clusters: tuple[Cluster, ...],
        turn: Turn,
        *,
        told: bool,
    ) -> None:
        """Refuse an order that is truly ours. Only its first copy is told of: the log counts it from then on."""
        self._tally(reason)
        turn.do(Log("order_rejected", reason, order))
        if told:
            names = tuple(cluster.id for cluster in clusters)
            state = ReceiptState.REJECTED
            self._receipts.write(turn, state, order=order, occurrence=occurrence, clusters=names, reason=reason)

    def _check_followed(self, log: str) -> None:
        if not self._logbook.follows(log):
            raise BadMessage("foreign", log)

    def _tally(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1
