"""Files as phones, recorders and browsers write them are taken whole and without a false warning."""

from pathlib import Path

import numpy as np
import pytest

from audio.checks import WarningKind
from audio.ingest import decode_upload
from audio.limits import AudioLimits
from base.errors import Refused
from tests.integration.audio.conftest import Pcm
from tests.integration.audio.foreign_files import KINDS, foreign
from tests.integration.audio.test_codec import likeness

RATE_HZ = 16_000
AMR_NO_DATA = b"\x7c"
"""A whole frame of 20 ms in one byte: nothing was received (3GPP TS 26.101, frame type 15)."""


async def upload(content: bytes, tmp_path: Path, limits: AudioLimits | None = None):
    """(verdict, samples) of an upload of these bytes."""
    path, raw = tmp_path / "upload", tmp_path / "raw"
    path.write_bytes(content)
    verdict = await decode_upload(path, raw, name="a", limits=limits or AudioLimits())
    return verdict, np.fromfile(raw, "<i2")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_of_every_kind_is_taken_whole(kind: str, speech: Pcm, tmp_path: Path):
    quieter = speech[: 6 * RATE_HZ] // 2
    verdict, pcm = await upload(foreign(quieter, kind), tmp_path)
    assert len(pcm) == verdict.samples == pytest.approx(len(quieter), abs=RATE_HZ // 20)
    assert max(likeness(pcm[lag:], quieter) for lag in (0, 200, 400, 600)) > 0.96
    assert verdict.damaged == 0
    assert verdict.inspection.warnings == ()
    assert len(verdict.inspection.waveform.highest) == pytest.approx(600, abs=10)


@pytest.mark.parametrize("kind", ["m4a", "mp3", "webm-recorder"])
async def test_a_stereo_file_is_taken_as_its_sum(kind: str, speech: Pcm, tmp_path: Path):
    _, pcm = await upload(foreign(np.array([speech // 2, speech // 4]), kind), tmp_path)
    assert max(likeness(pcm[lag:], speech) for lag in (0, 341)) > 0.96
    assert np.abs(pcm.astype(int)).max() < 20_000


async def test_channels_that_cancel_each_other_become_one_of_them(speech: Pcm, tmp_path: Path):
    turned = np.array([speech // 4, -(speech // 2)])
    verdict, pcm = await upload(foreign(turned, "flac"), tmp_path)
    assert [warning.kind for warning in verdict.inspection.warnings] == [WarningKind.OUT_OF_PHASE]
    assert likeness(pcm, speech) > 0.99
    assert np.abs(pcm.astype(int)).max() == pytest.approx(16_384, rel=0.02)
    assert max(verdict.inspection.waveform.highest) > 100 / 2


async def test_a_recorders_file_that_ends_early_keeps_what_was_recorded(speech: Pcm, tmp_path: Path):
    """It promises no length; a browser that is closed leaves just this."""
    content = foreign(speech, "webm-recorder")
    cut = np.concatenate([speech, speech])
    with pytest.raises(Refused) as refusal:
        await upload(foreign(cut, "mp3")[: len(content) // 2], tmp_path)
    assert refusal.value.code == "audio.truncated"
    verdict, _ = await upload(content[: len(content) // 2], tmp_path)
    assert verdict.decoded_ms == pytest.approx(len(speech) / 32, rel=0.1)


async def test_hours_of_nothing_in_a_small_file_end_at_the_limit(tmp_path: Path):
    content = b"#!AMR\n" + AMR_NO_DATA * 3_000_000  # 16 hours and 40 minutes
    with pytest.raises(Refused) as refusal:
        await upload(content, tmp_path, AudioLimits(max_duration_s=120))
    assert refusal.value.code == "audio.too_long"
    assert (tmp_path / "raw").stat().st_size <= (120 + 2) * 2 * RATE_HZ


async def test_how_far_it_has_come_is_told(speech: Pcm, tmp_path: Path):
    path = tmp_path / "upload"
    path.write_bytes(foreign(np.tile(speech, 3), "mp3"))
    told: list[float] = []
    await decode_upload(path, tmp_path / "raw", name="a", limits=AudioLimits(), progress=told.append)
    assert len(told) > 10
    assert told == sorted(told)
    assert 0.85 < told[-1] <= 1


async def test_the_pauses_a_phone_does_not_send_are_kept(speech: Pcm, tmp_path: Path):
    pause = np.random.default_rng(1).integers(-20, 20, RATE_HZ * 4).astype(np.int16)
    paused = np.concatenate([speech[: RATE_HZ * 3], pause, speech[: RATE_HZ * 3]])
    content = foreign(paused, "amr-with-pauses")
    assert len(content) < 0.8 * len(foreign(paused, "amr"))
    verdict, _ = await upload(content, tmp_path)
    assert verdict.decoded_ms == pytest.approx(10_000, abs=100)
