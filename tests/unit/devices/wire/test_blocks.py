import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.blocks import BLOCK_BYTES, MAX_BLOCK_INDEX, MAX_WINDOW, Block, Want, block_count
from devices.wire.down import MAX_BLOCKS, MAX_FRAME_BYTES, Frame
from devices.wire.envelope import CheckingKey, Kind, encode_map, seal
from devices.wire.errors import BadMessage
from tests.unit.devices.wire.strategies import digests

SHA = bytes(32)


@given(st.integers(0, MAX_BLOCK_INDEX - MAX_WINDOW), st.sets(st.integers(0, MAX_WINDOW - 1), min_size=1), digests)
def test_a_bitmap_names_the_very_blocks(first: int, ahead: set[int], sha: bytes):
    wanted = sorted(first + at for at in ahead)
    want = Want.from_map(Want.of("bn-s01", 1, 2, sha, wanted).to_map())
    assert want.blocks() == tuple(wanted)
    assert want.sha256 == sha


@pytest.mark.parametrize(("size", "count"), [(1, 1), (BLOCK_BYTES, 1), (BLOCK_BYTES + 1, 2), (536_870_912, 131_072)])
def test_the_last_block_may_be_short(size: int, count: int):
    assert block_count(size) == count


def test_a_want_of_a_whole_window_fits_its_envelope():
    want = Want.of("x" * 48, 2**32, 2**40, SHA, range(MAX_BLOCK_INDEX - MAX_WINDOW, MAX_BLOCK_INDEX))
    sealed = seal(Kind.WANT, want.to_map(), CheckingKey.from_secret("x" * 48, bytes(32)))
    assert len(sealed) < Kind.WANT.max_bytes


@pytest.mark.parametrize(
    "change",
    [{"miss": b""}, {"miss": bytes(17)}, {"first": MAX_BLOCK_INDEX + 1}, {"first": -1}, {"sha": bytes(31)}, {"v": 2}],
)
def test_a_want_outside_its_limits_is_refused(change: dict[str, object]):
    with pytest.raises(BadMessage):
        Want.from_map(Want.of("bn-s01", 1, 2, SHA, [0]).to_map() | change)


def test_blocks_travel_in_a_frame():
    blocks = tuple(Block(SHA, at, bytes([at]) * BLOCK_BYTES) for at in range(4))
    data = Frame(blocks=blocks).to_bytes()
    assert len(data) < MAX_FRAME_BYTES
    assert Frame.from_bytes(data).blocks == blocks


@pytest.mark.parametrize(
    "blocks",
    [
        [[SHA, 0, b""]],
        [[SHA, 0, bytes(BLOCK_BYTES + 1)]],
        [[SHA, True, b"x"]],
        [[SHA, -1, b"x"]],
        [[bytes(31), 0, b"x"]],
        [[SHA, 0]],
        [[SHA, 0, b"x"]] * (MAX_BLOCKS + 1),
        [b"x"],
    ],
)
def test_a_frame_with_a_block_that_cannot_be_is_refused(blocks: list[object]):
    with pytest.raises(BadMessage) as caught:
        Frame.from_bytes(encode_map({"v": 1, "blocks": blocks}))
    assert caught.value.reason == "bad_field"
