"""The message bank: sounds held ready under a name until their order expires or a later one replaces it (pure)."""

from collections.abc import Iterable
from dataclasses import replace

from devices.wire.orders import Hold, Order
from devices.wire.reports import ReceiptState
from firmware_sim.bank import Bank, Key, Need
from firmware_sim.effects import KeepMark, Turn
from firmware_sim.identity import Identity, addressed, languages_of
from firmware_sim.plan import speech_in
from firmware_sim.receipts import ReceiptBook
from firmware_sim.saved import FORGET_AFTER_MS, Mark

HELD = "bank"
"""The output a hold's mark names: its order id stands for the occurrence."""
BANK_URGENCY_MS = 3_600_000
"""The message bank is fetched after what sounds within the hour of the order."""


class Holds:
    """The holds in force, by name."""

    def __init__(self, identity: Identity, bank: Bank, receipts: ReceiptBook, marks: Iterable[Mark]) -> None:
        self._identity, self._bank, self._receipts = identity, bank, receipts
        self._told = {mark.occurrence for mark in marks if mark.stored}
        self._held: dict[str, Order] = {}

    def hold(self, order: Order, hold: Hold, turn: Turn) -> None:
        """Pin these sounds; an older order than the one in force changes nothing."""
        before = self._held.get(hold.bank)
        if before is not None and before.issued_ms > order.issued_ms:
            return
        self._held[hold.bank] = order
        languages = languages_of(addressed(order.audience, self._identity.clusters))
        need = Need(speech_in(hold.parts, languages), order.issued_ms + BANK_URGENCY_MS, bank=True)
        self._bank.need(_key(hold.bank, order), need, turn)
        if before is not None:
            self._bank.release(_key(hold.bank, before), turn)

    def advance(self, turn: Turn) -> None:
        """Drop what has expired; state what has become complete."""
        for name, order in list(self._held.items()):
            if turn.now.sure and turn.now.wall_ms >= order.expires_ms:
                del self._held[name]
                self._bank.release(_key(name, order), turn)
            elif order.id not in self._told and self._bank.complete(_key(name, order)):
                self._tell(order, turn)

    def _tell(self, order: Order, turn: Turn) -> None:
        self._told.add(order.id)
        mark = Mark(order.id, HELD, order.expires_ms + FORGET_AFTER_MS)
        turn.do(KeepMark(replace(mark, stored=True, final=True)))
        names = tuple(cluster.id for cluster in addressed(order.audience, self._identity.clusters))
        self._receipts.write(turn, ReceiptState.STORED, order=order.id, clusters=names)


def _key(name: str, order: Order) -> Key:
    return ("hold", name, order.id)
