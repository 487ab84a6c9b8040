"""`loa audio …`: files in, files and figures out; what is refused leaves nothing."""

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.commands import done, loa


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spoken")
    done(folder, "audio", "say", "Mời bà con họp thôn lúc 19h30 tối nay.", "--out", "s.wav")
    return folder / "s.wav"


def shown(folder: Path, *words: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(done(folder, "audio", *words, "--json"))
    return figures


def quieter(path: Path, out: Path, factor: float) -> Path:
    with wave.open(str(path)) as file:
        rate_hz, pcm = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((pcm * factor).astype("<i2").tobytes())
    return out


def test_a_text_is_spoken_levelled_and_measured(spoken: Path, tmp_path: Path) -> None:
    figures = shown(tmp_path, "inspect", str(spoken))
    assert figures["ok"] is True
    assert figures["reason"] is None
    assert figures["lufs"] == pytest.approx(-14, abs=0.7)
    assert figures["true_peak_dbtp"] <= -3
    assert 2 < figures["duration_s"] < 8
    assert figures["warnings"] == []


def test_a_quiet_sound_is_warned_about_and_mastered_to_the_same_level(spoken: Path, tmp_path: Path) -> None:
    quiet = quieter(spoken, tmp_path / "quiet.wav", 0.02)
    assert "very_quiet" in shown(tmp_path, "inspect", str(quiet))["warnings"]
    mastered = shown(tmp_path, "master", str(quiet), "m.wav")
    assert mastered["lufs"] == pytest.approx(-14, abs=0.7)
    assert shown(tmp_path, "inspect", "m.wav")["lufs"] == pytest.approx(mastered["lufs"], abs=0.1)
    with wave.open(str(tmp_path / "m.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)


@pytest.mark.parametrize(("rendition", "begins"), [("opus16", b"OggS"), ("opus8", b"OggS"), ("mp3-32", b"\xff")])
def test_every_rendition_is_written_whole(spoken: Path, tmp_path: Path, rendition: str, begins: bytes) -> None:
    done(tmp_path, "audio", "encode", str(spoken), "out", "--rendition", rendition)
    written = (tmp_path / "out").read_bytes()
    assert written[:1] == begins[:1] or written[:3] == b"ID3"
    heard = shown(tmp_path, "inspect", "out")["duration_s"]
    assert heard == pytest.approx(shown(tmp_path, "inspect", str(spoken))["duration_s"], abs=0.2)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_tones_are_named_and_written(tmp_path: Path) -> None:
    assert "siren-storm\t80 s" in done(tmp_path, "audio", "tone", "list")
    done(tmp_path, "audio", "tone", "siren-flood", "t.wav")
    with wave.open(str(tmp_path / "t.wav")) as file:
        assert file.getnframes() / file.getframerate() == 30


def test_what_is_no_sound_is_refused_with_the_reason_and_nothing_is_written(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 20_000, dtype=np.uint8)
    for name, data, reason in (("empty.wav", b"", "empty"), ("random.mp3", noise.tobytes(), "not_audio")):
        (tmp_path / name).write_bytes(data)
        refused = loa(tmp_path, "audio", "inspect", name, "--json")
        assert (refused.returncode, json.loads(refused.stdout)["reason"]) == (1, reason)
        assert json.loads(refused.stdout)["ok"] is False
        again = loa(tmp_path, "audio", "master", name, "out.wav")
        assert again.returncode == 1
        assert "Traceback" not in again.stderr
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("encode", "{sound}", "out", "--rendition", "opus99"), "opus16, opus8, mp3-32"),
        (("master", "{sound}", "out", "--profile", "loud"), "loud"),
        (("tone", "trumpet", "out"), "trumpet"),
        (("say", "x", "--voice", "hmn", "--out", "out"), "hmn"),
        (("say", "x", "--speed", "9", "--out", "out"), "speed"),
        (("say", " . ", "--out", "out"), "text"),
    ],
)
def test_what_there_is_not_is_refused_in_a_sentence(
    spoken: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    ended = loa(tmp_path, "audio", *(word.format(sound=spoken) for word in words))
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []
