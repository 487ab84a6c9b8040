import numpy as np
import pytest
from numpy.typing import NDArray

from audio.horn import RATE_HZ, RESPONSE, through_horn

FULL = 32_767


def sine(hz: float, *, dbfs: float = -20.0, length_s: float = 1.0) -> NDArray[np.int16]:
    times = np.arange(round(RATE_HZ * length_s)) / RATE_HZ
    return np.round(FULL * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * times)).astype(np.int16)


def heard(pcm: NDArray[np.int16], chunk: int = 960) -> NDArray[np.int16]:
    return np.concatenate(list(through_horn(pcm[at : at + chunk] for at in range(0, len(pcm), chunk))))


def level_db(pcm: NDArray[np.int16]) -> float:
    """Of what has settled, in dB with full scale at 0."""
    return float(10 * np.log10(np.mean((pcm[RATE_HZ // 4 :] / 32768) ** 2) + 1e-12))


def gain_db(hz: float) -> float:
    tone = sine(hz)
    return level_db(heard(tone)) - level_db(tone)


@pytest.mark.parametrize(("hz", "decibels"), [point for point in RESPONSE if 200 <= point[0] <= 7_000])
def test_the_response_is_the_one_in_the_table(hz: int, decibels: float):
    assert gain_db(hz) - gain_db(1_000) == pytest.approx(decibels, abs=0.5)


def test_it_lets_400_to_6000_hz_through_and_little_else():
    best = max(gain_db(hz) for hz in (1_600, 2_000, 2_500))
    assert all(best - gain_db(hz) < 12 for hz in (400, 800, 1_600, 3_200, 6_000))
    assert best - gain_db(200) > 25
    assert best - gain_db(100) > 35
    assert best - gain_db(7_500) > 18


def test_the_driver_bends_a_sine_by_some_per_cent_at_full_power_and_hardly_at_a_tenth():
    def third_harmonic(dbfs: float) -> float:
        spectrum = np.abs(np.fft.rfft(heard(sine(1_000, dbfs=dbfs))[RATE_HZ // 2 :] * np.hanning(RATE_HZ // 2)))
        return float(spectrum[1_500] / spectrum[500])

    assert 0.02 < third_harmonic(0.0) < 0.08
    assert third_harmonic(-20.0) < 0.001


def test_no_sine_is_clipped_even_at_full_scale():
    loudest = {hz: np.abs(heard(sine(hz, dbfs=0.0)).astype(int)).max() for hz in range(100, 8_000, 190)}
    assert max(loudest.values()) < FULL
    assert loudest[2_000] > 10_000


def test_what_is_too_much_is_clipped_and_does_not_turn_over():
    square = np.where(np.arange(RATE_HZ) // 4 % 2, FULL, -FULL).astype(np.int16)
    out = heard(square).astype(int)
    assert np.abs(out).max() > 0.9 * FULL
    assert np.corrcoef(out, heard(square // 2).astype(int))[0, 1] > 0.98


def test_nothing_sounds_before_its_cause_and_the_length_stays():
    click = np.zeros(RATE_HZ, np.int16)
    click[5_000] = FULL
    out = heard(click)
    assert len(out) == len(click)
    assert np.abs(out[:5_000]).max() <= 1
    assert np.abs(out[5_000:5_050].astype(int)).max() > 3_000
    assert np.abs(out[5_000 + 512 :]).max() <= 1


@pytest.mark.parametrize("chunk", [1, 777, 960, 7_680, 50_000])
def test_how_the_sound_is_cut_into_chunks_changes_nothing(chunk: int):
    noise = np.random.default_rng(7).integers(-9_000, 9_000, 20_000).astype(np.int16)
    assert np.array_equal(heard(noise, chunk), heard(noise))


def test_nothing_in_is_nothing_out():
    assert list(through_horn([])) == []
