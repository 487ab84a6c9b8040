"""A return file is taken whole and from the device that signed it, or refused."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.ids import id_from_bytes
from devices.wire import ustar
from devices.wire.envelope import Kind, sign
from devices.wire.errors import BadBundle
from devices.wire.haves import Haves
from devices.wire.packing import Entry, write_entry
from devices.wire.reports import ClockReport, ClockState, Heartbeat
from devices.wire.returns import FIRST, Return, ReturnFile, read_return, write_return
from tests.unit.devices.wire.test_bundle import COMMUNE, DEVICE, KEYS, SHA, TRUSTED

BEAT = Heartbeat(DEVICE, 3, 17, ClockReport(ClockState.SYNCED, 5, 1), {"bao-nhai": Haves(6)})
BUNDLE = id_from_bytes(bytes(16))


def made(beat: Heartbeat = BEAT, kid: str = DEVICE) -> bytes:
    out = io.BytesIO()
    write_return(out, heartbeat=beat, held=(SHA,), bundles=(BUNDLE,), receipts=(b"one", b"two"), key=KEYS[kid])
    return out.getvalue()


def read(data: bytes) -> ReturnFile:
    return read_return(io.BytesIO(data), keyring=TRUSTED.get)


def why(data: bytes) -> str:
    with pytest.raises(BadBundle) as caught:
        read(data)
    return caught.value.reason


def by_hand(*entries: Entry) -> bytes:
    out = io.BytesIO()
    write_entry(out, FIRST, sign(Kind.RETURN, Return(BEAT, (), (), entries).to_map(), KEYS[DEVICE]))
    return out.getvalue() + ustar.end()


WHOLE = made()


def test_everything_comes_out_as_it_went_in():
    found = read(WHOLE)
    assert found.device == DEVICE
    assert found.receipts == (b"one", b"two")
    assert (found.report.heartbeat, found.report.held, found.report.bundles) == (BEAT, (SHA,), (BUNDLE,))


def test_only_the_device_itself_may_sign_it():
    assert why(made(replace(BEAT, device="bn-s02"))) == "unknown_signer"
    assert why(made(kid=COMMUNE)) == "unknown_signer"


@pytest.mark.parametrize("length", range(0, len(WHOLE), 61))
def test_cut_anywhere_it_is_refused(length: int):
    assert why(WHOLE[:length]) == "truncated"


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_one_bit_turned_anywhere_is_refused(at: int, bit: int):
    spoilt = bytearray(WHOLE)
    spoilt[at] ^= 1 << bit
    why(bytes(spoilt))


def test_nothing_may_follow_the_end():
    assert why(WHOLE + b"x") == "trailing"


def test_nothing_but_receipts_in_their_order():
    assert why(by_hand(Entry("receipts/000002.cose", bytes(32), 3))) == "altered"
    assert why(by_hand(Entry("../receipts/000001.cose", bytes(32), 3))) == "altered"


def test_a_receipt_beyond_its_limit_is_refused():
    assert why(by_hand(Entry("receipts/000001.cose", bytes(32), Kind.RECEIPT.max_bytes + 1))) == "altered"
