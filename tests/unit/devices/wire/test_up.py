import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.envelope import Kind, encode_map
from devices.wire.errors import REASONS, BadMessage
from devices.wire.up import CARRIED, MAX_MESSAGES, MAX_UP_BYTES, UpFrame
from tests.unit.devices.wire.strategies import reason_for

messages = st.lists(st.tuples(st.sampled_from(sorted(CARRIED)), st.binary(max_size=64)), max_size=8).map(tuple)


@given(messages)
def test_what_is_written_is_read_back(carried: tuple[tuple[Kind, bytes], ...]):
    assert UpFrame.from_bytes(UpFrame(carried).to_bytes()).messages == carried


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"v": 2, "msgs": []}, "unknown_version"),
        ({"v": 1}, "bad_field"),
        ({"v": 1, "msgs": [["order", b""]]}, "bad_field"),
        ({"v": 1, "msgs": [["heartbeat", "text"]]}, "bad_field"),
        ({"v": 1, "msgs": [["heartbeat"]]}, "bad_field"),
        ({"v": 1, "msgs": [["heartbeat", b""]] * (MAX_MESSAGES + 1)}, "bad_field"),
    ],
)
def test_what_a_device_would_never_say_is_refused(body: dict[str, object], reason: str):
    with pytest.raises(BadMessage) as caught:
        UpFrame.from_bytes(encode_map(body))
    assert caught.value.reason == reason


def test_size_is_judged_before_anything_else():
    with pytest.raises(BadMessage) as caught:
        UpFrame.from_bytes(bytes(MAX_UP_BYTES + 1))
    assert caught.value.reason == "too_large"


@given(st.binary(max_size=200))
def test_no_bytes_at_all_do_harm(data: bytes):
    reason = reason_for(UpFrame.from_bytes, data)
    assert reason is None or reason in REASONS
