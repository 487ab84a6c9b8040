from collections.abc import Callable

import numpy as np
import pytest

from audio.loudness import measure
from audio.mastering import SilentError, master
from audio.profiles import PROFILES
from tests.integration.audio.conftest import Pcm
from tests.unit.audio.meters import ffmpeg_meter
from tests.unit.audio.signals import melody, noise, pcm, tone

RATE_HZ = 16_000


def at_level(pcm: Pcm, lufs: float):
    """The speech at another loudness, clipped where 16 bits end, as a careless recording is."""
    gain = 10 ** ((lufs - measure(pcm)[0]) / 20)
    return np.clip(np.round(pcm * gain), -32768, 32767).astype(np.int16)


def test_a_long_sound_reaches_the_target_though_only_parts_are_tried(speech: Pcm):
    quiet_then_loud = np.concatenate([at_level(speech, -40)] * 3 + [at_level(speech, -16)] * 3)
    assert len(quiet_then_loud) > 90 * RATE_HZ
    finished = master(quiet_then_loud)
    assert finished.lufs == pytest.approx(-14, abs=0.7)
    assert finished.true_peak_dbtp <= -3


def test_long_silence_at_both_ends_is_cut_and_pauses_stay(speech: Pcm):
    silence = np.zeros(RATE_HZ * 4, np.int16)
    finished = master(np.concatenate([silence, speech, silence, speech, silence]))
    assert finished.duration_ms == pytest.approx((2 * len(speech) / RATE_HZ + 4) * 1000, abs=900)
    assert finished.duration_ms == len(finished.pcm) // 16


@pytest.mark.parametrize("loudly_first", [False, True])
def test_words_said_far_from_the_microphone_are_not_taken_for_silence(speech: Pcm, loudly_first: bool):
    parts = [at_level(speech, -50), at_level(speech, -3)]
    finished = master(np.concatenate(parts[::-1] if loudly_first else parts))
    assert finished.duration_ms == pytest.approx(2 * len(speech) / 16, abs=900)


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
    sound = speech[: 4 * RATE_HZ]
    assert np.array_equal(master(sound).pcm, master(sound).pcm)


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


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("level_lufs", [-40, -12])
def test_every_profile_reaches_its_loudness_with_music_and_speech(profile: str, level_lufs: float, speech: Pcm):
    for sound in (at_level(speech[: 5 * RATE_HZ], level_lufs), at_level(pcm(melody(5)), level_lufs)):
        lufs, peak = ffmpeg_meter(master(sound, profile=profile).pcm)
        assert lufs == pytest.approx(PROFILES[profile].target_lufs, abs=0.7)
        assert peak <= -3.0


@pytest.mark.parametrize("profile", ["music", "relay"])
def test_music_keeps_its_basses_its_heights_and_its_dynamics(profile: str):
    sound = np.concatenate([melody(6, 0.01), melody(6, 0.05)]) + np.tile(tone(6, 120, 0.01) + tone(6, 7000, 0.01), 2)

    def shape(mastered: Pcm):
        """(share under 200 Hz, share over 6 kHz, dB from the soft half to the loud one)"""
        power = np.square(np.abs(np.fft.rfft(mastered)))
        hz = np.fft.rfftfreq(len(mastered), 1 / RATE_HZ)
        soft, loud = np.split(mastered[: len(mastered) // 2 * 2].astype(float), 2)
        return power[hz < 200].sum() / power.sum(), power[hz > 6000].sum() / power.sum(), np.std(loud) / np.std(soft)

    before, full, voice = (
        shape(each) for each in (pcm(sound), *(master(pcm(sound), profile=p).pcm for p in (profile, "voice")))
    )
    assert full[0] > before[0] / 2 > voice[0] * 2
    assert full[1] > before[1] / 2 > voice[1]
    assert full[2] > voice[2]


def test_noise_is_reduced_only_when_asked_for(speech: Pcm):
    noisy = pcm(at_level(speech[: 6 * RATE_HZ], -25) / 32768 + noise(6, 0.01))
    plain, quieter = master(noisy), master(noisy, quieten=True)
    assert quieter.lufs == pytest.approx(-14, abs=0.7)
    assert quieter.true_peak_dbtp <= -3
    assert softest(quieter.pcm) < softest(plain.pcm) - 5


def softest(finished: Pcm) -> float:
    """Level of the softest tenth of a sound, in dB."""
    frames = np.square(finished[: len(finished) // 800 * 800].astype(float)).reshape(-1, 800).mean(axis=1)
    return 10 * float(np.log10(np.percentile(frames, 10) + 1e-3))


def test_progress_rises_to_the_end(speech: Pcm):
    told: list[float] = []
    master(speech, progress=told.append)
    assert told == sorted(told)
    assert 0.69 < told[-1] <= 1
