import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.frames import BANDS_HZ, FRAME_MS, FrameMeter, frames_of
from tests.unit.audio.signals import melody, noise, tone


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 50_000), max_size=6))
def test_frames_are_the_same_however_the_sound_is_cut(cuts: list[int]):
    sound = noise(3.1)
    meter = FrameMeter()
    for part in np.split(sound, sorted(min(cut, len(sound)) for cut in cuts)):
        meter.add(part)
    for one, other in zip(meter.finished(), frames_of(sound), strict=True):
        assert np.allclose(one, other, rtol=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 321, 16_000, 16_191, 16_192, 40_000])
def test_every_sample_lies_in_a_frame(samples: int):
    frames = frames_of(np.ones(samples, np.float32))
    assert len(frames.levels) == len(frames.bands) == -(-samples // 320)
    assert frames.duration_ms == len(frames.levels) * FRAME_MS
    assert frames.levels.sum() * 320 == pytest.approx(samples)


@pytest.mark.parametrize("place", range(5))
def test_a_tone_lies_in_its_octave_with_its_power(place: int):
    frames = frames_of(tone(2, BANDS_HZ[place], 0.5))
    powers = frames.bands[:-2].mean(axis=0)
    assert powers[place] == pytest.approx(0.125, rel=0.05)
    assert powers.sum() - powers[place] < 0.01 * powers[place]


def test_tones_stand_out_and_noise_does_not():
    assert np.median(frames_of(noise(5)).tonality) < 2
    assert np.median(frames_of(melody(5)).tonality) > 4
