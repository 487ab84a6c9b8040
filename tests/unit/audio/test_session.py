import numpy as np

from audio.session import join
from audio.tones import SINE, Segment, synthesize

A = synthesize([Segment(440, 440, 500, SINE)])
B = synthesize([Segment(880, 880, 300, SINE)])


def test_parts_stand_in_order_with_the_gap_between():
    joined = join([A, B], gap_ms=200)
    assert len(joined) == len(A) + 3200 + len(B)
    assert np.array_equal(joined[1000:7000], A[1000:7000])
    assert not joined[len(A) : len(A) + 3200].any()
    assert np.array_equal(joined[-3000:-1000], B[-3000:-1000])


def test_edges_are_softened():
    loud = np.full(8000, 20_000, np.int16)
    joined = join([loud])
    assert abs(int(joined[0])) < 2000
    assert abs(int(joined[-1])) < 2000


def test_an_empty_part_leaves_no_gap():
    assert len(join([A, np.zeros(0, np.int16), B], gap_ms=100)) == len(A) + 1600 + len(B)


def test_nothing_joined_is_nothing():
    assert len(join([])) == 0
