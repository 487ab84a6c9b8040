"""A browser whose microphone hears a file, over and over."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

HOST = "loa.test"
"""Another name of this machine for that browser: one that is no secure context over http."""


@contextmanager
def hearing(chromium: str, flags: tuple[str, ...], sound: Path) -> Iterator[Browser]:
    """Chromium with this WAV file before its only microphone; a page still needs the permission to use it."""
    more = (
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
        f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
    )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=[*flags, *more])
        yield opened
        opened.close()


def at_peak(sound: Path, out: Path, peak_dbfs: float) -> Path:
    """The WAV file (16-bit) louder or quieter, so that its peak is this."""
    with wave.open(str(sound), "rb") as reader:
        params, raw = reader.getparams(), reader.readframes(reader.getnframes())
    samples = np.frombuffer(raw, np.int16).astype(np.float64)
    scaled = samples / np.abs(samples).max() * 32767 * 10 ** (peak_dbfs / 20)
    with wave.open(str(out), "wb") as writer:
        writer.setparams(params)
        writer.writeframes(np.round(scaled).astype(np.int16).tobytes())
    return out
