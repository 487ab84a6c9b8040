"""A file that somebody sent becomes a sound of a commune: at once, or in the background."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import UploadFile
from fastapi.concurrency import run_in_threadpool

from audio.models import AudioAsset
from audio.progress import Progress, unheard
from audio.service import PreparedAsset
from server.acts import acting
from server.auth.permissions import Permission
from server.auth.who import Who
from server.runtime import Runtime
from server.sound_work import Work

LONG_BYTES = 5_000_000
"""A file over this size is taken for a long sound: a minute of WAV, ten minutes of what a phone records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a file is to become."""

    place_id: str
    title: str
    language: str | None = None
    profile: str = "voice"
    quieten: bool = False
    source: str = "upload"
    start_ms: int | None = None
    end_ms: int | None = None
    target: str = ""
    """The announcement that is to get the sound as another language."""


async def prepare_now(runtime: Runtime, who: Who, file: UploadFile, wish: Wish) -> AudioAsset:
    """Master and keep what a form brought; `BodyLimit` has seen to its size. Raises Refused, Forbidden, Unavailable."""
    who.require(Permission.WRITE_ANNOUNCEMENT, wish.place_id)
    with _staged(runtime) as path:
        await run_in_threadpool(_copy, file, path)
        async with runtime.sound_work.turn(is_long=_is_long(path)):
            prepared = await _prepare(runtime, path, file.filename, wish)
    return await keep(runtime, who, prepared, wish.place_id, wish.title)


async def prepare_later(runtime: Runtime, who: Who, file: UploadFile, wish: Wish) -> Work:
    """The same in the background. Raises Forbidden, TooMany."""
    who.require(Permission.WRITE_ANNOUNCEMENT, wish.place_id)
    runtime.sound_work.check_room(wish.place_id, who.id)
    folder = Path(tempfile.mkdtemp(dir=runtime.uploads))
    path = folder / "upload"

    async def make(progress: Progress) -> PreparedAsset:
        return await _prepare(runtime, path, file.filename, wish, progress)

    async def then(prepared: PreparedAsset) -> str:
        return (await keep(runtime, who, prepared, wish.place_id, wish.title)).id

    def release() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    try:
        await run_in_threadpool(_copy, file, path)
        work = Work(name=wish.title, place_id=wish.place_id, user_id=who.id, target=wish.target, is_long=_is_long(path))
        return runtime.sound_work.start(work, make, then, release)
    except BaseException:
        release()
        raise


async def keep(runtime: Runtime, who: Who, prepared: PreparedAsset, place_id: str, title: str) -> AudioAsset:
    """Write what was prepared as a sound of this commune, audited."""
    async with acting(runtime, who) as act:
        asset = await runtime.audio.save(act.session, prepared, commune_id=place_id, title=title, user_id=who.id)
        await act.done("add_sound", f"asset/{asset.id}", place_id, source=asset.source, sha256=asset.original_sha256)
    return asset


async def _prepare(
    runtime: Runtime, path: Path, name: str | None, wish: Wish, progress: Progress = unheard
) -> PreparedAsset:
    return await runtime.audio.prepare_upload(
        path,
        name or "",
        source=wish.source,
        language=wish.language,
        profile=wish.profile,
        quieten=wish.quieten,
        start_ms=wish.start_ms,
        end_ms=wish.end_ms,
        progress=progress,
    )


def _is_long(path: Path) -> bool:
    return path.stat().st_size > LONG_BYTES


@contextmanager
def _staged(runtime: Runtime) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=runtime.uploads) as folder:
        yield Path(folder) / "upload"


def _copy(file: UploadFile, path: Path) -> None:
    file.file.seek(0)
    with path.open("wb") as out:
        shutil.copyfileobj(file.file, out, 1 << 20)
