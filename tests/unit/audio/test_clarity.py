import itertools

import numpy as np
import pytest

from audio.clarity import estimate
from audio.frames import frames_of
from tests.unit.audio.signals import Sound, echoing, noise, syllables


def clarity(sound: Sound):
    return estimate(frames_of(sound), float(np.abs(sound).max(initial=0)))


def falls(values: list[float], by: float):
    return all(before - after > by for before, after in itertools.pairwise(values))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_falls_as_noise_rises(seed: int):
    speech = syllables(15)
    estimates = [clarity(speech + noise(15, level, seed)) for level in (0.003, 0.01, 0.03, 0.1, 0.3)]
    assert falls([each.speech_to_noise_db for each in estimates], 0.5)
    assert falls([each.clarity for each in estimates], 0.005)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_falls_as_the_echo_grows(seed: int):
    estimates = [clarity(echoing(syllables(15), seconds, seed)) for seconds in (0.2, 0.8, 3.2)]
    assert falls([each.speech_to_noise_db for each in estimates], 2)
    assert falls([each.clarity for each in estimates], 0)


def test_what_it_says_of_noise_is_right_within_a_few_decibels():
    speech = syllables(30)
    for ratio_db in (5, 10, 20):
        hiss = noise(30, 1.0)
        in_bands = [frames_of(sound).bands.sum() for sound in (speech, hiss)]
        hiss *= np.float32(np.sqrt(in_bands[0] / in_bands[1]) * 10 ** (-ratio_db / 20))
        assert clarity(speech + hiss).speech_to_noise_db == pytest.approx(ratio_db, abs=3)


def test_a_sound_with_high_peaks_is_heard_less_outdoors():
    speech = syllables(15)
    cut = np.clip(speech, -0.15, 0.15)
    assert clarity(cut).clarity > clarity(speech).clarity + 0.05


def test_the_level_of_a_recording_changes_nothing():
    speech = syllables(15) + noise(15, 0.003)
    assert clarity(speech / 10).clarity == pytest.approx(clarity(speech).clarity, abs=0.01)


@pytest.mark.parametrize("seconds", [0, 0.01, 3])
def test_silence_has_none(seconds: float):
    assert clarity(np.zeros(int(seconds * 16_000), np.float32)).clarity == 0
