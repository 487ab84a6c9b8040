from collections.abc import Callable

import numpy as np
import pytest

from audio.loudness import measure
from audio.mastering import SilentError, master
from tests.integration.audio.conftest import Pcm
from tests.unit.audio.meters import ffmpeg_meter

RATE_HZ = 16_000


def at_level(pcm: Pcm, lufs: float):
    """The speech at another loudness, clipped where 16 bits end, as a careless recording is."""
    gain = 10 ** ((lufs - measure(pcm)[0]) / 20)
    return np.clip(np.round(pcm * gain), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("level_lufs", [-45, -30, -18, -6, -3])
def test_speech_of_any_level_comes_out_equally_loud_as_two_meters_say(speech: Pcm, level_lufs: float):
    import pyloudnorm

    finished = master(at_level(speech, level_lufs))
    lufs, peak = ffmpeg_meter(finished.pcm)
    assert lufs == pytest.approx(-14, abs=0.7)
    assert pyloudnorm.Meter(RATE_HZ).integrated_loudness(finished.pcm / 32768) == pytest.approx(-14, abs=0.7)
    assert peak <= -3.0
    assert finished.lufs == pytest.approx(lufs, abs=0.2)
    assert finished.true_peak_dbtp == pytest.approx(peak, abs=0.2)


def test_a_long_sound_reaches_the_target_though_only_parts_are_tried(speech: Pcm):
    quiet_then_loud = np.concatenate([at_level(speech, -40)] * 5 + [at_level(speech, -16)] * 5)
    assert len(quiet_then_loud) > 90 * RATE_HZ
    finished = master(quiet_then_loud)
    assert finished.lufs == pytest.approx(-14, abs=0.7)
    assert finished.true_peak_dbtp <= -3


def test_long_silence_at_both_ends_is_cut_and_pauses_stay(speech: Pcm):
    silence = np.zeros(RATE_HZ * 4, np.int16)
    finished = master(np.concatenate([silence, speech, silence, speech, silence]))
    assert finished.duration_ms == pytest.approx((2 * len(speech) / RATE_HZ + 4) * 1000, abs=900)
    assert finished.duration_ms == len(finished.pcm) // 16


def test_what_horns_cannot_give_is_taken_away(speech: Pcm):
    at = np.arange(len(speech)) / RATE_HZ
    hum = (6000 * np.sin(2 * np.pi * 50 * at)).astype(np.int16)
    humming = at_level(speech, -20) + hum

    def share_of_hum(pcm: Pcm):
        power = np.square(np.abs(np.fft.rfft(pcm)))
        hz = np.fft.rfftfreq(len(pcm), 1 / RATE_HZ)
        return power[hz < 100].sum() / power.sum()

    assert share_of_hum(humming) > 0.5
    assert share_of_hum(master(humming).pcm) < 0.03


def test_the_same_sound_gives_the_same_samples(speech: Pcm):
    assert np.array_equal(master(speech).pcm, master(speech).pcm)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_a_very_short_sound_is_mastered_too(seconds: float, speech: Pcm):
    finished = master(speech[RATE_HZ : RATE_HZ + int(RATE_HZ * seconds)])
    assert finished.true_peak_dbtp <= -3
    assert finished.duration_ms > 200


@pytest.mark.parametrize("level", [0, 1])
def test_silence_is_said_to_be_silence(level: int):
    pcm = np.full(RATE_HZ * 3, level, np.int16)
    with pytest.raises(SilentError):
        master(pcm)


def clicks() -> Pcm:
    pcm = np.zeros(RATE_HZ * 5, np.int16)
    pcm[:: RATE_HZ // 3] = 32767
    return pcm


def squares() -> Pcm:
    return np.where(np.arange(RATE_HZ * 5) % 11 < 5, 32767, -32768).astype(np.int16)


def hiss() -> Pcm:
    return np.random.default_rng(4).integers(-32768, 32767, RATE_HZ * 5).astype(np.int16)


@pytest.mark.parametrize("make", [clicks, squares, hiss])
def test_no_sound_whatever_stands_above_the_peak_limit(make: Callable[[], Pcm]):
    finished = master(make())
    assert ffmpeg_meter(finished.pcm)[1] <= -3.0
    assert finished.lufs < -13.3
