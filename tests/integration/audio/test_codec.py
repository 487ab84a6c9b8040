import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio import codec
from tests.integration.audio.conftest import Encoder, Pcm

KINDS = ["wav", "mp3", "m4a", "aac", "ogg", "flac", "webm"]


def whole(source: codec.Source):
    return np.concatenate(list(codec.decode(source)))


def likeness(decoded: Pcm, original: Pcm):
    """Correlation of the loudness envelopes, 1 for the same speech; AAC may begin with 1,024 samples of silence."""
    return max(_likeness(decoded[lag:], original) for lag in (0, 341))


def _likeness(first: Pcm, second: Pcm):
    length = min(len(first), len(second)) // 800 * 800
    envelopes = [
        np.sqrt(np.square(pcm[:length].astype(float)).reshape(-1, 800).mean(axis=1)) for pcm in (first, second)
    ]
    return np.corrcoef(envelopes)[0, 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_gives_back_the_same_speech(kind: str, channels: int, encoded: Encoder, speech: Pcm):
    decoded = whole(io.BytesIO(encoded(speech, kind, channels=channels)))
    assert len(decoded) == pytest.approx(len(speech), abs=16_000 * 0.1)
    assert likeness(decoded, speech) > 0.97


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 44_100])
def test_every_rate_keeps_the_duration(rate_hz: int, encoded: Encoder, speech: Pcm):
    decoded = whole(io.BytesIO(encoded(speech, "wav", rate_hz=rate_hz)))
    assert len(decoded) == pytest.approx(len(speech), abs=160)


def test_a_probe_says_what_the_file_is(encoded: Encoder, speech: Pcm, tmp_path: Path):
    path = tmp_path / "a.mp3"
    path.write_bytes(encoded(speech, "mp3", rate_hz=44_100, channels=2))
    about = codec.probe(path)
    assert (about.container, about.rate_hz, about.channels) == ("mp3", 44_100, 2)
    assert about.duration_ms == pytest.approx(len(speech) / 16, abs=100)


@pytest.mark.parametrize("content", [b"", b"Xin ch\xc3\xa0o", b"\x00" * 5000, b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_sound_is_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(codec.CodecError):
        whole(path)


def test_sound_in_an_encoding_nobody_knows_is_refused(encoded: Encoder, speech: Pcm):
    """Found by fuzzing: FFmpeg names the stream and has no decoder for it."""
    content = bytearray(encoded(speech, "wav"))
    content[20:22] = b"\xfe\xca"  # wFormatTag
    with pytest.raises(codec.CodecError):
        codec.probe(io.BytesIO(content))


def test_sound_of_more_channels_than_can_be_mixed_is_refused(encoded: Encoder, speech: Pcm):
    """Found by fuzzing."""
    content = bytearray(encoded(speech, "wav"))
    content[22:24] = (81).to_bytes(2, "little")
    content[32:34] = (162).to_bytes(2, "little")
    with pytest.raises(codec.CodecError):
        whole(io.BytesIO(content))


def test_a_play_list_never_makes_us_read_another_file(encoded: Encoder, speech: Pcm, tmp_path: Path):
    (tmp_path / "secret.wav").write_bytes(encoded(speech, "wav"))
    playlist = tmp_path / "a.m3u8"
    for text in (
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.wav\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.wav\n",
    ):
        playlist.write_text(text)
        with pytest.raises(codec.CodecError):
            whole(playlist)


def test_a_file_name_is_never_taken_for_a_protocol(
    encoded: Encoder, speech: Pcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "concat:a.wav").write_bytes(encoded(speech, "wav"))
    assert len(whole("concat:a.wav")) > 0


def test_a_missing_file_is_missing(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        whole(tmp_path / "none.wav")


@pytest.mark.parametrize("bitrate", [16_000, 8000])
def test_opus_has_its_bit_rate_keeps_the_duration_and_the_speech(bitrate: int, speech: Pcm):
    out = io.BytesIO()
    codec.encode_opus(codec.pieces(speech), bitrate=bitrate, out=out)
    assert len(out.getvalue()) * 8 / (len(speech) / 16_000) == pytest.approx(bitrate, rel=0.2)
    decoded = whole(io.BytesIO(out.getvalue()))
    assert len(decoded) == len(speech)
    assert likeness(decoded, speech) > 0.97


def test_the_same_samples_give_the_same_bytes_however_they_are_cut(speech: Pcm):
    def encoding(encode: Callable[..., None], size: int, **options: Any):
        out = io.BytesIO()
        encode(codec.pieces(speech, size), out=out, **options)
        return out.getvalue()

    assert encoding(codec.encode_opus, 32_000, bitrate=16_000) == encoding(codec.encode_opus, 777, bitrate=16_000)
    assert encoding(codec.encode_flac, 32_000) == encoding(codec.encode_flac, 777)


def test_flac_loses_nothing(speech: Pcm):
    out = io.BytesIO()
    codec.encode_flac(codec.pieces(speech), out=out)
    assert np.array_equal(whole(io.BytesIO(out.getvalue())), speech)


def test_wav_loses_nothing(speech: Pcm):
    out = io.BytesIO()
    codec.write_wav(codec.pieces(speech), out=out)
    assert np.array_equal(whole(io.BytesIO(out.getvalue())), speech)


@pytest.mark.parametrize("start_ms", [0, 1, 399, 401, 2500, 7777])
def test_a_player_resumes_where_it_was(start_ms: int, speech: Pcm, tmp_path: Path):
    path = tmp_path / "a.ogg"
    with path.open("wb") as out:
        codec.encode_opus(codec.pieces(speech), bitrate=16_000, out=out)
    whole_file = np.concatenate(list(codec.decode_file(path))).astype(float)
    resumed = np.concatenate(list(codec.decode_file(path, start_ms))).astype(float)
    expected = whole_file[start_ms * 16 :]
    assert len(resumed) == len(expected)
    if start_ms:
        # The decoder settles anew after a seek, so its samples differ a little.
        assert np.corrcoef(resumed[:16_000], expected[:16_000])[0, 1] > 0.95


def test_resuming_past_the_end_gives_nothing(speech: Pcm, tmp_path: Path):
    path = tmp_path / "a.ogg"
    with path.open("wb") as out:
        codec.encode_opus(codec.pieces(speech), bitrate=16_000, out=out)
    assert sum(len(chunk) for chunk in codec.decode_file(path, len(speech) // 16 + 5000)) == 0


def test_filters_keep_the_length(speech: Pcm):
    filtered = np.concatenate(list(codec.filtered(codec.pieces(speech), [("volume", "0.5")])))
    assert len(filtered) == len(speech)
    assert np.allclose(filtered, speech / 65536, atol=1e-4)


def test_mp3_has_its_bit_rate_says_its_duration_and_keeps_the_speech(speech: Pcm, tmp_path: Path):
    path = tmp_path / "a.mp3"
    for cut in (32_000, 777):
        with path.with_suffix(f".{cut}").open("wb") as out:
            codec.encode_mp3(codec.pieces(speech, cut), bitrate=32_000, out=out)
    assert path.with_suffix(".777").read_bytes() == path.with_suffix(".32000").read_bytes()
    path.write_bytes(path.with_suffix(".777").read_bytes())
    about = codec.probe(path)
    assert (about.container, about.rate_hz, about.channels) == ("mp3", 22_050, 1)
    assert about.duration_ms == pytest.approx(len(speech) / 16, abs=2)
    assert path.stat().st_size * 8 / (len(speech) / 16_000) == pytest.approx(32_000, rel=0.02)
    decoded = whole(path)
    assert len(decoded) == pytest.approx(len(speech), abs=2)
    assert likeness(decoded, speech) > 0.97
    assert b"Lavf6" not in path.read_bytes()[:400]  # no version of the writer


def test_channels_are_kept_apart_when_asked_for(encoded: Encoder, speech: Pcm):
    content = encoded(speech, "flac", channels=2)
    shown: list[tuple[tuple[int, ...], int]] = []
    chunks = list(codec.decode_channels(io.BytesIO(content), tap=lambda frame, hz: shown.append((frame.shape, hz))))
    both = np.concatenate(chunks, axis=1)
    assert both.shape == (2, pytest.approx(len(speech), abs=2))
    assert np.array_equal(both[0], both[1])
    assert {(shape[0], hz) for shape, hz in shown} == {(2, 48_000)}
    assert np.concatenate(list(codec.decode_channels(io.BytesIO(encoded(speech, "flac")))), axis=1).shape[0] == 1
