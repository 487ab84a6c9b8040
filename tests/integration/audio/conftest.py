"""Real sounds for the tests of this folder: Vietnamese speech from the engine itself, files from real encoders."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from audio import codec
from audio.speech.espeak import Espeak

ANNOUNCEMENT = (
    "Kính thưa toàn thể bà con nhân dân trong xã. Theo dự báo, trong hai ngày tới trên địa bàn xã sẽ có mưa to đến "
    "rất to, nguy cơ xảy ra lũ quét và sạt lở đất ở các thôn ven suối. Đề nghị bà con không qua suối khi nước đang lên."
)

Pcm = NDArray[np.int16]
Encoder = Callable[..., bytes]

_CONTAINERS = {
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "wav": ("wav", "pcm_s16le", "s16"),
    "m4a": ("ipod", "aac", "fltp"),
    "aac": ("adts", "aac", "fltp"),
    "ogg": ("ogg", "libopus", "s16"),
    "flac": ("flac", "flac", "s16"),
    "webm": ("webm", "libopus", "s16"),
}


@pytest.fixture(scope="session")
def speech_wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spoken announcement of 10 to 30 s, as eSpeak NG writes it (22,050 Hz)."""
    out = tmp_path_factory.mktemp("speech") / "announcement.wav"
    asyncio.run(Espeak().speak(ANNOUNCEMENT, "vi", 1.0, out))
    return out


@pytest.fixture(scope="session")
def speech(speech_wav: Path) -> Pcm:
    """The same announcement at 16 kHz mono."""
    return np.concatenate(list(codec.decode(speech_wav)))


@pytest.fixture(scope="session")
def encoded() -> Encoder:
    """`encoded(pcm, "mp3", rate_hz=44100, channels=2)`: the bytes of a file a real encoder made."""

    def encode(pcm: Pcm, kind: str, *, rate_hz: int = 48_000, channels: int = 1, bitrate: int = 64_000) -> bytes:
        container_format, codec_name, sample_format = _CONTAINERS[kind]
        layout = "stereo" if channels == 2 else "mono"
        out = io.BytesIO()
        with av.open(out, "w", format=container_format) as target:
            stream = target.add_stream(codec_name, rate=rate_hz)
            assert isinstance(stream, av.AudioStream)
            stream.codec_context.layout = layout
            stream.codec_context.format = sample_format
            stream.codec_context.bit_rate = bitrate
            resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
            frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = codec.RATE_HZ
            for resampled in (*resampler.resample(frame), *resampler.resample(None)):
                target.mux(stream.encode(resampled))
            target.mux(stream.encode(None))
        return out.getvalue()

    return encode
