import numpy as np
import pytest

from audio.session import fade, join, silence
from audio.tones import SINE, Segment, synthesize

A = synthesize([Segment(440, 440, 500, SINE)])
B = synthesize([Segment(880, 880, 300, SINE)])
LOUD = np.full(8_000, 20_000, np.int16)


def test_sounds_stand_in_order_unchanged_with_the_gap_between():
    joined = join([A, B], gap_ms=200)
    assert np.array_equal(joined[: len(A)], A)
    assert not joined[len(A) : len(A) + 3_200].any()
    assert np.array_equal(joined[len(A) + 3_200 :], B)


def test_an_empty_sound_leaves_no_gap():
    assert len(join([A, np.zeros(0, np.int16), B], gap_ms=100)) == len(A) + 1_600 + len(B)


def test_nothing_joined_is_nothing():
    assert len(join([])) == 0


@pytest.mark.parametrize("duration_ms", [0, 1, 7, 333, 600_000])
def test_silence_is_as_long_as_asked_for_to_the_sample(duration_ms: int):
    quiet = silence(duration_ms)
    assert len(quiet) == duration_ms * 16
    assert not quiet.any()


def test_a_sound_comes_up_and_dies_away_and_keeps_its_length():
    faded = fade(LOUD, in_ms=100, out_ms=100)
    assert len(faded) == len(LOUD)
    assert abs(int(faded[0])) < 200
    assert abs(int(faded[-1])) < 400
    assert 2_000 < faded[800] < 18_000
    assert np.array_equal(faded[2_000:6_000], LOUD[2_000:6_000])


def test_a_fade_longer_than_the_sound_is_as_long_as_it():
    assert len(fade(LOUD, in_ms=60_000, out_ms=60_000)) == len(LOUD)


def test_one_end_alone_can_be_faded():
    assert np.array_equal(fade(LOUD, out_ms=100)[:6_000], LOUD[:6_000])
    assert np.array_equal(fade(LOUD, in_ms=100)[2_000:], LOUD[2_000:])
    assert np.array_equal(fade(LOUD), LOUD)
