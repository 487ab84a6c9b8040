"""In noise more is understood of what Loa sends than of what came in, at the same peak of an amplifier."""

import numpy as np
import pytest

from benchmarks.intelligibility import (
    NOISES_DB,
    as_it_came,
    levelled,
    mastered,
    quietened,
    recorded,
    speech_noise,
    understood,
)
from tests.integration.audio.conftest import Pcm

RATE_HZ = 16_000
GAINED = np.array([0.06, 0.15, 0.15])
"""Three voices gained 0.07 to 0.14, 0.21 to 0.26, 0.24 to 0.28."""
GAINED_ON_LEVELLED = np.array([-0.03, 0.08, 0.12])


@pytest.fixture(scope="module")
def announcement(speech: Pcm) -> Pcm:
    return speech[: 9 * RATE_HZ]


def test_the_noise_has_the_spectrum_of_speech(announcement: Pcm):
    def octaves(sound: np.ndarray) -> np.ndarray:
        power = np.square(np.abs(np.fft.rfft(sound)))
        hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
        bands = [power[(hz >= centre / 2**0.5) & (hz < centre * 2**0.5)].sum() for centre in (250, 500, 1000, 2000)]
        return 10 * np.log10(np.array(bands) / sum(bands))

    noise = octaves(speech_noise(20 * RATE_HZ))
    assert noise == pytest.approx([-5.3, -2.7, -9.0, -13.6], abs=1)  # ANSI S3.5-1997, normal voice
    assert noise == pytest.approx(octaves(announcement), abs=6)


def test_more_is_understood_at_three_levels_of_noise(announcement: Pcm):
    before, plain, ours = understood(
        announcement, recorded(announcement, 40), [as_it_came, levelled, mastered], NOISES_DB
    )
    assert (before > 0.1).all()
    assert (np.diff(ours) < 0).all()  # the louder the noise the less
    assert (ours > before + GAINED).all(), (before, ours)
    assert (ours > plain + GAINED_ON_LEVELLED).all(), (plain, ours)


def test_of_a_noisy_recording_more_is_understood_when_its_noise_is_reduced(announcement: Pcm):
    ours, quieter = understood(announcement, recorded(announcement, 10), [mastered, quietened], NOISES_DB)
    assert (quieter > ours + 0.03).all(), (ours, quieter)
