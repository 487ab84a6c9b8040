import numpy as np
import pytest

from audio.checks import WarningKind, long_silences, warnings_of
from audio.frames import frames_of
from audio.loudness import measure
from tests.unit.audio.signals import Sound, melody, noise, syllables, tone


def warned(sound: Sound):
    """Kind → places."""
    return dict(warnings_of(frames_of(sound), measure(sound)[0]))


def test_a_good_recording_deserves_no_warning():
    assert warned(syllables(20) + noise(20, 0.001)) == {}


def test_a_very_quiet_recording():
    assert list(warned(syllables(20, 0.002) + noise(20, 0.00001))) == [WarningKind.VERY_QUIET]


@pytest.mark.parametrize("level", [0.01, 0.1, 0.3])
def test_noise_is_called_noise_at_any_level(level: float):
    assert warned(noise(20, level))[WarningKind.MOSTLY_NOISE] == ((0, 20_000),)


def test_speech_drowned_in_noise_is_called_noise_and_speech_over_noise_is_not():
    speech = syllables(20)
    assert WarningKind.MOSTLY_NOISE in warned(speech + noise(20, 0.4))
    assert WarningKind.MOSTLY_NOISE not in warned(speech + noise(20, 0.02))


def test_music_and_steady_tones_are_like_music():
    assert list(warned(melody(20))) == [WarningKind.MUSIC_LIKE]
    assert list(warned(tone(20))) == [WarningKind.MUSIC_LIKE]


def test_only_what_makes_up_most_of_a_sound_is_told():
    assert WarningKind.MUSIC_LIKE not in warned(np.concatenate([syllables(40), melody(20)]))
    mostly = warned(np.concatenate([syllables(20), melody(40)]))
    assert mostly[WarningKind.MUSIC_LIKE] == ((20_000, 60_000),)


@pytest.mark.parametrize(("pause_s", "found"), [(4.9, 0), (5.2, 1), (30, 1)])
def test_silence_counts_from_five_seconds_on(pause_s: float, found: int):
    sound = np.concatenate([syllables(4), np.zeros(int(pause_s * 16_000), np.float32), syllables(4)])
    # The last syllable ends 0.4 s before its four seconds do.
    silences = long_silences(frames_of(np.concatenate([sound[: int(3.6 * 16_000)], sound[4 * 16_000 :]])))
    assert len(silences) == found
    for start, end in silences:
        assert start == pytest.approx(3600, abs=150)
        assert end - start == pytest.approx(pause_s * 1000, abs=300)


def test_a_hissing_pause_is_silence_beside_loud_speech_and_not_beside_quiet_speech():
    hiss = noise(8, 0.002)
    assert long_silences(frames_of(np.concatenate([syllables(8, 0.3), hiss])))
    assert not long_silences(frames_of(np.concatenate([syllables(8, 0.008), hiss])))


@pytest.mark.parametrize("seconds", [0, 0.01, 0.3, 1.1])
def test_a_very_short_sound_is_judged_too(seconds: float):
    sound = noise(seconds)
    assert set(warned(sound)) <= {WarningKind.MOSTLY_NOISE, WarningKind.VERY_QUIET}


def test_what_others_found_is_passed_on():
    found = dict(warnings_of(frames_of(syllables(10)), -20, clipped=((1, 2),), out_of_phase=((3, 4),)))
    assert found == {WarningKind.CLIPPING: ((1, 2),), WarningKind.OUT_OF_PHASE: ((3, 4),)}
