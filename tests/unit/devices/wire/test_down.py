from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.canonical import encode_map
from devices.wire.down import MAX_ENVELOPES, MAX_FRAME_BYTES, Frame, frames_of_orders
from devices.wire.envelope import Kind
from devices.wire.errors import BadMessage
from tests.unit.devices.wire.strategies import reason_for

some = st.lists(st.binary(max_size=60), max_size=4).map(tuple)


@given(some, some, some)
def test_a_frame_is_read_back(orders: Any, acks: Any, beacons: Any):
    frame = Frame(orders, acks, beacons)
    assert Frame.from_bytes(frame.to_bytes()) == frame


@given(st.lists(st.sampled_from([0, 1, 23, 24, 255, 256, 480, 9_000, 32_768]), max_size=60))
def test_orders_are_packed_in_order_and_every_frame_is_within_its_limits(sizes: Any):
    envelopes = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
    frames = list(frames_of_orders(envelopes))
    assert [envelope for frame in frames for envelope in frame.orders] == envelopes
    for frame in frames:
        assert Frame.from_bytes(frame.to_bytes()) == frame


@pytest.mark.parametrize(("size", "count"), [(1, MAX_ENVELOPES * 3 + 1), (400, 1_000), (Kind.ORDER.max_bytes, 9)])
def test_orders_are_packed_in_few_frames(size: Any, count: Any):
    frames = list(frames_of_orders([bytes(size)] * count))
    for frame, following in pairwise(frames):
        fuller = Frame(orders=(*frame.orders, following.orders[0]))
        assert len(fuller.to_bytes()) > MAX_FRAME_BYTES - 64 - 5 * len(fuller.orders) or len(fuller.orders) > 256
    assert all(len(frame.to_bytes()) <= MAX_FRAME_BYTES for frame in frames)


def test_nothing_to_send_makes_no_frame():
    assert list(frames_of_orders([])) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(MAX_FRAME_BYTES + 1), "too_large"),
        (b"", "malformed"),
        (b"\x00", "bad_field"),
        (b"\xd8\x23\x61a", "malformed"),
        (encode_map({}), "bad_field"),
        (encode_map({"v": 2}), "unknown_version"),
        (encode_map({"v": 1}) + b"\x00", "not_canonical"),
        (encode_map({"v": 1, "orders": [b"", "text"]}), "bad_field"),
        (encode_map({"v": 1, "acks": [1]}), "bad_field"),
        (encode_map({"v": 1, "beacons": {}}), "bad_field"),
        (encode_map({"v": 1, "orders": [b""] * (MAX_ENVELOPES + 1)}), "bad_field"),
    ],
)
def test_what_is_no_frame_is_refused(data: Any, reason: str):
    with pytest.raises(BadMessage) as caught:
        Frame.from_bytes(data)
    assert caught.value.reason == reason


@given(st.binary(max_size=120))
def test_no_bytes_make_a_receiver_stumble(data: Any):
    for bad in (data, encode_map({"v": 1, "orders": [data]})[:-1] + data):
        assert reason_for(Frame.from_bytes, bad) in {"malformed", "not_canonical", "bad_field", "unknown_version", None}
