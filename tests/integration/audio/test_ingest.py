"""Foreign bytes: good files are taken, everything else is refused with its reason, and nothing hangs or crashes."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from audio.ingest import Verdict, decode_upload
from audio.limits import AudioLimits
from base.errors import Refused
from tests.integration.audio.conftest import Encoder, Pcm

Taker = Callable[..., Awaitable[Verdict]]
Refuser = Callable[..., Awaitable[str]]
LIMITS = AudioLimits(decode_timeout_s=20)


@pytest.fixture
def taken(tmp_path: Path):
    """Decode these bytes as an upload; returns the verdict."""

    async def take(content: bytes, limits: AudioLimits = LIMITS, name: str = "a.mp3"):
        (tmp_path / name).write_bytes(content)
        return await decode_upload(tmp_path / name, tmp_path / "raw", name=name, limits=limits)

    return take


@pytest.fixture
def refused(taken: Taker):
    """Decode these bytes as an upload that must be refused; returns the code."""

    async def refuse(content: bytes, limits: AudioLimits = LIMITS):
        with pytest.raises(Refused) as caught:
            await taken(content, limits)
        assert caught.value.params["name"] == "a.mp3"
        return caught.value.code

    return refuse


async def test_a_good_file_is_decoded_whatever_its_name(taken: Taker, encoded: Encoder, speech: Pcm, tmp_path: Path):
    verdict = await taken(encoded(speech, "m4a"))
    assert verdict.samples == pytest.approx(len(speech), abs=1600)
    assert (tmp_path / "raw").stat().st_size == verdict.samples * 2
    assert verdict.damaged == 0


@pytest.mark.parametrize("kind", ["mp3", "wav", "flac", "webm"])
async def test_half_a_file_is_told_apart_from_a_whole_one(kind: str, refused: Refuser, encoded: Encoder, speech: Pcm):
    content = encoded(speech, kind)
    assert await refused(content[: len(content) // 2]) == "audio.truncated"


async def test_half_an_m4a_cannot_be_read_at_all(refused: Refuser, encoded: Encoder, speech: Pcm):
    content = encoded(speech, "m4a")
    assert await refused(content[: len(content) // 2]) == "audio.not_audio"


async def test_an_empty_file(refused: Refuser):
    assert await refused(b"") == "audio.empty"


@pytest.mark.parametrize(
    "content",
    [
        "Kính thưa bà con ".encode() * 1000,
        b"%PDF-1.7\n" + bytes(range(256)) * 50,
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        bytes(100_000),
        b"\xff" * 100_000,
        b"#EXTM3U\n#EXTINF:9,\n/etc/hostname\n",
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
    ],
)
async def test_what_is_no_sound(content: bytes, refused: Refuser):
    assert await refused(content) == "audio.not_audio"


@pytest.mark.parametrize("seed", range(4))
async def test_random_bytes(seed: int, refused: Refuser):
    assert await refused(random.Random(seed).randbytes(400_000)) == "audio.not_audio"


@pytest.mark.parametrize(("kind", "every"), [("mp3", 50), ("m4a", 5000), ("flac", 50), ("webm", 5000)])
async def test_flipped_bits_are_survived_or_refused(kind: str, every: int, taken: Taker, encoded: Encoder, speech: Pcm):
    dice = random.Random(every)
    content = bytearray(encoded(speech, kind))
    for _ in range(max(1, len(content) // every)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    try:
        verdict = await taken(bytes(content))
    except Refused as refusal:
        assert refusal.code in {"audio.not_audio", "audio.truncated", "audio.damaged", "audio.duration_mismatch"}  # noqa: PT017 - either outcome is right
    else:
        assert verdict.samples > len(speech) / 2


async def test_silence(refused: Refuser, encoded: Encoder):
    assert await refused(encoded(np.zeros(48_000, np.int16), "wav")) == "audio.silent"


async def test_a_click_is_too_short(refused: Refuser, encoded: Encoder, speech: Pcm):
    assert await refused(encoded(speech[16_000:17_600], "wav")) == "audio.too_short"


async def test_a_small_file_of_endless_silence_is_stopped_at_the_limit(
    refused: Refuser, encoded: Encoder, tmp_path: Path
):
    content = encoded(np.zeros(16_000 * 600, np.int16), "flac", rate_hz=16_000)
    assert len(content) < 150_000
    assert await refused(content, AudioLimits(max_duration_s=30)) == "audio.too_long"
    assert (tmp_path / "raw").stat().st_size < 40 * 32_000


async def test_a_file_over_the_size_limit_is_not_even_opened(refused: Refuser, encoded: Encoder, speech: Pcm):
    assert await refused(encoded(speech, "wav"), AudioLimits(max_bytes=1000)) == "audio.too_large"


async def test_a_worker_that_may_have_no_memory_is_a_refusal_not_a_crash(
    refused: Refuser, encoded: Encoder, speech: Pcm
):
    assert await refused(encoded(speech, "mp3"), AudioLimits(decode_memory_mb=60)) == "audio.decode_failed"


async def test_a_worker_that_takes_too_long_is_killed(refused: Refuser, encoded: Encoder, speech: Pcm):
    limits = AudioLimits(decode_timeout_s=0)
    assert await refused(encoded(speech, "mp3"), limits) == "audio.decode_timeout"
