"""What is here is not asked for again, and nothing that does not belong is taken."""

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wire.blocks import BLOCK_BYTES, MAX_WINDOW, Block, Want, block_count
from firmware_sim.block_map import MAX_BLOCKS_ASKED, BlockMap, next_window
from firmware_sim.outage import OUTAGE_S, PROBE_S, Outage

SHA = bytes(32)
SIZE = 300 * BLOCK_BYTES + 17


@settings(max_examples=80)
@given(st.sets(st.integers(0, block_count(SIZE) - 1)), st.integers(1, 40))
def test_a_window_is_the_first_missing_and_one_request_can_name_it(held: set[int], limit: int):
    found = BlockMap.of_prefix(SIZE, 0)
    found.hold(held)
    missing = [at for at in range(block_count(SIZE)) if at not in held]
    window = found.missing(limit)
    assert list(window) == [at for at in missing if at < missing[0] + MAX_WINDOW][:limit]
    assert Want.of("bn-s01", 1, 1, SHA, window).blocks() == window
    assert BlockMap.from_bytes(SIZE, found.to_bytes()) == found
    assert not found.complete


def test_all_blocks_taken_window_by_window_make_it_complete():
    found = BlockMap.of_prefix(SIZE, 0)
    rounds = 0
    while not found.complete:
        found.hold(found.missing())
        rounds += 1
    assert rounds == -(-block_count(SIZE) // MAX_BLOCKS_ASKED)
    assert found.prefix_bytes == SIZE
    assert found.missing() == ()


def test_a_prefix_counts_as_far_as_its_blocks_are_whole():
    assert BlockMap.of_prefix(SIZE, 2 * BLOCK_BYTES + 5).missing(1) == (2,)
    assert BlockMap.of_prefix(SIZE, SIZE).complete
    assert not BlockMap.of_prefix(SIZE, SIZE - 1).complete


def test_blocks_of_the_wrong_length_or_place_or_known_do_not_fit():
    found = BlockMap.of_prefix(SIZE, BLOCK_BYTES)
    last = block_count(SIZE) - 1
    for index, length, fits in (
        (0, BLOCK_BYTES, False),
        (1, BLOCK_BYTES, True),
        (1, BLOCK_BYTES - 1, False),
        (last, 17, True),
        (last, BLOCK_BYTES, False),
        (last + 1, 17, False),
    ):
        assert found.fits(Block(SHA, index, bytes(length))) == fits


def test_a_map_that_is_not_whole_or_of_another_content_is_not_believed():
    data = BlockMap.of_prefix(SIZE, BLOCK_BYTES).to_bytes()
    assert BlockMap.from_bytes(SIZE + BLOCK_BYTES, data) is None
    assert BlockMap.from_bytes(SIZE, data[:-1] + b"\x01") is None
    assert BlockMap.from_bytes(SIZE, b"") is None


def test_a_window_is_as_much_as_the_link_brings_in_some_seconds():
    window, speed = 4, 2.0  # blocks a second: 64 kbit/s
    for _ in range(4):
        window = next_window(window, window, window / speed + 0.3)
    assert 6 <= window <= 8
    assert next_window(4, 4, 0.01) == 8
    assert next_window(12, 12, 0.01) == MAX_BLOCKS_ASKED
    assert [next_window(asked, 0, 10.0) for asked in (15, 2, 1)] == [7, 1, 1]


def test_http_does_not_pass_when_no_address_has_answered_for_long_enough():
    outage = Outage()
    both = ("http://a", "http://b")
    outage.failed("http://a", 100.0)
    assert not outage.total(both, 100.0 + OUTAGE_S), "the other was not tried"
    outage.failed("http://b", 101.0)
    assert not outage.total(both, 99.0 + OUTAGE_S)
    assert outage.total(both, 100.0 + OUTAGE_S)
    assert not outage.probe_due(101.0 + PROBE_S - 1)
    assert outage.probe_due(101.0 + PROBE_S)
    outage.answered()
    assert not outage.total(both, 500.0)
    assert outage.total((), 500.0), "where there is no address, nothing passes"
