"""The reference speaker with one thing wrong: `python -m tests.conformance.broken FAULT run --config FILE`.

The kit must find each. Only this file and `broken_streams` are wrong: a fault replaces one function of the firmware by
one that lacks what the protocol asks for.
"""

import sys
from dataclasses import replace
from typing import Any

import cbor2

import devices.wire.envelope as envelope_module
import devices.wire.playing as playing_module
import devices.wire.trust as trust_module
import firmware_sim.contents as contents_module
import firmware_sim.download as download_module
import firmware_sim.intake as intake_module
from devices.wire.audience import Audience
from devices.wire.config import Hours
from devices.wire.content import Speech
from devices.wire.envelope import Verified, signer
from devices.wire.errors import BadMessage
from devices.wire.haves import Haves
from devices.wire.orders import Order
from devices.wire.reports import Heartbeat
from firmware_sim.bank import Bank
from firmware_sim.clock import DeviceClock
from firmware_sim.effects import KeepHaves, KeepReceipt
from firmware_sim.endings import Endings
from firmware_sim.gate import Gate
from firmware_sim.logbook import BeaconNews, Logbook
from firmware_sim.output import Output
from firmware_sim.receipts import ReceiptBook
from firmware_sim.speaker import Speaker
from firmware_sim.trusting import Trust
from tests.conformance import broken_streams
from tests.conformance.faults import FAULTS, before, fault, nothing, swallow


def loosely(kind: Any, data: bytes, keyring: Any) -> Verified:
    """An envelope whose proof nobody looks at."""
    del kind
    kid = signer(data)
    if keyring(kid) is None:
        raise BadMessage("unknown_key", kid)
    return Verified(kid, cbor2.loads(cbor2.loads(data).value[2]))


@fault("signatures.forged")
def no_signature_check() -> None:
    trust_module.verify = intake_module.verify = loosely  # type: ignore[attr-defined]


@fault("signatures.wrong_authority")
def any_authority() -> None:
    trust_module._check_authority = nothing  # type: ignore[assignment]


@fault("signatures.foreign_log")
def follows_everybody() -> None:
    Logbook.follows = lambda _self, _log: True  # type: ignore[method-assign]
    Logbook.count = _count_anything  # type: ignore[method-assign]


def _count_anything(self: Logbook, log: str, seq: int) -> bool:
    missing = seq not in self._haves.get(log, Haves())
    self._haves[log] = self._haves.get(log, Haves()).add(seq)
    return missing


@fault("encoding.payload")
def accepts_noncanonical() -> None:
    envelope_module.decode_canonical = cbor2.loads  # type: ignore[attr-defined]


@fault("orders.audience")
def plays_foreign() -> None:
    Audience.includes = lambda _self, _listener: True  # type: ignore[method-assign]


@fault("orders.expired")
def forgets_expiry() -> None:
    read = Order.from_map.__func__  # type: ignore[attr-defined]

    def from_map(cls: type, payload: Any) -> Order:
        order: Order = read(cls, payload)
        return replace(order, expires_ms=order.expires_ms + 10**11)

    Order.from_map = classmethod(from_map)  # type: ignore[assignment,method-assign]


@fault("orders.once")
def no_dedupe() -> None:
    before(Gate, "_fresh", lambda self, *_, **__: self._seen.clear())
    before(Output, "_new", _forget_mark)


def _forget_mark(self: Output, order: Order, play: Any, *_: Any) -> None:
    if self._marks.get(play.occurrence) is not None and self._marks[play.occurrence].final:
        del self._marks[play.occurrence]


@fault("orders.sequence_is_no_guard")
def sequence_guard() -> None:
    read = Gate._fresh

    def fresh(self: Gate, signed: Any, *rest: Any, **named: Any) -> Any:
        order = signed.order
        if order.seq < self._logbook.haves[order.log].highest:
            return []
        return read(self, signed, *rest, **named)

    Gate._fresh = fresh  # type: ignore[method-assign]


@fault("catching_up.gaps")
def hides_gaps() -> None:
    Haves.to_wire = lambda self: [self.highest, []]  # type: ignore[method-assign]


@fault("catching_up.old_beacon")
def believes_old_beacons() -> None:
    before(Logbook, "read", lambda self, beacon: self._beacons.pop(beacon.log, None))


@fault("heartbeat.gap_soon")
def ignores_beacons() -> None:
    Logbook.read = lambda _self, _beacon: BeaconNews()  # type: ignore[method-assign]


@fault("cancel.sounding")
def ignores_cancel() -> None:
    Speaker._cancel = nothing  # type: ignore[method-assign]


@fault("cancel.before_play")
def forgets_cancels() -> None:
    Endings.cancelled = nothing  # type: ignore[method-assign]


@fault("cancel.from_above_only")
def anybody_cancels() -> None:
    Endings.height = lambda _self, _order: 0  # type: ignore[method-assign]


@fault("stop.late_play")
def forgets_stops() -> None:
    Endings.stopped = nothing  # type: ignore[method-assign]


@fault("timing.hours")
def no_hours() -> None:
    Hours.permit = lambda _self, _wall_ms: True  # type: ignore[method-assign]


@fault("preemption.resume")
def never_gives_way() -> None:
    playing_module._interrupts = lambda _challenger, _current: False  # type: ignore[assignment]


@fault("preemption.equals")
def always_gives_way() -> None:
    playing_module._interrupts = lambda _challenger, _current: True  # type: ignore[assignment]


@fault("playing.languages")
def one_language_only() -> None:
    Speech.for_languages = lambda self, _languages: self.versions[:1]  # type: ignore[method-assign]


@fault("power.goes_on")
def no_marks() -> None:
    Output._mark = nothing  # type: ignore[method-assign]


@fault("power.not_again")
def forgets_haves() -> None:
    swallow(KeepHaves)


@fault("power.receipts")
def tells_before_keeping() -> None:
    swallow(KeepReceipt)


@fault("receipts.chained")
def wrong_chain() -> None:
    before(ReceiptBook, "write", lambda self, *_, **__: setattr(self, "_digest", bytes(32)))


@fault("receipts.repeated")
def drops_receipts() -> None:
    ReceiptBook.repeat = nothing  # type: ignore[method-assign]


@fault("receipts.repeated")
def ignores_acks() -> None:
    ReceiptBook.acknowledge = nothing  # type: ignore[method-assign]


@fault("receipts.foreign_ack")
def obeys_any_ack() -> None:
    def open_ack(data: bytes, *_: Any) -> Any:
        return trust_module.Ack.from_map(cbor2.loads(cbor2.loads(data).value[2]))

    trust_module.open_ack = open_ack  # type: ignore[assignment]


@fault("content.resume")
def no_resume() -> None:
    download = download_module.size_of

    def size_of(path: Any) -> int:
        size = download(path)
        if size and size_of.fresh:  # type: ignore[attr-defined]
            path.unlink()
            size = 0
        size_of.fresh = not size_of.fresh  # type: ignore[attr-defined]
        return size

    size_of.fresh = True  # type: ignore[attr-defined]
    download_module.size_of = size_of


@fault("content.hash")
def no_hash_check() -> None:
    settle = contents_module._settle

    def any_bytes(part: Any, target: Any, sha: bytes) -> bool:
        contents_module._digest = lambda _path: sha  # type: ignore[assignment]
        return settle(part, target, sha)

    contents_module._settle = any_bytes


@fault("emergency.lightest")
def heaviest_for_emergencies() -> None:
    need = Bank.need

    def heavy(self: Bank, key: Any, wanted: Any, turn: Any) -> None:
        need(self, key, replace(wanted, light=False), turn)

    Bank.need = heavy  # type: ignore[method-assign]


@fault("config.replaces")
def ignores_config() -> None:
    Speaker._configure = nothing  # type: ignore[method-assign]


@fault("clock.unset")
def trusts_any_clock() -> None:
    read = DeviceClock.read

    def sure(self: DeviceClock, *moment: int) -> Any:
        return replace(read(self, *moment), sure=True)

    DeviceClock.read = sure  # type: ignore[method-assign]


@fault("keys.overlap")
def ignores_keys() -> None:
    Trust.take = lambda *_: False  # type: ignore[method-assign]


@fault("keys.retired")
def trusts_retired_keys() -> None:
    Trust.get = Trust.of_stored  # type: ignore[method-assign]


@fault("heartbeat.playing")
def hides_what_sounds() -> None:
    to_map = Heartbeat.to_map
    Heartbeat.to_map = lambda self: to_map(self) | {"playing": []}  # type: ignore[method-assign]


@fault("heartbeat.counts")
def same_number_twice() -> None:
    to_map = Heartbeat.to_map
    Heartbeat.to_map = lambda self: to_map(self) | {"n": 1}  # type: ignore[method-assign]


__all__ = ["FAULTS", "broken_streams"]

if __name__ == "__main__":
    from firmware_sim.__main__ import main

    FAULTS[sys.argv.pop(1)][1]()
    main()
