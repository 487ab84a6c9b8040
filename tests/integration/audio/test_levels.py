"""Speech of any level, any voice, however careless, comes out at -14 LUFS under -3 dBTP, as two meters say."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

from audio import codec
from audio.loudness import measure
from audio.mastering import master
from audio.speech.espeak import Espeak
from tests.integration.audio.conftest import Pcm
from tests.support.commands import done
from tests.unit.audio.meters import ffmpeg_meter
from tests.unit.audio.signals import noise

RATE_HZ = 16_000
ENGLISH = "Attention please. Heavy rain is expected tonight. Do not cross the stream while the water is rising."
LEVELS_LUFS = range(-45, -2, 3)
KINDS = ["man", "woman", "english", "noisy", "one second"]


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Pcm:
    out = tmp_path_factory.mktemp("english") / "a.wav"
    asyncio.run(Espeak().speak(ENGLISH, "en", 1.0, out))
    return np.concatenate(list(codec.decode(out)))


def of_kind(kind: str, speech: Pcm, english: Pcm) -> np.ndarray:
    """Six seconds, or one."""
    man = speech[: 6 * RATE_HZ].astype(float)
    if kind == "woman":  # the voice itself, a third higher and as much faster
        return np.interp(np.arange(0, 8 * RATE_HZ - 1, 1.25), np.arange(8 * RATE_HZ), speech[: 8 * RATE_HZ])
    if kind == "english":
        return english.astype(float)
    if kind == "noisy":
        return man + noise(6, 0.2 * man.std())
    return man[RATE_HZ : 2 * RATE_HZ] if kind == "one second" else man


def at_level(sound: np.ndarray, lufs: float) -> Pcm:
    """The sound at this loudness, turned up against the end of 16 bits as far as that takes."""
    gain_db = 0.0
    for _ in range(20):
        reached = np.clip(np.rint(sound * 10 ** (gain_db / 20)), -32768, 32767).astype(np.int16)
        missing = lufs - measure(reached)[0]
        if abs(missing) < 0.1:
            break
        gain_db += 1.5 * missing
    assert missing == pytest.approx(0, abs=0.5)
    return reached


def check(pcm: Pcm) -> tuple[float, float]:
    """(LUFS, dBTP) by FFmpeg's meter, when pyloudnorm agrees and both are right."""
    lufs, peak = ffmpeg_meter(pcm)
    assert lufs == pytest.approx(-14, abs=0.7)
    assert pyloudnorm.Meter(RATE_HZ).integrated_loudness(pcm / 32768) == pytest.approx(-14, abs=0.7)
    assert peak <= -3.0
    return lufs, peak


@pytest.mark.parametrize(
    ("level_lufs", "kind"), [(level, KINDS[place % len(KINDS)]) for place, level in enumerate(LEVELS_LUFS)]
)
def test_speech_of_any_level_comes_out_equally_loud_as_two_meters_say(
    level_lufs: int, kind: str, speech: Pcm, english: Pcm
):
    loud = at_level(of_kind(kind, speech, english), level_lufs)
    finished = master(loud)
    assert (finished.lufs, finished.true_peak_dbtp) == pytest.approx(check(finished.pcm), abs=0.25)


def test_clipping_is_what_makes_speech_so_loud(speech: Pcm):
    """The loudest case is not merely loud: half of its peaks are cut off."""
    loud = at_level(speech[: 6 * RATE_HZ].astype(float), -3)
    assert np.mean(np.abs(loud.astype(int)) >= 32767) > 0.1


@pytest.mark.parametrize(("level_lufs", "kind"), [(-45, "woman"), (-3, "man")])
def test_the_command_does_so_too(level_lufs: int, kind: str, speech: Pcm, english: Pcm, tmp_path: Path):
    with (tmp_path / "a.wav").open("wb") as out:
        codec.write_wav([at_level(of_kind(kind, speech, english), level_lufs)], out=out)
    done(tmp_path, "audio", "master", "a.wav", "m.wav")
    with wave.open(str(tmp_path / "m.wav")) as file:
        check(np.frombuffer(file.readframes(file.getnframes()), "<i2"))


def test_a_soft_answer_after_a_loud_question_counts_too(speech: Pcm):
    spoken = speech[RATE_HZ : 3 * RATE_HZ]
    check(master(at_level(np.concatenate([spoken, np.zeros(6 * RATE_HZ), spoken * 0.15]), -20)).pcm)
