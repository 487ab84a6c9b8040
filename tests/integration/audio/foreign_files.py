"""Sound files as phones, recorders and browsers really write them, made by the encoders themselves."""

import io
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from audio import codec

Pcm = NDArray[np.int16]


class Kind(NamedTuple):
    """How one kind of file is written."""

    container: str
    encoder: str
    sample_format: str
    rate_hz: int
    bitrate: int
    options: tuple[tuple[str, str], ...] = ()
    seekable: bool = True
    always_stereo: bool = False
    tags: dict[str, str] = {}  # noqa: RUF012 - never changed


_IN_FRAGMENTS = (("movflags", "frag_keyframe+empty_moov+default_base_moof"), ("frag_duration", "1000000"))
KINDS: dict[str, Kind] = {
    "wav": Kind("wav", "pcm_s16le", "s16", 44_100, 0),
    "wav-24-bit": Kind("wav", "pcm_s24le", "s32", 48_000, 0),
    "wav-float": Kind("wav", "pcm_f32le", "flt", 48_000, 0),
    "wav-8-bit": Kind("wav", "pcm_u8", "u8", 16_000, 0),
    "wav-a-law": Kind("wav", "pcm_alaw", "s16", 8_000, 0),
    "mp3": Kind("mp3", "libmp3lame", "s16p", 44_100, 64_000),
    "mp3-32-kbit": Kind("mp3", "libmp3lame", "s16p", 22_050, 32_000),
    "mp3-variable-rate": Kind("mp3", "libmp3lame", "s16p", 44_100, 64_000, (("abr", "1"),)),
    "mp3-tagged": Kind("mp3", "libmp3lame", "s16p", 44_100, 64_000, tags={"title": "Thông báo " * 400}),
    "m4a": Kind("ipod", "aac", "fltp", 44_100, 64_000),
    "aac": Kind("adts", "aac", "fltp", 44_100, 64_000),
    "ogg-vorbis": Kind("ogg", "vorbis", "fltp", 44_100, 64_000, (("strict", "-2"),), always_stereo=True),
    "ogg-opus": Kind("ogg", "libopus", "s16", 48_000, 32_000),
    "flac": Kind("flac", "flac", "s16", 44_100, 0),
    "amr": Kind("amr", "libopencore_amrnb", "s16", 8_000, 12_200),
    # Phones send a frame of comfort noise now and then, and nothing between, while nobody speaks.
    "amr-with-pauses": Kind("amr", "libopencore_amrnb", "s16", 8_000, 12_200, (("dtx", "1"),)),
    "3gp": Kind("3gp", "libopencore_amrnb", "s16", 8_000, 12_200),
    # A browser's MediaRecorder hands out pieces as they come, so no length is ever written into the beginning.
    "webm-recorder": Kind("webm", "libopus", "s16", 48_000, 32_000, (("live", "1"),), seekable=False),
    "mp4-recorder": Kind("mp4", "aac", "fltp", 48_000, 64_000, _IN_FRAGMENTS, seekable=False),
    "mp4-opus-recorder": Kind("mp4", "libopus", "s16", 48_000, 32_000, _IN_FRAGMENTS, seekable=False),
}


class _Stream(io.RawIOBase):
    """Takes bytes in order and never goes back, like a browser's recorder."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # all that FFmpeg hands over
        self.content += bytes(data)
        return len(data)


def foreign(channels: Pcm, kind: str) -> bytes:
    """The bytes of such a file holding these 16 kHz samples: one row a channel, or just one channel."""
    made = KINDS[kind]
    rows = np.atleast_2d(channels)
    given = "stereo" if len(rows) == 2 else "mono"
    layout = "stereo" if made.always_stereo else given
    out = io.BytesIO() if made.seekable else _Stream()
    with av.open(out, "w", format=made.container, options=dict(made.options)) as target:
        target.metadata.update(made.tags)
        stream = target.add_stream(made.encoder, rate=made.rate_hz, options=dict(made.options))
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.layout = layout
        stream.codec_context.format = made.sample_format
        if made.bitrate:
            stream.codec_context.bit_rate = made.bitrate
        resampler = av.AudioResampler(format=made.sample_format, layout=layout, rate=made.rate_hz)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(rows), format="s16p", layout=given)
        frame.sample_rate = codec.RATE_HZ
        frame.pts = 0
        for resampled in (*resampler.resample(frame), *resampler.resample(None)):
            target.mux(stream.encode(resampled))
        target.mux(stream.encode(None))
    return out.getvalue() if isinstance(out, io.BytesIO) else bytes(out.content)
