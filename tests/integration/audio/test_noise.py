import warnings

import numpy as np
import pytest

from audio.noise import reduce_noise
from tests.integration.audio.conftest import Pcm

RATE_HZ = 16_000


def estoi(clean: Pcm, heard: Pcm) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pystoi import stoi
    return float(stoi(clean.astype(float), heard.astype(float), RATE_HZ, extended=True))


def hiss(length: int, power: float) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(length) * np.sqrt(power)


@pytest.mark.parametrize(("ratio_db", "gained"), [(15, 0.015), (5, 0.03), (0, 0.03)])
def test_noisy_speech_becomes_more_intelligible(ratio_db: float, gained: float, speech: Pcm):
    clean = (speech // 3).astype(float)
    noisy = clean + hiss(len(clean), np.square(clean).mean() * 10 ** (-ratio_db / 10))
    before = np.clip(noisy, -32768, 32767).astype(np.int16)
    assert estoi(clean, reduce_noise(before)) > estoi(clean, before) + gained


def test_steady_noise_falls_by_several_decibels_and_not_by_more_than_twelve():
    noise = hiss(RATE_HZ * 25, 1000**2).astype(np.int16)
    reduced = reduce_noise(noise)
    fall_db = 10 * np.log10(np.square(noise.astype(float)).mean() / np.square(reduced.astype(float)).mean())
    assert 6 < fall_db < 12.1


def test_clean_speech_stays_as_it_is(speech: Pcm):
    clean = speech // 2
    assert np.corrcoef(clean, reduce_noise(clean))[0, 1] > 0.999


@pytest.mark.parametrize("length", [160_000, 160_001, 400_003])
def test_what_comes_and_goes_stays_and_no_seam_is_heard(length: int):
    at = np.arange(length) / RATE_HZ
    tone = (8000 * np.sin(2 * np.pi * 440 * at) * (at % 1 < 0.7)).astype(np.int16)
    assert np.abs(reduce_noise(tone).astype(int) - tone).max() < 400


@pytest.mark.parametrize("length", [0, 1, 100, 511, 512, 513, 5000])
def test_a_very_short_sound_keeps_its_length(length: int):
    assert len(reduce_noise(hiss(length, 1000**2).astype(np.int16))) == length


def test_silence_stays_silence():
    assert not reduce_noise(np.zeros(50_000, np.int16)).any()
