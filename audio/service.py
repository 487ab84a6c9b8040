"""What the rooms above may ask of sound: prepare an upload or a text, save it, find it, hear it."""

import asyncio
import threading
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audio import preview, repository
from audio.ingest import decode_upload
from audio.limits import AudioLimits
from audio.models import AssetReport, AudioAsset, Rendition
from audio.profiles import PROFILES
from audio.progress import Progress, part, unheard
from audio.renditions import EVERYWHERE, RENDITIONS
from audio.report import Figures, Inspection, SoundReport
from audio.speech import choice
from audio.speech.port import SpeechEngine, Voice
from audio.spoken_vi import speak
from audio.store import ContentStore
from audio.trim import Trim
from audio.workers import WorkerFailed, WorkerTimeout, run_worker
from base.errors import NotFound, Refused, Unavailable
from base.ids import new_id
from base.times import Clock

TITLE_LIMIT = 200
_NAME_LIMIT = 255
_DECODING_SHARE = 0.15
_NOT_KEPT = {"renditions", "report"}
"""Of what was prepared: kept in rows of their own."""
_WHOLE = Trim()
_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_NOTHING_SPOKEN = {"audio.silent", "audio.too_short", "audio.not_audio", "audio.empty"}


@dataclass(frozen=True, slots=True)
class PreparedRendition:
    """One encoding, already in the store."""

    codec: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PreparedAsset:
    """A finished sound whose bytes are in the store and which no database knows yet."""

    original_name: str
    original_sha256: str
    mastered_sha256: str
    duration_ms: int
    lufs: float
    true_peak_dbtp: float
    renditions: tuple[PreparedRendition, ...]
    source: str
    report: SoundReport
    language: str | None = None
    text: str | None = None
    spoken: str | None = None
    voice: str | None = None
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text spoken, mastered and encoded into a folder, of which the store knows nothing yet."""

    folder: Path
    original: Path
    described: Mapping[str, Any]
    """Of `PreparedAsset`, all but what the store names."""


class AudioService:
    """The slow part (`prepare_…`) needs no database; `save` and the readers need nothing else."""

    def __init__(
        self, store: ContentStore, limits: AudioLimits, engines: Mapping[str, SpeechEngine], clock: Clock
    ) -> None:
        self._store = store
        self._limits = limits
        self._engines = engines
        self._clock = clock
        self._places = asyncio.Semaphore(limits.workers)
        self._text_places = asyncio.Semaphore(limits.workers)
        """Of their own, so that who waits to hear a text does not wait for hours of recordings."""

    def voices(self) -> list[Voice]:
        """Every voice there is, the preferred of each language first."""
        return [voice for engine in self._engines.values() for voice in engine.voices()]

    async def prepare_upload(
        self,
        path: Path,
        original_name: str,
        *,
        source: str = "upload",
        language: str | None = None,
        profile: str = "voice",
        quieten: bool = False,
        start_ms: int | None = None,
        end_ms: int | None = None,
        progress: Progress = unheard,
    ) -> PreparedAsset:
        """Check, master and encode a file, which stays the caller's. Raises Refused with the reason, or Unavailable.

        `quieten` reduces steady noise. From `start_ms` to `end_ms`: only that part of it; the original is kept whole.
        `progress` is told the share that is done, 0 to 1: the first 0 when the work begins, which may be after others'.
        A cancelled call ends the work and leaves nothing.
        """
        if profile not in PROFILES:
            raise Refused("audio.profile_unknown", profile=profile)
        name = _plain(original_name)[-_NAME_LIMIT:] or "?"
        trim = Trim(start_ms or 0, end_ms)
        trim.check(name)
        self._check_room()
        async with self._places:
            progress(0.0)
            with self._store.workplace() as folder:
                made = await self._make(path, folder, name, profile, quieten=quieten, trim=trim, progress=progress)
                kept = await asyncio.to_thread(self._keep, path, folder)
        return PreparedAsset(original_name=name, source=source, language=language, **made, **kept)

    def spoken_form(
        self,
        text: str,
        *,
        language: str = "vi",
        voice: str | None = None,
        dictionary: Mapping[str, str] = _NO_WORDS,
    ) -> str:
        """What this voice will say of a text. Raises Refused. Only Vietnamese is said otherwise than it is written."""
        checked, accent = choice.check_text(text), choice.accent_of(voice)
        said = speak(checked, dictionary=dictionary, accent=accent) if language == "vi" else checked
        if not said.strip():
            raise Refused("audio.text_unspeakable")
        return choice.check_text(said)

    async def prepare_text(
        self,
        text: str,
        *,
        spoken: str | None = None,
        dictionary: Mapping[str, str] = _NO_WORDS,
        language: str = "vi",
        voice: str | None = None,
        speed: float = 1.0,
        profile: str = "voice",
    ) -> PreparedAsset:
        """Speak a text, then treat it like an upload. Raises Refused or Unavailable.

        spoken: what to say, when somebody has looked at the spoken form; otherwise it is made with `dictionary`.
        """
        with self._store.workplace() as folder:
            made = await self.speak_into(
                folder,
                text,
                spoken=spoken,
                dictionary=dictionary,
                language=language,
                voice=voice,
                speed=speed,
                profile=profile,
            )
            return await self.keep_spoken(made)

    async def speak_into(
        self,
        folder: Path,
        text: str,
        *,
        spoken: str | None = None,
        dictionary: Mapping[str, str] = _NO_WORDS,
        language: str = "vi",
        voice: str | None = None,
        speed: float = 1.0,
        profile: str = "voice",
        progress: Progress = unheard,
    ) -> Spoken:
        """The same, left in the caller's folder: the first of RENDITIONS appears there first, whole.

        A cancelled call leaves half of its files behind.
        """
        written = choice.check_text(text)
        self._check_room()
        if spoken is None:
            said = self.spoken_form(text, language=language, voice=voice, dictionary=dictionary)
        else:
            said = choice.check_text(spoken)
        choice.check_speed(speed)
        engine, chosen = choice.find_voice(self._engines.values(), language, voice)
        name, wav = f"{chosen.id}.wav", folder / "speech.wav"
        await engine.speak(said, chosen.id, speed, wav)
        async with self._text_places:
            try:
                made = await self._make(wav, folder, name, profile, progress=progress)
            except Refused as refusal:
                if refusal.code in _NOTHING_SPOKEN:
                    raise Refused("audio.text_unspeakable") from refusal
                raise
        told = {"original_name": name, "source": "speech", "language": language}
        words = {"text": written, "spoken": said, "voice": chosen.id, "speed": speed}
        return Spoken(folder, wav, {**told, **words, **made})

    async def keep_spoken(self, made: Spoken) -> PreparedAsset:
        """Put what was spoken into the store; its folder stays the caller's."""
        kept = await asyncio.to_thread(self._keep, made.original, made.folder)
        return PreparedAsset(**made.described, **kept)

    async def save(
        self, session: AsyncSession, prepared: PreparedAsset, *, commune_id: str, title: str, user_id: str | None
    ) -> AudioAsset:
        """Write what was prepared; the caller commits. Raises Refused for a wrong title."""
        heading = _plain(title).strip()
        if not 1 <= len(heading) <= TITLE_LIMIT:
            raise Refused("audio.title_wrong", limit=TITLE_LIMIT)
        described = {
            field.name: getattr(prepared, field.name) for field in fields(prepared) if field.name not in _NOT_KEPT
        }
        asset = AudioAsset(
            id=new_id(),
            commune_id=commune_id,
            title=heading,
            created_at=self._clock(),
            created_by=user_id,
            **described,
        )
        renditions = [
            Rendition(
                asset_id=asset.id,
                codec=made.codec,
                sha256=made.sha256,
                size=made.size,
                duration_ms=prepared.duration_ms,
            )
            for made in prepared.renditions
        ]
        report = AssetReport(asset_id=asset.id, report=prepared.report.to_map())
        await repository.add(session, asset, renditions, report)
        return asset

    async def report(self, session: AsyncSession, asset_id: str) -> SoundReport | None:
        """What was found in a sound and what became of it; None for one kept before there were reports."""
        row = await repository.report(session, asset_id)
        return None if row is None else SoundReport.from_map(row.report)

    async def found_report(self, session: AsyncSession, asset_id: str) -> SoundReport:
        """The same. Raises NotFound for a sound kept before there were reports."""
        report = await self.report(session, asset_id)
        if report is None:
            raise NotFound("audio.report_unknown", asset_id=asset_id)
        return report

    async def get(self, session: AsyncSession, asset_id: str) -> AudioAsset:
        """One asset. Raises NotFound."""
        asset = await repository.asset(session, asset_id)
        if asset is None:
            raise NotFound("audio.asset_unknown", asset_id=asset_id)
        return asset

    async def list_recent(
        self, session: AsyncSession, commune_id: str, limit: int, before: str | None = None
    ) -> list[AudioAsset]:
        """A commune's assets, newest first; `before` is the id of the last one already seen."""
        return await repository.recent(session, commune_id, limit, before)

    async def renditions(
        self, session: AsyncSession, asset_ids: Collection[str], codecs: Collection[str] = EVERYWHERE
    ) -> dict[str, list[Rendition]]:
        """The renditions of each asset in these codecs, best first; an unknown asset has none."""
        found: dict[str, list[Rendition]] = {asset_id: [] for asset_id in asset_ids}
        order = {spec.codec: place for place, spec in enumerate(RENDITIONS)}
        for rendition in await repository.renditions(session, asset_ids):
            if rendition.codec in codecs:
                found[rendition.asset_id].append(rendition)
        for each in found.values():
            each.sort(key=lambda rendition: order.get(rendition.codec, len(order)))
        return found

    def rendition_path(self, sha256: str) -> Path:
        """The file of a rendition, for listening to it. Raises NotFound."""
        try:
            path: Path | None = self._store.path(sha256)
        except ValueError:
            path = None
        if path is None or not path.is_file():
            raise NotFound("audio.content_unknown", sha256=sha256)
        return path

    async def write_preview(
        self, pieces: Sequence[preview.Piece], out: Path, *, horn: bool = False, skim: bool = False
    ) -> None:
        """Write a FLAC file of what a speaker makes of these; see `audio.preview.write_preview`.

        A cancelled call ends the work and leaves a file of no use.
        """
        stop = threading.Event()
        try:
            await asyncio.to_thread(preview.write_preview, pieces, out, horn=horn, skim=skim, stopped=stop.is_set)
        finally:
            stop.set()

    def _check_room(self) -> None:
        free = self._store.free_bytes()
        if free < self._limits.spare_bytes:
            raise Unavailable(
                "audio.store_full", free_mb=free // 1_000_000, needed_mb=self._limits.spare_bytes // 1_000_000
            )

    async def _make(
        self,
        path: Path,
        folder: Path,
        name: str,
        profile: str,
        *,
        quieten: bool = False,
        trim: Trim = _WHOLE,
        progress: Progress = unheard,
    ) -> dict[str, Any]:
        raw = folder / "raw"
        verdict = await decode_upload(
            path, raw, name=name, limits=self._limits, trim=trim, progress=part(progress, 0, _DECODING_SHARE)
        )
        request = {
            "raw": raw,
            "folder": folder,
            "profile": profile,
            "quieten": quieten,
            "memory_mb": self._limits.master_memory_mb,
            "cpu_s": self._limits.master_timeout_s,
        }
        answer = await self._master(request, name, part(progress, _DECODING_SHARE, 1))
        return _described(verdict.inspection, Figures(**answer["figures"]))

    async def _master(self, request: dict[str, Any], name: str, progress: Progress) -> dict[str, Any]:
        try:
            answer = await run_worker(
                "audio.mastering_worker", request, timeout_s=self._limits.master_timeout_s, progress=progress
            )
        except (WorkerFailed, WorkerTimeout) as error:
            raise Unavailable("audio.mastering_failed", name=name) from error
        if not answer["ok"]:
            raise Refused(answer["code"], name=name)
        return answer

    def _keep(self, original: Path, folder: Path) -> dict[str, Any]:
        """Put original, mastered sound and renditions into the store: the only step that leaves something behind."""
        made = tuple(
            PreparedRendition(
                spec.codec, self._store.put_file(folder / spec.codec), (folder / spec.codec).stat().st_size
            )
            for spec in RENDITIONS
        )
        return {
            "renditions": made,
            "mastered_sha256": self._store.put_file(folder / "mastered.flac"),
            "original_sha256": self._store.put_file(original),
        }


def _plain(words: str) -> str:
    """Without what no database keeps and no screen shows: control characters, halves of letters."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in words)


def _described(before: Inspection, after: Figures) -> dict[str, Any]:
    return {
        "lufs": after.lufs,
        "true_peak_dbtp": after.true_peak_dbtp,
        "duration_ms": after.duration_ms,
        "report": SoundReport(before, after),
    }
