"""Whose signature counts: the keys of each authority, since enrolment or since its latest keys order (pure)."""

from collections.abc import Mapping

from devices.wire.envelope import CheckingKey
from devices.wire.keys import KeyEntry
from devices.wire.keys import Keys as KeysBody
from devices.wire.orders import Order
from devices.wire.trust import authority_of, kid
from firmware_sim.clock import Reading
from firmware_sim.effects import KeepKeys, Log, Turn
from firmware_sim.identity import Keys
from firmware_sim.saved import HeldKey, RetiredKey, SavedKeys

KEY_OLD = "key_old"
"""The fault of a device to which somebody speaks with a key past its time."""
MAX_FORMER = 64


class Trust:
    """What the device was enrolled with stays known; of it holds only what no keys order has replaced."""

    def __init__(self, enrolled: Keys, saved: Mapping[str, SavedKeys]) -> None:
        self._enrolled = enrolled
        self._held = dict(enrolled.standing)
        for authority, keys in saved.items():
            if not _is_newer(self._held.get(authority), keys):
                self._held[authority] = keys
        self._made: dict[tuple[str, bytes], CheckingKey] = {}
        self._overdue: set[str] = set()

    @property
    def overdue(self) -> bool:
        """Whether an authority last spoke with a key past its time."""
        return bool(self._overdue)

    def get(self, key_id: str) -> CheckingKey | None:
        """The key that counts under this name."""
        authority = authority_of(key_id)
        held = self._held.get(authority)
        if held is None:
            return self._enrolled.trusted.get(key_id)
        return next((self._key(key_id, key.public) for key in held.keys if kid(authority, key.epoch) == key_id), None)

    def of_stored(self, key_id: str) -> CheckingKey | None:
        """Any key that ever counted here under this name: for orders that were verified when they came."""
        authority = authority_of(key_id)
        held = self._held.get(authority)
        known: tuple[HeldKey | RetiredKey, ...] = ()
        if held is not None:
            known = (*held.keys, *held.retired, *held.former)
        found = next((self._key(key_id, key.public) for key in known if kid(authority, key.epoch) == key_id), None)
        return found or self._enrolled.trusted.get(key_id)

    def of_retired(self, key_id: str) -> CheckingKey | None:
        """The retired key of this name; what it may still sign says `retired_below`."""
        found = self._retired(key_id)
        return None if found is None else self._key(key_id, found.public)

    def retired_below(self, key_id: str) -> int:
        """An order signed by this retired key counts as held when its number is below this."""
        found = self._retired(key_id)
        return 0 if found is None else found.below

    def take(self, order: Order, body: KeysBody, turn: Turn, *, found: bool = False) -> bool:
        """A keys order that was verified: whether it is the newest of its log, and holds from now on.

        found: on flash, where it may be older than the enrolment.
        """
        held = self._held.get(order.log)
        if held is not None and order.seq <= held.seq:
            return False
        if found and held is not None and held.seq == 0 and _is_newer(held, _replaced(None, order.seq, body)):
            return False
        saved = self._held[order.log] = _replaced(held, order.seq, body)
        turn.do(KeepKeys(order.log, saved))
        turn.do(Log("keys_changed", "", f"{order.log} {[key.epoch for key in saved.keys]}", alarming=True))
        return True

    def spoke(self, key_id: str, now: Reading, turn: Turn) -> None:
        """A message of this key was taken: warn when its time is over. It is never refused for that."""
        authority = authority_of(key_id)
        held = self._held.get(authority)
        if held is None or not now.sure:
            return
        until_ms = next((key.until_ms for key in held.keys if kid(authority, key.epoch) == key_id), None)
        if until_ms is None or now.wall_ms < until_ms:
            self._overdue.discard(authority)
        elif authority not in self._overdue:
            self._overdue.add(authority)
            turn.do(Log(KEY_OLD, "", key_id, alarming=True))

    def _retired(self, key_id: str) -> RetiredKey | None:
        authority = authority_of(key_id)
        held = self._held.get(authority)
        known = () if held is None else held.retired
        return next((key for key in known if kid(authority, key.epoch) == key_id), None)

    def _key(self, key_id: str, public: bytes) -> CheckingKey:
        known = self._made.get((key_id, public))
        if known is None:
            known = self._made[key_id, public] = CheckingKey.from_public(key_id, public)
        return known


def _is_newer(enrolled: SavedKeys | None, saved: SavedKeys) -> bool:
    """Whether the device was enrolled again since: then its file knows an epoch that no keys order has told."""
    if enrolled is None:
        return False
    known = [*(key.epoch for key in (*saved.keys, *saved.former)), *(key.epoch for key in saved.retired)]
    return max(key.epoch for key in enrolled.keys) > max(known)


def _replaced(before: SavedKeys | None, seq: int, body: KeysBody) -> SavedKeys:
    below = {} if before is None else {(key.epoch, key.public): key.below for key in before.retired}
    keys = tuple(_held(entry) for entry in body.keys)
    retired = tuple(
        RetiredKey(entry.epoch, entry.public, below.get((entry.epoch, entry.public), seq)) for entry in body.old
    )
    gone: dict[tuple[int, bytes], HeldKey] = {}
    if before is not None:
        known = {*((key.epoch, key.public) for key in keys), *((key.epoch, key.public) for key in retired)}
        once = [*before.former, *before.keys, *(HeldKey(key.epoch, key.public) for key in before.retired)]
        gone = {(key.epoch, key.public): key for key in once if (key.epoch, key.public) not in known}
    return SavedKeys(seq, keys, retired, tuple(gone.values())[-MAX_FORMER:])


def _held(entry: KeyEntry) -> HeldKey:
    return HeldKey(entry.epoch, entry.public, entry.until_ms)
