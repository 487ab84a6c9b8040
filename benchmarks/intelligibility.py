"""How much of an announcement is understood in noise: as it came, only levelled, and as Loa sends it.

Vietnamese speech by eSpeak NG, three voices, in noise shaped like speech. What is compared is what an amplifier with
one peak power can give: every version is scaled to the same peak, then the same noise is added. Loa's and the levelled
version are those a speaker has after Opus at 16 kbit/s. ESTOI (by pystoi) is 0 to 1; it ranks, and counts no words.
`--plot FILE` draws the figure of docs/sound.md.
"""

import argparse
import asyncio
import io
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio import codec
from audio.horn import through_horn
from audio.mastering import master
from audio.speech.espeak import Espeak
from benchmarks.chart import Bars, drawn

RATE_HZ = 16_000
TEXT = (
    "Kính thưa toàn thể bà con nhân dân trong xã. Theo dự báo, trong hai ngày tới trên địa bàn xã sẽ có mưa to đến "
    "rất to, nguy cơ xảy ra lũ quét và sạt lở đất ở các thôn ven suối. Đề nghị bà con không qua suối khi nước đang lên."
)
VOICES = ("vi", "vi-vn-x-central", "vi-vn-x-south")
NOISES_DB = (-20.0, -14.0, -8.0)
"""Level of the noise under the amplifier's peak."""
SPEECH_HZ_DB = ((125, -8.0), (250, -5.4), (500, -2.8), (1000, -9.1), (2000, -13.7), (4000, -18.7), (8000, -26.0))
"""ANSI S3.5-1997, normal voice; both ends drawn on."""

Floats = NDArray[np.float64]
Pcm = NDArray[np.int16]
Way = Callable[[Pcm], Pcm]


def estoi(clean: Floats, heard: Floats) -> float:
    """Extended short-time objective intelligibility, 0 to 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pystoi import stoi
    return float(stoi(clean, heard, RATE_HZ, extended=True))


def speech_noise(length: int, seed: int = 11) -> Floats:
    """Noise with the long-term spectrum of speech, RMS 1."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    hz = np.maximum(np.fft.rfftfreq(length, 1 / RATE_HZ), 1)
    octaves, levels = np.log2([point[0] for point in SPEECH_HZ_DB]), [point[1] for point in SPEECH_HZ_DB]
    # Octave levels over a white spectrum: each octave holds twice the width, so 3 dB fewer a hertz.
    shape_db = np.interp(np.log2(hz), octaves, levels) - 10 * np.log10(hz / 125)
    shaped = np.fft.irfft(spectrum * 10 ** (shape_db / 20), length)
    loud: Floats = shaped / np.sqrt(np.square(shaped).mean())
    return loud


def as_it_came(pcm: Pcm) -> Pcm:
    """Nothing done, not even encoded."""
    return pcm


def levelled(pcm: Pcm) -> Pcm:
    """FFmpeg's one-pass loudnorm to the same loudness and peak as ours, then Opus."""
    chain = (("loudnorm", "I=-14:TP=-3:LRA=11"), ("aresample", str(RATE_HZ)))
    floats = np.concatenate(list(codec.filtered(codec.pieces(pcm), chain)))
    return _after_opus(np.clip(np.rint(floats * 32768), -32768, 32767).astype(np.int16))


def mastered(pcm: Pcm) -> Pcm:
    """Our chain, then Opus."""
    return _after_opus(master(pcm).pcm)


def quietened(pcm: Pcm) -> Pcm:
    """Our chain with noise reduction, then Opus."""
    return _after_opus(master(pcm, quieten=True).pcm)


WAYS: dict[str, Way] = {"as it came": as_it_came, "loudnorm": levelled, "Loa": mastered, "Loa, quietened": quietened}


def understood(
    clean: Pcm, recorded: Pcm, ways: Iterable[Way], noises_db: Iterable[float], *, horn: bool = False
) -> Floats:
    """ESTOI of each way (rows) in each noise (columns), all at the same peak of the amplifier."""
    rows = []
    for way in ways:
        reference, sent = _aligned(clean, way(recorded))
        sent = sent / np.abs(sent).max()
        noise = speech_noise(len(sent))
        out = _through(sent) if horn else sent
        rows.append([estoi(reference, out + noise * 10 ** (level / 20)) for level in noises_db])
    return np.array(rows)


def _through(sent: Floats) -> Floats:
    """What a horn gives, as loud at 1 kHz as what is sent to it."""
    driven = np.rint(sent * 32767).astype(np.int16)
    return np.concatenate(list(through_horn(codec.pieces(driven)))) / 32768 * 2


def _after_opus(pcm: Pcm) -> Pcm:
    out = io.BytesIO()
    codec.encode_opus(codec.pieces(pcm), bitrate=16_000, out=out)
    return np.concatenate(list(codec.decode(io.BytesIO(out.getvalue()))))


def _aligned(clean: Pcm, sent: Pcm) -> tuple[Floats, Floats]:
    """Both without what one of them lacks: mastering cuts silent ends, loudnorm and codecs may shift."""
    size = 1 << (len(clean) + len(sent)).bit_length()
    likeness = np.fft.irfft(np.fft.rfft(clean, size) * np.conj(np.fft.rfft(sent, size)), size)
    shift = int(np.argmax(np.abs(likeness)))
    shift = shift - size if shift > size // 2 else shift
    first, second = clean[max(0, shift) :], sent[max(0, -shift) :]
    length = min(len(first), len(second))
    return first[:length].astype(np.float64), second[:length].astype(np.float64)


def spoken(voice: str) -> Pcm:
    """The announcement, 16 kHz mono."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Espeak().speak(TEXT, voice, 1.0, Path(folder, "a.wav")))
        return np.concatenate(list(codec.decode(Path(folder, "a.wav"))))


def recorded(clean: Pcm, noise_under_db: float) -> Pcm:
    """As a telephone would: with noise of its own, at half of full scale."""
    level = np.sqrt(np.square(clean.astype(float)).mean()) * 10 ** (-noise_under_db / 20)
    noisy = clean + np.random.default_rng(5).standard_normal(len(clean)) * level
    return np.rint(noisy * 16_000 / np.abs(noisy).max()).astype(np.int16)


def main() -> None:
    """Print a table for each kind of recording and place; draw the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, help="an SVG file to write")
    chosen = parser.parse_args()
    speech = {voice: spoken(voice) for voice in VOICES}
    for place, horn, under_db in (
        ("amplifier", False, 40),
        ("through a horn", True, 40),
        ("noisy recording", False, 10),
    ):
        tables = [
            understood(clean, recorded(clean, under_db), WAYS.values(), NOISES_DB, horn=horn)
            for clean in speech.values()
        ]
        table, spread = np.mean(tables, axis=0), np.ptp(tables, axis=0).max()
        print(f"{place}, recorded {under_db} dB over its own noise; voices differ by up to {spread:.2f}")
        print(f"{'':16}" + "".join(f"{-level:>7.0f} dB" for level in NOISES_DB))
        for name, row in zip(WAYS, table, strict=True):
            print(f"{name:16}" + "".join(f"{value:10.2f}" for value in row), flush=True)
        if chosen.plot and place == "amplifier":
            groups = [f"noise {-level:.0f} dB under the peak" for level in NOISES_DB]
            bars = Bars("ESTOI: how much of the speech is understood", groups, list(WAYS)[:3], table[:3].T.tolist())
            chosen.plot.write_text(drawn(bars), encoding="utf-8")


if __name__ == "__main__":
    main()
