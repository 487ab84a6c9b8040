import numpy as np
import pytest

from audio.clipping import ClippingMeter
from tests.unit.audio.signals import tone


def clipped(sound: np.ndarray, rate_hz: int = 16_000, size: int = 1024):
    meter = ClippingMeter()
    channels = np.atleast_2d(sound)
    for start in range(0, channels.shape[1], size):
        meter.add(channels[:, start : start + size], rate_hz)
    return meter.finished()


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 48_000])
def test_a_cut_stretch_is_found_where_it_is(rate_hz: int):
    sound = 0.5 * np.sin(2 * np.pi * 200 * np.arange(rate_hz * 6) / rate_hz)
    sound[2 * rate_hz : 3 * rate_hz] *= 4
    assert clipped(np.clip(sound, -1, 1).astype(np.float32), rate_hz) == ((2000, 3000),)


def test_one_channel_is_enough():
    quiet = tone(2, 200, 0.1)
    assert clipped(np.array([quiet, np.clip(quiet * 50, -1, 1)])) == ((0, 2000),)


def test_a_sound_that_just_reaches_full_scale_is_not_cut():
    assert clipped(tone(2, 3000, 1.0)) == ()
    spike = np.zeros(16_000, np.float32)
    spike[::1000] = 1.0
    assert clipped(spike) == ()


def test_fewer_than_four_cut_peaks_are_not_heard():
    sound = np.zeros(16_000, np.float32)
    sound[[*range(100, 105), *range(500, 505), *range(900, 905)]] = 1.0
    assert clipped(sound) == ()
    sound[1300:1305] = -1.0
    assert clipped(sound) == ((0, 100),)


def test_nothing_is_not_clipped():
    assert clipped(np.zeros(0, np.float32)) == ()
