"""Of a recording only the part that was chosen is mastered; all that is told of it is told of that part."""

from pathlib import Path

import numpy as np
import pytest

from audio.limits import AudioLimits
from audio.service import AudioService
from audio.store import ContentStore
from base.errors import Refused
from base.times import utc_now
from tests.integration.audio.conftest import Encoder, Pcm


@pytest.fixture
def service(tmp_path: Path) -> AudioService:
    return AudioService(ContentStore(tmp_path / "content"), AudioLimits(), {}, utc_now)


@pytest.fixture
def recording(tmp_path: Path, encoded: Encoder, speech: Pcm) -> Path:
    """Two seconds clipped, then ten of good speech, as a browser's recorder keeps it."""
    clipped = np.clip(speech[:32_000].astype(np.int32) * 40, -32768, 32767).astype(np.int16)
    path = tmp_path / "recording.webm"
    path.write_bytes(encoded(np.concatenate((clipped, speech[: 16_000 * 10] // 2)), "wav"))
    return path


async def test_only_the_part_is_mastered_and_reported(service: AudioService, recording: Path):
    whole = await service.prepare_upload(recording, "a.wav")
    part = await service.prepare_upload(recording, "a.wav", source="recording", start_ms=2_500, end_ms=9_500)

    assert part.report.before.figures.duration_ms == pytest.approx(7_000, abs=1)
    assert part.duration_ms <= 7_000
    assert part.lufs == pytest.approx(-14, abs=0.7)
    assert "clipping" in {each.kind for each in whole.report.before.warnings}
    assert part.report.before.warnings == ()
    assert part.original_sha256 == whole.original_sha256


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ((-5, 1_000), "audio.trim_wrong"),
        ((3_000, 2_000), "audio.trim_wrong"),
        ((0, 2**62), "audio.trim_wrong"),
        ((60_000, None), "audio.trim_outside"),
        ((1_000, 60_000), "audio.trim_outside"),
        ((1_000, 1_100), "audio.too_short"),
    ],
)
async def test_a_part_that_is_not_there_is_refused_and_nothing_kept(
    service: AudioService, recording: Path, tmp_path: Path, part: tuple[int, int | None], code: str
):
    with pytest.raises(Refused) as caught:
        await service.prepare_upload(recording, "a.wav", start_ms=part[0], end_ms=part[1])
    assert caught.value.code == code
    assert [path for path in (tmp_path / "content").rglob("*") if path.is_file()] == []
