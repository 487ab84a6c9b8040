"""Sounds: uploaded, or spoken from a text; listened to before they go on air."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Header, Query, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field

from audio.models import AudioAsset, Rendition
from audio.renditions import RENDITIONS
from audio.report import SoundReport
from base.errors import NotFound
from server.api import sound_work
from server.api.shapes import PROBLEMS, Id, Limit, Moment, Name, Page, Shown, Strict, page_of
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.runtime import Runtime
from server.uploads import Wish, keep, prepare_later, prepare_now

router = APIRouter(prefix="/assets", tags=["assets"], responses=PROBLEMS)

Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,16}$")]
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


class FiguresOut(Shown):
    """What a sound measures. clarity: 0 to 1, an estimate that ranks versions of one recording."""

    lufs: float
    true_peak_dbtp: float
    duration_ms: int
    clarity: float
    speech_to_noise_db: float


class WarningOut(BaseModel):
    """What is wrong: clipping, long_silence, very_quiet, mostly_noise, out_of_phase or music_like."""

    kind: str
    spans_ms: list[tuple[int, int]] = Field(description="Start and end of each place, at most 50")


class ReportOut(BaseModel):
    """A sound as it came in (of a recording: the part that was chosen), and mastered."""

    before: FiguresOut
    after: FiguresOut
    warnings: list[WarningOut]


class AssetWithReport(AssetOut):
    """A mastered sound and what became of it; report: null for one of before there were reports."""

    report: ReportOut | None = None


class WaveformOut(BaseModel):
    """Lowest and highest sample of each of at most 1,000 equal columns of what came in, -128 to 127."""

    duration_ms: int
    lowest: list[int]
    highest: list[int]


class UploadForm(BaseModel):
    """The fields beside the file. start_ms, end_ms: take only this part of it; quieten: reduce steady noise."""

    place_id: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    language: Language | None = None
    profile: Literal["voice", "music", "relay"] = "voice"
    quieten: bool = False
    source: Literal["upload", "recording"] = "upload"
    start_ms: Whole | None = None
    end_ms: Whole | None = None


class SpokenText(Strict):
    """A text to be spoken. voice: null for the language's first; speed: 1.0 is a clear outdoor pace.

    spoken: what to say, word for word; null: the spoken form of the text, made with the commune's dictionary.
    """

    place_id: Name
    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: str
    spoken: str | None = None
    language: Annotated[str, Field(max_length=16)] = "vi"
    voice: Annotated[str | None, Field(max_length=64)] = None
    speed: float = 1.0


@router.post(
    "",
    status_code=201,
    response_model=AssetOut,
    responses={
        202: {"model": sound_work.WorkOut, "description": "Being prepared; Location says where to look"},
        413: {"description": "Larger than allowed; refused while it streams in"},
        429: {"description": "Too much of this person or this place is being prepared"},
    },
)
async def upload(
    *,
    request: Request,
    who: Writer,
    runtime: RuntimeOf,
    file: Annotated[UploadFile, File(description="WAV, MP3, M4A, OGG, FLAC, AMR, 3GP, WEBM, …")],
    form: Annotated[UploadForm, Form()],
    prefer: Annotated[str, Header(description="respond-async: answer 202 at once")] = "",
) -> AssetOut | JSONResponse:
    """Check, master and encode a sound file, or a part of it. An hour of sound takes minutes: prefer respond-async."""
    wish = Wish(**form.model_dump())
    if not _prefers_async(prefer):
        return await _whole(runtime, await prepare_now(runtime, who, file, wish))
    work = await prepare_later(runtime, who, file, wish)
    headers = {"Location": f"/api/v1/sound-work/{work.id}", "Preference-Applied": "respond-async"}
    return JSONResponse(sound_work.shown(request, runtime, work).model_dump(mode="json"), 202, headers)


@router.post("/speech", status_code=201)
async def speak(body: SpokenText, who: Writer, runtime: RuntimeOf) -> AssetOut:
    """Speak a text."""
    who.require(Permission.WRITE_ANNOUNCEMENT, body.place_id)
    async with runtime.database.reading() as session:
        own = await runtime.dictionary.words(session, who.places.commune_of(body.place_id) or body.place_id)
    prepared = await runtime.audio.prepare_text(
        body.text, spoken=body.spoken, dictionary=own, language=body.language, voice=body.voice, speed=body.speed
    )
    return await _whole(runtime, await keep(runtime, who, prepared, body.place_id, body.title))


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
async def get(asset_id: Id, who: Viewer, runtime: RuntimeOf) -> AssetWithReport:
    """One sound, with what was found in it and what became of it."""
    asset, renditions = await _find(runtime, who, asset_id)
    report = await _report(runtime, asset_id)
    shown = AssetWithReport(**_shown(asset, renditions).model_dump())
    return shown if report is None else shown.model_copy(update={"report": _told(report)})


@router.get("/{asset_id}/waveform")
async def waveform(asset_id: Id, who: Viewer, runtime: RuntimeOf) -> WaveformOut:
    """The outline of what came in, for drawing it."""
    await _find(runtime, who, asset_id)
    async with runtime.database.reading() as session:
        report = await runtime.audio.found_report(session, asset_id)
    lowest, highest = report.before.waveform
    return WaveformOut(duration_ms=report.before.figures.duration_ms, lowest=list(lowest), highest=list(highest))


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


def _prefers_async(prefer: str) -> bool:
    """RFC 7240: preferences separated by commas, each with parameters after a semicolon."""
    return any(each.partition(";")[0].strip().lower() == "respond-async" for each in prefer.split(","))


async def _whole(runtime: Runtime, asset: AudioAsset) -> AssetOut:
    async with runtime.database.reading() as session:
        renditions = await runtime.audio.renditions(session, [asset.id])
    return _shown(asset, renditions[asset.id])


async def _report(runtime: Runtime, asset_id: str) -> SoundReport | None:
    async with runtime.database.reading() as session:
        return await runtime.audio.report(session, asset_id)


def _told(report: SoundReport) -> ReportOut:
    before, after = FiguresOut.model_validate(report.before.figures), FiguresOut.model_validate(report.after)
    warnings = [WarningOut(kind=kind.value, spans_ms=list(spans)) for kind, spans in report.before.warnings]
    return ReportOut(before=before, after=after, warnings=warnings)


async def _find(runtime: Runtime, who: Who, asset_id: str) -> tuple[AudioAsset, list[Rendition]]:
    async with runtime.database.reading() as session:
        asset = await runtime.audio.get(session, asset_id)
        who.require(Permission.VIEW, asset.commune_id)
        renditions = await runtime.audio.renditions(session, [asset_id])
    return asset, renditions[asset_id]


def _shown(asset: AudioAsset, renditions: list[Rendition]) -> AssetOut:
    shown = AssetOut.model_validate(asset)
    return shown.model_copy(update={"renditions": [RenditionOut.model_validate(each) for each in renditions]})
