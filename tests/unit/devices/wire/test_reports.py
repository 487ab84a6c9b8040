from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.ids import id_from_bytes
from devices.wire.canonical import decode_canonical, encode_map
from devices.wire.envelope import Kind, SigningKey, sign
from devices.wire.errors import BadMessage
from devices.wire.haves import MAX_SEQ, Haves
from devices.wire.reports import (
    MAX_ACKNOWLEDGED,
    Ack,
    ClockReport,
    ClockState,
    Heartbeat,
    Hello,
    Receipt,
    ReceiptState,
)
from tests.unit.devices.wire.strategies import acks, heartbeats, hellos, mangled, reason_for, receipts

ID = id_from_bytes(bytes(16))
CLOCK = ClockReport(ClockState.SYNCED, 1_767_225_600_000, 20)
HAVES = {"bao-nhai": Haves(7, ((9, 10),)), "d/bn-s01": Haves(1)}
HELLO = Hello("bn-s01", 3, "0.1.0", "loa-ref", ("opus16",), ("bn-s01",), CLOCK, HAVES, ("relay",))
HEARTBEAT = Heartbeat("bn-s01", 3, 9, CLOCK, HAVES, (ID,), 80, "solar", 55, "4g", -71, 31, quiet_until_ms=5)
RECEIPT = Receipt("bn-s01", 4, bytes(32), 3, ID, ID, ("bn-s01",), ReceiptState.PLAYED, 1, 20, 6_000)
ACK = Ack("bn-s01", (bytes(32), bytes([1]) * 32))
MESSAGES = {"hello": HELLO, "heartbeat": HEARTBEAT, "receipt": RECEIPT, "ack": ACK}
OPTIONAL = {
    "hello": {"codecs", "clusters", "haves", "parts"},
    "heartbeat": {"playing", "faults", "haves", "kids", "batt", "dbm", "temp", "quiet"},
    "receipt": {"occ", "clusters"},
    "ack": set(),
}


@given(st.one_of(hellos, heartbeats, receipts, acks))
def test_a_report_is_read_back(report: Any):
    assert type(report).from_map(decode_canonical(encode_map(report.to_map()))) == report


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_each_field_is_required_unless_the_protocol_says_otherwise(kind: Any):
    message = MESSAGES[kind]
    payload = message.to_map()
    for field in payload:
        without = {name: value for name, value in payload.items() if name != field}
        if field in OPTIONAL[kind]:
            type(message).from_map(without)
        else:
            with pytest.raises(BadMessage, match="bad_field"):
                type(message).from_map(without)


OUT_OF_LIMITS = [
    ("hello", "dev", "BN"),
    ("hello", "dev", "a" * 49),
    ("hello", "boot", -1),
    ("hello", "boot", 2**32 + 1),
    ("hello", "fw", "x" * 65),
    ("hello", "fw", "0.1\x00"),
    ("hello", "model", 1),
    ("hello", "codecs", ["x"] * 17),
    ("hello", "codecs", ["x" * 17]),
    ("hello", "parts", ["x"] * 17),
    ("hello", "parts", ["x" * 17]),
    ("hello", "parts", "relay"),
    ("hello", "clusters", ["BN"]),
    ("hello", "clusters", ["a"] * 1_001),
    ("hello", "clock", None),
    ("hello", "clock", {"state": "sure", "now": 1, "bound": 1}),
    ("hello", "clock", {"state": "synced", "now": -1, "bound": 1}),
    ("hello", "clock", {"state": "synced", "now": 1}),
    ("hello", "haves", {"Bao Nhai": [0, []]}),
    ("hello", "haves", {"bao-nhai": [True, []]}),
    ("hello", "haves", {f"l{n}": [0, []] for n in range(17)}),
    ("hello", "haves", []),
    ("heartbeat", "dev", None),
    ("heartbeat", "boot", "3"),
    ("heartbeat", "n", 2**40 + 1),
    ("heartbeat", "n", True),
    ("heartbeat", "clock", []),
    ("heartbeat", "haves", {"bao-nhai": 1}),
    ("heartbeat", "playing", [bytes(16)] * 17),
    ("heartbeat", "playing", [ID]),
    ("heartbeat", "vol", 101),
    ("heartbeat", "power", "x" * 17),
    ("heartbeat", "link", None),
    ("heartbeat", "batt", 101),
    ("heartbeat", "batt", True),
    ("heartbeat", "dbm", 1),
    ("heartbeat", "dbm", -201),
    ("heartbeat", "temp", 151),
    ("heartbeat", "temp", 30.5),
    ("heartbeat", "free", -1),
    ("heartbeat", "total", 2**41),
    ("heartbeat", "faults", ["x"] * 17),
    ("heartbeat", "faults", ["x" * 33]),
    ("heartbeat", "up", -1),
    ("heartbeat", "quiet", -1),
    ("heartbeat", "kids", {"BN W01": "ok"}),
    ("heartbeat", "kids", {"bn-w01": 1}),
    ("heartbeat", "kids", {"bn-w01": "x" * 17}),
    ("heartbeat", "kids", {f"w{n}": "" for n in range(257)}),
    ("receipt", "dev", ""),
    ("receipt", "n", 0),
    ("receipt", "n", MAX_SEQ + 1),
    ("receipt", "prev", bytes(33)),
    ("receipt", "boot", None),
    ("receipt", "order", bytes(15)),
    ("receipt", "occ", bytes(17)),
    ("receipt", "clusters", "bn-s01"),
    ("receipt", "state", "heard"),
    ("receipt", "state", None),
    ("receipt", "state", ["played"]),
    ("receipt", "at", -1),
    ("receipt", "bound", None),
    ("receipt", "sounded", -1),
    ("receipt", "reason", "x" * 65),
    ("ack", "dev", "bn s01"),
    ("ack", "receipts", None),
    ("ack", "receipts", [1]),
    ("ack", "receipts", [bytes(31)]),
    ("ack", "receipts", [bytes(32)] * 101),
]


@pytest.mark.parametrize(("kind", "field", "value"), OUT_OF_LIMITS)
def test_a_report_with_a_field_out_of_limits_is_refused(kind: Any, field: str, value: Any):
    message = MESSAGES[kind]
    with pytest.raises(BadMessage, match="bad_field"):
        type(message).from_map(message.to_map() | {field: value})


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_every_field_was_tried_out_of_its_limits(kind: Any):
    tried = {field for which, field, _ in OUT_OF_LIMITS if which == kind}
    assert tried == set(MESSAGES[kind].to_map()) - {"v"}


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_a_report_of_another_version_is_refused_as_such(kind: Any):
    message = MESSAGES[kind]
    with pytest.raises(BadMessage, match="unknown_version"):
        type(message).from_map(message.to_map() | {"v": 2})


@given(st.data(), st.sampled_from(sorted(MESSAGES)))
def test_no_report_makes_a_reader_stumble(data: Any, kind: Any):
    message = MESSAGES[kind]
    assert reason_for(type(message).from_map, data.draw(mangled(message.to_map()))) in {
        "bad_field",
        "unknown_version",
        None,
    }


def test_the_largest_acknowledgement_is_within_its_limit():
    key = SigningKey.from_seed(f"{'a' * 48}#{10**9 - 1}", bytes(32))
    largest = Ack("b" * 48, tuple(bytes([n]) * 32 for n in range(MAX_ACKNOWLEDGED)))
    assert len(sign(Kind.ACK, largest.to_map(), key)) <= Kind.ACK.max_bytes


def test_an_airing_goes_through_steps_to_one_final_state():
    steps = {ReceiptState.STORED, ReceiptState.STARTED, ReceiptState.PAUSED, ReceiptState.RESUMED}
    assert {state for state in ReceiptState if not state.final} == steps
