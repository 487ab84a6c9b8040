from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devices.wire.errors import BadMessage
from devices.wire.haves import MAX_RANGES, MAX_SEQ, Haves

TOP = 40


class HavesAgainstASet(RuleBasedStateMachine):
    """Whatever is added or forgotten, Haves says the same as a plain set of the numbers held."""

    def __init__(self) -> None:
        super().__init__()
        self.haves = Haves()
        self.held: set[int] = set()

    @rule(seq=st.integers(1, TOP))
    def add(self, seq: int):
        self.haves = self.haves.add(seq)
        self.held.add(seq)

    @rule(floor=st.integers(1, TOP))
    def raise_floor(self, floor: int):
        self.haves = self.haves.raised(floor)
        self.held |= set(range(1, floor))

    @rule()
    def cross_the_wire(self):
        self.haves = Haves.from_wire(self.haves.to_wire())

    @rule(head=st.integers(0, TOP + 5), floor=st.integers(1, TOP + 5))
    def ask_for_what_is_missing(self, head: int, floor: int):
        ranges = list(self.haves.missing(head, floor))
        numbers = [seq for low, high in ranges for seq in range(low, high + 1)]
        assert numbers == [seq for seq in range(floor, head + 1) if seq not in self.held]
        assert all(high < low - 1 for (_, high), (low, _) in pairwise(ranges))

    @invariant()
    def agrees(self):
        assert {seq for seq in range(1, TOP + 2) if seq in self.haves} == self.held
        assert self.haves.highest == max(self.held, default=0)
        assert self.haves == Haves.of(self.held)

    @invariant()
    def has_one_form(self):
        edge = self.haves.upto
        assert edge + 1 not in self.held
        for low, high in self.haves.above:
            assert edge + 1 < low <= high
            edge = high


TestHavesAgainstASet = HavesAgainstASet.TestCase


@given(st.sets(st.integers(1, 60)), st.integers(1, 60))
def test_below_the_floor_everything_counts_as_held(seqs: Any, floor: int):
    assert Haves.of(seqs, floor) == Haves.of(seqs | set(range(1, floor)))


def test_a_holder_with_more_gaps_than_can_be_told_tells_the_lowest():
    many = Haves.of(range(2, 2 * MAX_RANGES + 20, 2))
    told = Haves.from_wire(many.to_wire())
    assert told.above == many.above[:MAX_RANGES]
    assert set(_numbers(many.missing(200))) <= set(_numbers(told.missing(200)))


def _numbers(ranges: Any):
    return [seq for low, high in ranges for seq in range(low, high + 1)]


@pytest.mark.parametrize(
    ("wire", "meant"),
    [
        ([0, []], Haves()),
        ([5, [[3, 7]]], Haves(7)),
        ([0, [[9, 9], [4, 5], [5, 6]]], Haves(0, ((4, 6), (9, 9)))),
        ([MAX_SEQ, [[MAX_SEQ, MAX_SEQ]]], Haves(MAX_SEQ)),
    ],
)
def test_another_form_of_the_same_numbers_is_understood(wire: Any, meant: Any):
    assert Haves.from_wire(wire) == meant


@pytest.mark.parametrize(
    "wire",
    [
        None,
        [],
        [0],
        0,
        {"upto": 0},
        [-1, []],
        [MAX_SEQ + 1, []],
        [True, []],
        [0.0, []],
        ["0", []],
        [0, None],
        [0, {}],
        [0, [[]]],
        [0, [[1]]],
        [0, [[3, 2]]],
        [0, [[0, 2]]],
        [0, [[True, True]]],
        [0, [[1, 2, 3]]],
        [0, [[1.0, 2]]],
        [0, [[1, MAX_SEQ + 1]]],
        [0, [[2 * n, 2 * n] for n in range(1, MAX_RANGES + 2)]],
        [0, [], 1],
    ],
)
def test_what_are_no_haves_is_refused(wire: Any):
    with pytest.raises(BadMessage, match="bad_field"):
        Haves.from_wire(wire)


def test_a_single_hole_at_the_far_end_is_found_without_counting_there():
    far = Haves(MAX_SEQ - 2, ((MAX_SEQ, MAX_SEQ),))
    assert list(far.missing(MAX_SEQ)) == [(MAX_SEQ - 1, MAX_SEQ - 1)]


def test_what_has_expired_counts_as_held():
    held = Haves.of([1, 4]).without([(2, 3), (6, 7)])
    assert held == Haves(4, ((6, 7),))
    assert Haves(2).without([]) == Haves(2)
