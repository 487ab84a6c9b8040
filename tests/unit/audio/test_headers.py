import struct
from pathlib import Path

import pytest

from audio.headers import promised


def wav(declared: int, actual: int):
    return (b"RIFF" + struct.pack("<I", declared) + b"WAVE").ljust(actual, b"\0")


@pytest.mark.parametrize(
    ("declared", "actual", "expected_ms"),
    [(992, 1000, 5000), (1992, 1000, 10_000), (0xFFFFFFFF, 1000, 5000), (0, 1000, 5000), (500, 1000, 5000)],
)
def test_a_wav_file_promises_what_its_header_declares(tmp_path: Path, declared: int, actual: int, expected_ms: int):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(declared, actual))
    assert promised(path, "wav", 5000) == (expected_ms, True)


@pytest.mark.parametrize("mark", [b"Xing", b"Info", b"VBRI"])
@pytest.mark.parametrize("tag", [b"", b"ID3\x04\x00\x00" + bytes([0, 0, 40, 16]) + b"p" * (40 * 128 + 16)])
def test_an_mp3_file_that_counts_its_frames_is_exact(tmp_path: Path, mark: bytes, tag: bytes):
    path = tmp_path / "a.mp3"
    path.write_bytes(tag + b"\xff\xfb\x90\x00" + b"\0" * 32 + mark + b"\0" * 500)
    assert promised(path, "mp3", 5000) == (5000, True)


@pytest.mark.parametrize("content", [b"", b"ID3", b"\xff\xfb\x90\x00" * 100])
def test_an_mp3_file_that_does_not_is_estimated(tmp_path: Path, content: bytes):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert promised(path, "mp3", 5000) == (5000, False)


def test_raw_frames_and_unknown_durations_promise_nothing_exact(tmp_path: Path):
    assert promised(tmp_path / "a", "aac", 5000) == (5000, False)
    assert promised(tmp_path / "a", "ogg", None) == (None, False)
