import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import SQLModel

from audio import codec
from audio.limits import AudioLimits
from audio.loudness import measure
from audio.models import AssetReport, AudioAsset, Rendition
from audio.preview import Recording, Silence, ToneSound
from audio.service import AudioService, PreparedAsset
from audio.speech.espeak import Espeak
from audio.spoken_vi import speak
from audio.store import ContentStore
from audio.tones import TONES
from base.errors import NotFound, Refused, Unavailable
from tests.integration.audio.conftest import ANNOUNCEMENT, Encoder, Pcm
from tests.support.until import until

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path):
    return ContentStore(tmp_path / "content")


@pytest.fixture
def service(store: ContentStore):
    return AudioService(store, AudioLimits(), {"espeak": Espeak()}, lambda: NOW)


async def test_no_sound_is_begun_when_the_disk_is_nearly_full(store: ContentStore, tmp_path: Path):
    service = AudioService(store, AudioLimits(spare_bytes=1 << 62), {"espeak": Espeak()}, lambda: NOW)
    (tmp_path / "a.wav").write_bytes(b"whatever it is")
    with pytest.raises(Unavailable) as upload:
        await service.prepare_upload(tmp_path / "a.wav", "a.wav")
    with pytest.raises(Unavailable) as text:
        await service.prepare_text("Xin chào")
    assert upload.value.code == text.value.code == "audio.store_full"
    assert not [path for path in store.root.rglob("*") if path.is_file()]


@pytest.fixture
async def session(tmp_path: Path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'loa.sqlite'}")
    async with engine.begin() as connection:
        tables = [AudioAsset.__table__, Rendition.__table__, AssetReport.__table__]
        await connection.run_sync(lambda sync: SQLModel.metadata.create_all(sync, tables=tables))
    async with AsyncSession(engine, expire_on_commit=False) as opened:
        yield opened
    await engine.dispose()


@pytest.fixture(scope="module")
def prepared_once(tmp_path_factory: pytest.TempPathFactory, encoded: Encoder, speech: Pcm):
    """A prepared upload of an MP3 file, with the folder of that file and of the store it went into."""
    folder = tmp_path_factory.mktemp("prepared")
    path = folder / "thong-bao.mp3"
    path.write_bytes(encoded(speech, "mp3", rate_hz=44_100, channels=2))
    service = AudioService(ContentStore(folder / "content"), AudioLimits(), {}, lambda: NOW)
    return asyncio.run(service.prepare_upload(path, "thông báo.mp3")), folder


@pytest.fixture
def upload(prepared_once: tuple[PreparedAsset, Path], store: ContentStore, tmp_path: Path):
    """The same in a store of this test's own."""
    prepared, folder = prepared_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return prepared


def leftovers(store: ContentStore):
    return list((store.root / "incoming").iterdir())


async def test_an_upload_becomes_levelled_renditions_in_the_store(
    upload: PreparedAsset, store: ContentStore, speech: Pcm
):
    assert upload.duration_ms == pytest.approx(len(speech) / 16, abs=700)
    assert upload.lufs == pytest.approx(-14, abs=0.7)
    assert upload.true_peak_dbtp <= -3
    assert [made.codec for made in upload.renditions] == ["opus16", "opus8", "mp3-32"]
    for made in upload.renditions:
        pcm = np.concatenate(list(codec.decode_file(store.path(made.sha256))))
        assert len(pcm) // 16 == upload.duration_ms
        assert measure(pcm)[0] == pytest.approx(-14, abs=1.5)
        assert store.path(made.sha256).stat().st_size == made.size
    mastered = np.concatenate(list(codec.decode_file(store.path(upload.mastered_sha256))))
    assert measure(mastered)[0] == pytest.approx(upload.lufs, abs=0.02)
    assert leftovers(store) == []


async def test_the_original_is_kept_and_the_callers_file_stays(
    upload: PreparedAsset, store: ContentStore, tmp_path: Path
):
    path = tmp_path / "thong-bao.mp3"
    assert store.path(upload.original_sha256).read_bytes() == path.read_bytes()


async def test_the_same_upload_gives_the_same_content(
    upload: PreparedAsset, service: AudioService, store: ContentStore, tmp_path: Path
):
    files = sorted(store.root.rglob("*"))
    again = await service.prepare_upload(tmp_path / "thong-bao.mp3", "khác.mp3")
    assert again.renditions == upload.renditions
    assert again.mastered_sha256 == upload.mastered_sha256
    assert sorted(store.root.rglob("*")) == files


async def test_a_refused_upload_leaves_nothing(service: AudioService, store: ContentStore, tmp_path: Path):
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no sound" * 100)
    with pytest.raises(Refused) as caught:
        await service.prepare_upload(path, "a.mp3")
    assert caught.value.code == "audio.not_audio"
    assert [found for found in store.root.rglob("*") if found.is_file()] == []
    assert leftovers(store) == []


async def test_what_is_only_hum_is_refused_as_silent(service: AudioService, encoded: Encoder, tmp_path: Path):
    path = tmp_path / "hum.wav"
    at = np.arange(48_000) / 16_000
    path.write_bytes(encoded((40 * np.sin(2 * np.pi * 30 * at)).astype(np.int16), "wav"))
    with pytest.raises(Refused) as caught:
        await service.prepare_upload(path, "hum.wav")
    assert caught.value.code == "audio.silent"


async def test_a_cancelled_upload_leaves_nothing(
    service: AudioService, store: ContentStore, encoded: Encoder, speech: Pcm, tmp_path: Path
):
    path = tmp_path / "a.wav"
    path.write_bytes(encoded(np.tile(speech, 8), "wav"))
    task = asyncio.create_task(service.prepare_upload(path, "a.wav"))
    await until(lambda: bool(leftovers(store)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [found for found in store.root.rglob("*") if found.is_file()] == []


async def test_a_text_is_said_as_the_commune_says_it_or_as_somebody_wrote(service: AudioService):
    words = {"NVH": "nhà văn hóa"}
    assert service.spoken_form("Họp ở NVH lúc 19h", dictionary=words) == "Họp ở nhà văn hóa lúc mười chín giờ"
    assert service.spoken_form("Meet at 7", language="en") == "Meet at 7"
    made = await service.prepare_text("Họp lúc 19h", spoken="Mời bà con đi họp", speed=1.2)
    assert (made.text, made.spoken, made.speed) == ("Họp lúc 19h", "Mời bà con đi họp", 1.2)


async def test_a_text_becomes_speech(service: AudioService):
    prepared = await service.prepare_text(ANNOUNCEMENT, voice="vi-vn-x-central")
    assert (prepared.source, prepared.language, prepared.voice) == ("speech", "vi", "vi-vn-x-central")
    assert prepared.text == ANNOUNCEMENT
    assert prepared.spoken == speak(ANNOUNCEMENT)
    assert 10_000 < prepared.duration_ms < 30_000
    assert prepared.lufs == pytest.approx(-14, abs=0.7)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"text": "  "}, "audio.text_empty"),
        ({"text": "a" * 20_001}, "audio.text_too_long"),
        ({"text": "xin chào", "language": "hmn"}, "audio.voice_unknown"),
        ({"text": "xin chào", "speed": 9.0}, "audio.speed_wrong"),
        ({"text": "."}, "audio.text_unspeakable"),
    ],
)
async def test_a_text_that_cannot_be_spoken_is_refused(service: AudioService, arguments: dict[str, Any], code: str):
    with pytest.raises(Refused) as caught:
        await service.prepare_text(**arguments)
    assert caught.value.code == code


async def test_a_saved_asset_is_found_again_with_its_renditions(
    service: AudioService, upload: PreparedAsset, session: AsyncSession
):
    asset = await service.save(session, upload, commune_id="bao-nhai", title="  Tin lũ ", user_id=None)
    await session.commit()
    session.expunge_all()
    found = await service.get(session, asset.id)
    assert (found.title, found.created_at, found.original_name) == ("Tin lũ", NOW, "thông báo.mp3")
    by_asset = await service.renditions(session, [asset.id, "unknown"])
    assert [rendition.codec for rendition in by_asset[asset.id]] == ["opus16", "opus8"]
    assert by_asset["unknown"] == []
    assert await service.report(session, asset.id) == upload.report
    assert await service.report(session, "unknown") is None
    assert service.rendition_path(by_asset[asset.id][0].sha256).read_bytes()[:4] == b"OggS"


async def test_the_newest_come_first_and_each_once_from_page_to_page(
    service: AudioService, upload: PreparedAsset, session: AsyncSession
):
    saved = [
        await service.save(session, upload, commune_id="bao-nhai", title=f"Tin {number}", user_id=None)
        for number in range(5)
    ]
    await service.save(session, upload, commune_id="khac", title="Tin khác", user_id=None)
    expected = sorted((asset.id for asset in saved), reverse=True)
    first = await service.list_recent(session, "bao-nhai", 3)
    second = await service.list_recent(session, "bao-nhai", 3, first[-1].id)
    assert [asset.id for asset in first + second] == expected


@pytest.mark.parametrize("title", ["", "   ", "a" * 201])
async def test_a_title_must_say_something_short(
    service: AudioService, upload: PreparedAsset, session: AsyncSession, title: str
):
    with pytest.raises(Refused) as caught:
        await service.save(session, upload, commune_id="bao-nhai", title=title, user_id=None)
    assert caught.value.code == "audio.title_wrong"


async def test_what_does_not_exist_is_not_found(service: AudioService, session: AsyncSession):
    with pytest.raises(NotFound):
        await service.get(session, "01J0000000000000000000000")
    for sha256 in ("0" * 64, "../../etc/passwd"):
        with pytest.raises(NotFound):
            service.rendition_path(sha256)


async def test_a_preview_sounds_tone_silence_and_rendition(
    service: AudioService, upload: PreparedAsset, tmp_path: Path
):
    out = tmp_path / "preview.flac"
    kept = upload.renditions[0]
    recording = Recording(service.rendition_path(kept.sha256), upload.duration_ms)
    await service.write_preview([ToneSound(TONES["chime"].segments), Silence(500), recording], out)
    pcm = np.concatenate(list(codec.decode(out)))
    assert len(pcm) == (1_500 + 500 + upload.duration_ms) * 16
    assert not pcm[1500 * 16 : 2000 * 16].any()
    assert np.abs(pcm[: 1500 * 16]).max() > 8000


async def test_a_preview_nobody_wants_any_more_ends(service: AudioService, tmp_path: Path):
    out = tmp_path / "preview.flac"
    making = asyncio.create_task(service.write_preview([Silence(7_200_000)], out, horn=True))
    async with asyncio.timeout(60):
        while not (out.exists() and out.stat().st_size):  # noqa: ASYNC110 - a thread has no event of ours
            await asyncio.sleep(0.001)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await asyncio.get_running_loop().shutdown_default_executor()
    # What was begun was closed whole, and is far shorter.
    assert (codec.probe(out).duration_ms or 0) < 7_000_000
