"""What is rendered has the right length and loudness at the right place, and a channel tells how it ended."""

import io
from pathlib import Path

import numpy as np
import pytest

from audio.codec import encode_opus
from devices.wire.content import Gap, Part, Rendition, Speech, Tone, Version
from devices.wire.orders import Repeat
from firmware_sim.channel import Channel
from firmware_sim.effects import Sound
from firmware_sim.plan import SoundPlan
from firmware_sim.player import CONTENT_MISSING
from firmware_sim.render import RATE_HZ, Rendering, gain_of
from tests.unit.firmware_sim.rig import play

BEEP = Tone(((1_000, 1_000, 500, 0),))
SHA = bytes(32)


def _sound(*parts: Part, position_ms: int = 0, volume: int = 100, repeat: Repeat | None = None) -> Sound:
    item = play(parts=parts, repeat=repeat or Repeat())
    plan = SoundPlan.of(item, ("vi",))
    return Sound("speaker", item.occurrence, 1, plan, position_ms, volume, emergency=False)


def _speech(duration_ms: int) -> Speech:
    return Speech((Version("vi", (Rendition(SHA, 1_000, "opus16", duration_ms),)),))


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """Two seconds of 400 Hz, then one of 800 Hz, as Ogg Opus."""
    seconds = [np.sin(2 * np.pi * hz * np.arange(RATE_HZ * s) / RATE_HZ) for hz, s in ((400, 2), (800, 1))]
    pcm = (np.concatenate(seconds) * 12_000).astype(np.int16)
    out = io.BytesIO()
    encode_opus([pcm], bitrate=16_000, out=out)
    path = tmp_path / "voice.ogg"
    path.write_bytes(out.getvalue())
    return path


def _render(sound: Sound, path: Path | None = None) -> np.ndarray:
    return np.concatenate(list(Rendering(sound, lambda _sha: path).chunks()))


def _rms(pcm: np.ndarray) -> float:
    return float(np.sqrt(np.mean(pcm.astype(float) ** 2)))


def _pitch_hz(pcm: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return float(np.argmax(spectrum) * RATE_HZ / len(pcm))


def test_pieces_gaps_and_repetitions_lie_where_the_plan_says():
    pcm = _render(_sound(BEEP, Gap(250), BEEP, repeat=Repeat(2, 1_000)))
    assert len(pcm) == (2 * 1_250 + 1_000) * 16
    loud = [_rms(pcm[at * 16 : (at + 250) * 16]) > 1_000 for at in range(0, 3_500, 250)]
    assert loud == [True, True, False, True, True] + [False] * 4 + [True, True, False, True, True]


def test_speech_is_decoded_and_fitted_to_its_stated_time(voice: Path):
    assert len(_render(_sound(_speech(5_000)), voice)) == 5_000 * 16
    short = _render(_sound(_speech(1_500), BEEP), voice)
    assert len(short) == 2_000 * 16
    assert _pitch_hz(short[: 1_500 * 16]) == pytest.approx(400, abs=10)
    assert _pitch_hz(short[1_500 * 16 :]) == pytest.approx(1_000, abs=10)


def test_it_goes_on_from_a_position_inside_the_speech(voice: Path):
    pcm = _render(_sound(BEEP, _speech(3_000), position_ms=500 + 1_500), voice)
    assert len(pcm) == 1_500 * 16
    assert _pitch_hz(pcm[: 450 * 16]) == pytest.approx(400, abs=10)
    assert _pitch_hz(pcm[600 * 16 :]) == pytest.approx(800, abs=10)


def test_volume_is_its_square_in_amplitude():
    full, half = _render(_sound(BEEP)), _render(_sound(BEEP, volume=50))
    assert gain_of(50) == 0.25
    assert _rms(half) / _rms(full) == pytest.approx(0.25, rel=0.01)
    assert not _render(_sound(BEEP, volume=0)).any()


def test_a_tone_resumes_inside_its_repetitions():
    tone = Tone(((1_000, 1_000, 400, 0),), 3, 200)
    whole, rest = _render(_sound(tone)), _render(_sound(tone, position_ms=700))
    assert np.array_equal(whole[700 * 16 :], rest)


def test_speech_that_arrives_between_repetitions_is_heard_in_the_next(voice: Path):
    sound = _sound(BEEP, _speech(1_000), repeat=Repeat(2, 0))
    here: list[Path] = []
    rendering = Rendering(sound, lambda _sha: here[0] if here else None)
    heard = []
    for chunk in rendering.chunks():
        heard.append(chunk)
        if sum(map(len, heard)) >= 1_500 * 16:
            here.append(voice)
    pcm = np.concatenate(heard)
    assert _rms(pcm[600 * 16 : 1_400 * 16]) == 0
    assert _rms(pcm[2_100 * 16 : 2_900 * 16]) > 1_000
    assert rendering.reason == ""


def test_an_impossible_tone_is_silence_of_its_length():
    hours = Tone(tuple((500, 500, 600_000, 0) for _ in range(2)))
    chunks = Rendering(_sound(hours), lambda _sha: None).chunks()
    assert not next(chunks).any()


def test_a_channel_tells_of_its_end_once_and_what_was_missing(voice: Path):
    ends: list[tuple[int, str]] = []
    channel = Channel()
    channel.start(_sound(_speech(1_000)), lambda _sha: voice, lambda *end: ends.append(end))
    first = channel.read(12_000)
    assert ends == []
    assert channel.read(12_000)[4_000:].any() == np.False_
    assert ends == [(1_000, "")]
    assert _rms(first) > 1_000
    channel.start(_sound(_speech(1_000)), lambda _sha: None, lambda *end: ends.append(end))
    channel.read(20_000)
    assert ends[1:] == [(1_000, CONTENT_MISSING)]
    assert not channel.busy


def test_a_channel_that_is_stopped_says_how_far_it_came_and_is_silent():
    channel = Channel()
    sound = _sound(BEEP, position_ms=100)
    channel.start(sound, lambda _sha: None, lambda *_end: pytest.fail("stopped, not ended"))
    channel.read(1_600)
    assert channel.stop("another") == 0
    assert channel.stop(sound.occurrence) == 200
    assert not channel.read(1_600).any()


def test_a_renderer_that_breaks_ends_the_sound_and_not_the_channel():
    def broken(_sha: bytes) -> Path:
        raise RuntimeError("boom")

    ends: list[tuple[int, str]] = []
    channel = Channel()
    channel.start(_sound(_speech(1_000)), broken, lambda *end: ends.append(end))
    assert not channel.read(1_600).any()
    assert ends == [(0, "cut_short")]
