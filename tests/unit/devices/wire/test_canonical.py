import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.wire.canonical import MAX_DEPTH, decode_canonical, encode_map
from devices.wire.errors import BadMessage
from tests.unit.devices.wire.strategies import reason_for, values, words

REGEX_TAG = b"\xd8\x23\x79\x75\x38" + ("(?i)" + "[\u0100-\uffff]" * 3333).encode()[:30_008]


def refusal(data: bytes) -> str:
    with pytest.raises(BadMessage) as caught:
        decode_canonical(data)
    return caught.value.reason


@given(st.dictionaries(words, values, max_size=5))
def test_what_is_written_is_read_back(payload: dict[str, Any]):
    assert decode_canonical(encode_map(payload)) == payload


@given(values)
def test_our_form_is_the_librarys_deterministic_form(value: Any):
    data = cbor2.dumps(value, canonical=True)
    assert decode_canonical(data) == value


@given(st.binary(max_size=60))
@example(bytes.fromhex("c4821b7fffffffffffffff01"))  # a decimal that made the library raise ArithmeticError
@example(bytes.fromhex("c5821b00000000ffffffff01"))
@example(bytes.fromhex("d81c81d81d00"))  # an array that holds itself
def test_bytes_are_refused_or_are_the_one_encoding_of_their_value(data: Any):
    reason = reason_for(decode_canonical, data)
    assert reason in {"malformed", "not_canonical", None}
    if reason is None:
        assert cbor2.dumps(decode_canonical(data), canonical=True) == data


@given(st.data())
def test_an_altered_encoding_is_refused_or_is_the_one_encoding_of_another_value(data: Any):
    good = encode_map({"a": [1, -1, b"xy", "đ"], "bb": {"c": None, "d": True}, "n": 70_000})
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    try:
        value = decode_canonical(bad)
    except BadMessage:
        return
    assert cbor2.dumps(value, canonical=True) == bad


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("duplicate key", "a2616101616102"),
        ("keys out of order", "a2616201616102"),
        ("longer key first", "a262616101616202"),
        ("trailing byte", "a000"),
        ("trailing item", "a0a0"),
        ("long form of a small number", "1817"),
        ("long form of 255", "1900ff"),
        ("long form of 65535", "1a0000ffff"),
        ("long form of 2^32-1", "1b00000000ffffffff"),
        ("long form of a length", "780161"),
        ("indefinite text", "7f6161ff"),
        ("indefinite array", "9fff"),
        ("indefinite map", "bfff"),
    ],
)
def test_another_encoding_of_the_same_value_is_not_canonical(name: str, data: Any):
    assert refusal(bytes.fromhex(data)) == "not_canonical", name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nothing", ""),
        ("cut text", "6261"),
        ("cut head", "19ff"),
        ("cut array", "8201"),
        ("cut map", "a16161"),
        ("array of 2^32 items", "9b0000000100000000"),
        ("bytes of 2^63", "5b7fffffffffffffff"),
        ("text of no UTF-8", "61ff"),
        ("surrogate in UTF-8", "63eda080"),
        ("half float", "f93c00"),
        ("NaN", "f97e00"),
        ("double", "fb3ff199999999999a"),
        ("undefined", "f7"),
        ("simple value", "f0"),
        ("key that is a number", "a10102"),
        ("key that is a map", "a1a10203f5"),
        ("key that is bytes", "a1416101"),
        ("date", "c074323032362d30312d30315430303a30303a30305a"),
        ("bignum", "c249010000000000000000"),
        ("decimal with an enormous exponent", "c4821b7fffffffffffffff01"),
        ("shared reference", "d81c81d81d00"),
        ("string reference", "d90100826161d81900"),
        ("set", "d9010281 01".replace(" ", "")),
        ("envelope in a payload", "d28440a04040"),
    ],
)
def test_what_the_protocol_does_not_use_is_malformed(name: str, data: Any):
    assert refusal(bytes.fromhex(data)) == "malformed", name


def test_nesting_is_allowed_to_the_limit_and_no_further():
    deepest = b"\x81" * MAX_DEPTH + b"\x00"
    assert cbor2.dumps(decode_canonical(deepest)) == deepest
    assert refusal(b"\x81" + deepest) == "malformed"
    assert refusal(b"\x81" * 30_000 + b"\x00") == "malformed"


def test_a_regular_expression_is_refused_unread(monkeypatch: Any):
    """cbor2 would compile it: seven seconds for 32 KiB."""

    def compile_nothing(*_args: Any):
        pytest.fail("the pattern was looked at")

    monkeypatch.setattr("re.compile", compile_nothing)
    assert refusal(REGEX_TAG) == "malformed"


@pytest.mark.parametrize(
    "value",
    [1.5, math.nan, datetime(2026, 1, 1, tzinfo=UTC), Decimal(1), {1: 2}, 2**64, {1, 2}, object(), "\ud800"],
    ids=["float", "nan", "datetime", "decimal", "number as key", "bignum", "set", "object", "surrogate"],
)
def test_nothing_is_written_that_every_receiver_would_refuse(value: Any):
    with pytest.raises(BadMessage, match="malformed"):
        encode_map({"x": value})
