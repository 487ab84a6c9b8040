"""Our meter against two others: pyloudnorm and FFmpeg's ebur128."""

import numpy as np
import pyloudnorm
import pytest

from audio.loudness import LoudnessMeter, measure
from tests.unit.audio.meters import ffmpeg_meter

RATE_HZ = 16_000


def speech_like(seconds: float, level_dbfs: float, seed: int = 1):
    """Noise that comes in syllables and pauses."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE_HZ)
    noise = np.convolve(random.standard_normal(count + 40), np.hanning(9), "valid")[:count]
    at = np.arange(count) / RATE_HZ
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * at), 0, 1) * (np.sin(2 * np.pi * 0.23 * at) > -0.5)
    wave = noise * syllables
    return np.round(wave / np.abs(wave).max() * 32767 * 10 ** (level_dbfs / 20)).astype(np.int16)


@pytest.mark.parametrize("level_dbfs", [-1, -12, -30, -45])
def test_loudness_agrees_with_pyloudnorm(level_dbfs: float):
    pcm = speech_like(20, level_dbfs)
    other = pyloudnorm.Meter(RATE_HZ, filter_class="DeMan").integrated_loudness(pcm / 32768)
    assert measure(pcm)[0] == pytest.approx(other, abs=0.15)


@pytest.mark.parametrize("level_dbfs", [-1, -12, -30])
def test_loudness_and_true_peak_agree_with_ffmpeg(level_dbfs: float):
    pcm = speech_like(20, level_dbfs)
    lufs, peak = ffmpeg_meter(pcm)
    assert measure(pcm)[0] == pytest.approx(lufs, abs=0.15)
    assert measure(pcm)[1] == pytest.approx(peak, abs=0.25)


def test_a_sine_of_997_hz_at_full_scale_has_the_standards_loudness():
    at = np.arange(RATE_HZ * 5) / RATE_HZ
    wave = np.sin(2 * np.pi * 997 * at).astype(np.float32)
    assert measure(wave)[0] == pytest.approx(-3.01, abs=0.05)


def test_a_peak_between_the_samples_is_seen():
    at = np.arange(RATE_HZ)
    wave = (np.sin(np.pi / 2 * at + np.pi / 4) * 0.5 * np.hanning(RATE_HZ)).astype(np.float32)
    assert np.abs(wave).max() < 0.36
    assert measure(wave)[1] == pytest.approx(20 * np.log10(0.5), abs=0.02)


def test_the_size_of_the_pieces_does_not_matter():
    pcm = speech_like(7, -10)
    meter = LoudnessMeter()
    sizes = np.random.default_rng(3).integers(1, 9000, 200)
    at = 0
    for size in sizes:
        meter.add(pcm[at : at + size])
        at += size
    meter.add(pcm[at:])
    whole = measure(pcm)
    assert meter.integrated_lufs() == pytest.approx(whole[0], abs=1e-6)
    assert meter.true_peak_dbtp() == pytest.approx(whole[1], abs=1e-4)


def test_pauses_do_not_lower_the_loudness():
    pcm = speech_like(10, -10)
    paused = np.concatenate([pcm, np.zeros(RATE_HZ * 30, np.int16)])
    assert measure(paused)[0] == pytest.approx(measure(pcm)[0], abs=0.3)


def test_silence_measures_nothing():
    assert measure(np.zeros(RATE_HZ * 3, np.int16)) == (-np.inf, -np.inf)
    assert measure(np.zeros(0, np.int16)) == (-np.inf, -np.inf)


def test_a_sound_shorter_than_a_block_is_still_measured():
    at = np.arange(RATE_HZ // 4) / RATE_HZ
    wave = np.sin(2 * np.pi * 997 * at).astype(np.float32)
    assert measure(wave)[0] == pytest.approx(-3.01, abs=0.3)
