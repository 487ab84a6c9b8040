"""Sounds made of numbers, for what must hold without any recording. All mono at 16 kHz, full scale at ±1."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
Sound = NDArray[np.float32]


def noise(seconds: float, level: float = 0.1, seed: int = 1) -> Sound:
    """White noise."""
    return (level * np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ))).astype(np.float32)


def tone(seconds: float, hz: float = 440, level: float = 0.1) -> Sound:
    """A sine."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2 * np.pi * hz * at)).astype(np.float32)


def syllables(seconds: float, level: float = 0.1, seed: int = 2) -> Sound:
    """Noise shaped like a voice that comes and goes four times a second and rests each two seconds."""
    raw = np.fft.rfft(noise(seconds, 1.0, seed))
    hz = np.fft.rfftfreq(int(seconds * RATE_HZ), 1 / RATE_HZ)
    voiced = np.fft.irfft(raw / (1 + np.square(hz / 500)), int(seconds * RATE_HZ))
    at = np.arange(len(voiced)) / RATE_HZ
    opening = np.clip(np.sin(2 * np.pi * 4 * at), 0, 1) * (at % 2 < 1.6)
    spoken: Sound = (level * voiced / np.abs(voiced).std() * opening).astype(np.float32)
    return spoken


def melody(seconds: float, level: float = 0.05) -> Sound:
    """Chords of plucked strings, a drum on each beat."""
    made = np.zeros(int(seconds * RATE_HZ) + RATE_HZ, np.float32)
    at = np.arange(RATE_HZ) / RATE_HZ
    dice = np.random.default_rng(5)
    for beat in range(int(seconds * 4)):
        start = beat * RATE_HZ // 4
        for semitones in (0, 4, 7):
            root = 220 * 2 ** ((semitones + [0, 5, 7, 0, 3, 8][beat // 4 % 6]) / 12)
            for harmonic in range(1, 8):
                string = np.sin(2 * np.pi * root * harmonic * at) / harmonic * np.exp(-2.5 * at)
                made[start : start + RATE_HZ] += (level * string).astype(np.float32)
        drum = dice.standard_normal(RATE_HZ) * np.exp(-40 * at) * level * 2
        made[start : start + RATE_HZ] += drum.astype(np.float32)
    return made[: int(seconds * RATE_HZ)]


def echoing(sound: Sound, seconds: float, seed: int = 3) -> Sound:
    """The sound in a room whose echo falls by 60 dB in this time."""
    at = np.arange(int(seconds * RATE_HZ * 1.2)) / RATE_HZ
    echo = np.random.default_rng(seed).standard_normal(len(at)) * 10 ** (-3 * at / seconds)
    echo /= np.sqrt(np.square(echo).sum())
    echo[0] += 0.7
    size = 1 << (len(sound) + len(echo)).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size))[: len(sound)].astype(np.float32)


def pcm(sound: Sound) -> NDArray[np.int16]:
    """As 16-bit samples, clipped where they end."""
    return np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16)
