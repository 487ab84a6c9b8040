import numpy as np
import pytest

from audio.channels import PhaseMeter, mono
from tests.unit.audio.signals import noise, pcm

RATE_HZ = 16_000


def phase(left: np.ndarray, right: np.ndarray):
    meter = PhaseMeter(RATE_HZ)
    both = pcm(np.array([left, right]))
    for start in range(0, both.shape[1], RATE_HZ):
        meter.add(both[:, start : start + RATE_HZ])
    return meter.finished()


def test_channels_against_each_other_are_found_and_the_louder_is_used():
    sound = noise(3)
    assert phase(sound, -sound / 2) == (((0, 3000),), 0)
    assert phase(sound / 2, -sound) == (((0, 3000),), 1)


@pytest.mark.parametrize("right", [noise(3), noise(3, seed=2), noise(3) * 0, noise(3) * 0.5])
def test_channels_alike_or_unlike_or_empty_are_summed(right: np.ndarray):
    assert phase(noise(3), right) == ((), None)


def test_silence_is_not_out_of_phase():
    assert phase(noise(3, 0.0003), -noise(3, 0.0003)) == ((), None)


def test_a_short_stretch_is_told_but_changes_nothing():
    sound = noise(20)
    turned = sound.copy()
    turned[5 * RATE_HZ : 7 * RATE_HZ] *= -1
    assert phase(sound, turned) == (((5000, 7000),), None)


def test_a_mono_sound_has_no_phase_and_stays_as_it_is():
    one = pcm(noise(1)).reshape(1, -1)
    meter = PhaseMeter(RATE_HZ)
    meter.add(one)
    assert meter.finished() == ((), None)
    assert np.array_equal(mono(one), one[0])
    assert np.array_equal(mono(one, 1), one[0])


def test_the_sum_never_overflows():
    both = np.array([[32767, -32768, 3], [32767, -32768, 0]], np.int16)
    assert mono(both).tolist() == [32767, -32768, 2]
    assert mono(both, 1).tolist() == [32767, -32768, 0]
