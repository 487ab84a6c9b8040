"""Sounds: uploaded, or spoken from a text; listened to before they go on air."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import Field

from audio.models import AudioAsset, Rendition
from audio.renditions import RENDITIONS
from audio.service import PreparedAsset
from base.errors import NotFound
from server.acts import acting
from server.api.shapes import PROBLEMS, Id, Limit, Moment, Name, Page, Shown, Strict, page_of
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.runtime import Runtime

router = APIRouter(prefix="/assets", tags=["assets"], responses=PROBLEMS)

Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]
_MEDIA_TYPES = {spec.codec: spec.media_type for spec in RENDITIONS}


class RenditionOut(Shown):
    """One encoding, served to devices under /content/{sha256} while an order names it."""

    codec: str
    sha256: str
    size: int
    duration_ms: int


class AssetOut(Shown):
    """A mastered sound."""

    id: str
    commune_id: str
    title: str
    original_name: str
    duration_ms: int
    lufs: float
    true_peak_dbtp: float
    source: str
    language: str | None
    text: str | None
    voice: str | None
    created_at: Moment
    created_by: str | None
    renditions: list[RenditionOut] = Field(default_factory=list)


class SpokenText(Strict):
    """A text to be spoken. voice: null for the language's first; speed: 1.0 is a clear outdoor pace."""

    place_id: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: str
    language: Annotated[str, Field(max_length=16)] = "vi"
    voice: Annotated[str | None, Field(max_length=64)] = None
    speed: float = 1.0


@router.post("", status_code=201, responses={413: {"description": "Larger than allowed; refused while it streams in"}})
async def upload(
    *,
    who: Writer,
    runtime: RuntimeOf,
    file: Annotated[UploadFile, File(description="WAV, MP3, M4A, OGG, FLAC, …")],
    place_id: Annotated[Name, Form()],
    title: Annotated[str, Form(min_length=1, max_length=200)],
    language: Annotated[str | None, Form(max_length=16)] = None,
) -> AssetOut:
    """Check, master and encode a sound file."""
    who.require(Permission.WRITE_ANNOUNCEMENT, place_id)
    prepared = await prepare_upload(runtime, file, language=language)
    return await _save(runtime, who, prepared, place_id, title)


@router.post("/speech", status_code=201)
async def speak(body: SpokenText, who: Writer, runtime: RuntimeOf) -> AssetOut:
    """Speak a text."""
    who.require(Permission.WRITE_ANNOUNCEMENT, body.place_id)
    prepared = await runtime.audio.prepare_text(body.text, language=body.language, voice=body.voice, speed=body.speed)
    return await _save(runtime, who, prepared, body.place_id, body.title)


@router.get("")
async def recent(
    who: Viewer,
    runtime: RuntimeOf,
    place_id: Annotated[Name, Query()],
    before: Annotated[Id | None, Query()] = None,
    limit: Limit = 50,
) -> Page[AssetOut]:
    """A place's sounds, newest first."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.audio.list_recent(session, place_id, limit + 1, before)
        renditions = await runtime.audio.renditions(session, [asset.id for asset in found])
    return page_of(found, [_shown(asset, renditions[asset.id]) for asset in found], limit, "id")


@router.get("/{asset_id}")
async def get(asset_id: Id, who: Viewer, runtime: RuntimeOf) -> AssetOut:
    """One sound."""
    asset, renditions = await _find(runtime, who, asset_id)
    return _shown(asset, renditions)


@router.get("/{asset_id}/audio", response_class=FileResponse)
async def listen(asset_id: Id, who: Viewer, runtime: RuntimeOf) -> FileResponse:
    """The sound itself, in the best encoding, for listening in a browser."""
    _, renditions = await _find(runtime, who, asset_id)
    if not renditions:
        raise NotFound("audio.asset_unknown", asset_id=asset_id)
    best = renditions[0]
    return FileResponse(
        runtime.audio.rendition_path(best.sha256),
        media_type=_MEDIA_TYPES[best.codec],
        headers={"ETag": f'"{best.sha256}"', "Cache-Control": "private, max-age=86400"},
    )


async def prepare_upload(runtime: Runtime, file: UploadFile, *, language: str | None = None) -> PreparedAsset:
    """Master what a form brought; `BodyLimit` has seen to its size. Raises Refused or Unavailable."""
    with TemporaryDirectory(dir=runtime.uploads) as folder:
        path = Path(folder) / "upload"
        await run_in_threadpool(_copy, file, path)
        return await runtime.audio.prepare_upload(path, file.filename or "", language=language)


def _copy(file: UploadFile, path: Path) -> None:
    file.file.seek(0)
    with path.open("wb") as out:
        shutil.copyfileobj(file.file, out, 1 << 20)


async def _save(runtime: Runtime, who: Who, prepared: PreparedAsset, place_id: str, title: str) -> AssetOut:
    async with acting(runtime, who) as act:
        asset = await runtime.audio.save(act.session, prepared, commune_id=place_id, title=title, user_id=who.id)
        await act.done("add_sound", f"asset/{asset.id}", place_id, source=asset.source, sha256=asset.original_sha256)
        renditions = (await runtime.audio.renditions(act.session, [asset.id]))[asset.id]
    return _shown(asset, renditions)


async def _find(runtime: Runtime, who: Who, asset_id: str) -> tuple[AudioAsset, list[Rendition]]:
    async with runtime.database.reading() as session:
        asset = await runtime.audio.get(session, asset_id)
        who.require(Permission.VIEW, asset.commune_id)
        renditions = await runtime.audio.renditions(session, [asset_id])
    return asset, renditions[asset_id]


def _shown(asset: AudioAsset, renditions: list[Rendition]) -> AssetOut:
    shown = AssetOut.model_validate(asset)
    return shown.model_copy(update={"renditions": [RenditionOut.model_validate(each) for each in renditions]})
