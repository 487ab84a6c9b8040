from pathlib import Path

import numpy as np
import pytest

from audio import codec
from audio.loudness import measure
from audio.speech.espeak import Espeak
from base.errors import Unavailable
from tests.integration.audio.conftest import ANNOUNCEMENT


async def spoken(tmp_path: Path, text: str, voice: str, speed: float = 1.0):
    out = tmp_path / "speech.wav"
    await Espeak().speak(text, voice, speed, out)
    return np.concatenate(list(codec.decode(out)))


@pytest.mark.parametrize("voice", [voice.id for voice in Espeak().voices()])
async def test_every_voice_speaks_at_a_pace_people_can_follow(voice: str, tmp_path: Path):
    text = ANNOUNCEMENT if voice.startswith("vi") else "Heavy rain is expected. Do not cross streams while water rises."
    pcm = await spoken(tmp_path, text, voice)
    words_per_second = len(text.split()) / (len(pcm) / 16_000)
    assert 2 < words_per_second < 5
    assert -35 < measure(pcm)[0] < -5


async def test_accents_differ(tmp_path: Path):
    north = await spoken(tmp_path, ANNOUNCEMENT, "vi")
    south = await spoken(tmp_path, ANNOUNCEMENT, "vi-vn-x-south")
    assert len(north) != len(south) or not np.array_equal(north, south)


async def test_speed_makes_speech_shorter(tmp_path: Path):
    slow = await spoken(tmp_path, ANNOUNCEMENT, "vi", 0.7)
    fast = await spoken(tmp_path, ANNOUNCEMENT, "vi", 1.5)
    assert len(fast) < 0.7 * len(slow)


async def test_the_same_text_gives_the_same_sound(tmp_path: Path):
    assert np.array_equal(await spoken(tmp_path, "Xin chào", "vi"), await spoken(tmp_path, "Xin chào", "vi"))


async def test_marks_of_other_languages_are_read_as_text(tmp_path: Path):
    plain = await spoken(tmp_path, "chín mươi", "vi")
    marked = await spoken(tmp_path, '<break time="9s"/> chín mươi', "vi")
    assert len(marked) > len(plain)
    assert len(marked) < len(plain) + 8 * 16_000


async def test_the_longest_text_is_spoken(tmp_path: Path):
    pcm = await spoken(tmp_path, (ANNOUNCEMENT + " ") * (20_000 // (len(ANNOUNCEMENT) + 1)), "vi")
    assert len(pcm) > 16_000 * 600


async def test_a_voice_the_engine_does_not_have_is_unavailable(tmp_path: Path):
    with pytest.raises(Unavailable) as caught:
        await spoken(tmp_path, "Xin chào", "no-such-voice")
    assert caught.value.code == "audio.speech_failed"


async def test_an_engine_over_its_deadline_is_unavailable(tmp_path: Path):
    with pytest.raises(Unavailable):
        await Espeak(timeout_s=0).speak("Xin chào", "vi", 1.0, tmp_path / "a.wav")
