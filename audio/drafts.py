"""Texts spoken to be listened to, kept for a while: what is used is then what was heard, and is made once."""

import asyncio
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from audio.renditions import RENDITIONS
from audio.service import AudioService, PreparedAsset, Spoken
from base.errors import NotFound, Unavailable

KEPT_S = 900.0
MOST_KEPT = 20
MOST_UNDER_WAY, MOST_OF_ONE_PERSON = 8, 3
_FIRST_HEARD = RENDITIONS[0].codec


class Wish(NamedTuple):
    """All that a spoken sound depends on, and whose it is to be."""

    place_id: str
    text: str
    spoken: str
    language: str
    voice: str
    speed: float

    @property
    def key(self) -> str:
        """A name for it: 64 hexadecimal figures."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()


@dataclass(slots=True)
class _Draft:
    wish: Wish
    user_id: str
    folder: "tempfile.TemporaryDirectory[str]"
    began_s: float
    task: "asyncio.Task[Spoken]" = field(init=False)
    audible: asyncio.Event = field(default_factory=asyncio.Event)
    """The first rendition is there, or nothing will come."""
    held: int = 0
    """How many are reading its files."""

    @property
    def path(self) -> Path:
        return Path(self.folder.name)

    @property
    def sound(self) -> Path:
        return self.path / _FIRST_HEARD


class Drafts:
    """Sounds no database knows of, in a folder that is emptied at every start of the server."""

    def __init__(self, audio: AudioService, folder: Path, clock_s: Callable[[], float] = time.monotonic) -> None:
        """`clock_s`: seconds that never run backwards."""
        self._audio = audio
        self._folder = folder
        self._clock_s = clock_s
        self._drafts: dict[str, _Draft] = {}

    def start(self, wish: Wish, user_id: str) -> str:
        """Begin to speak, unless that was begun before; its key. Raises Unavailable while too many are under way."""
        key = wish.key
        if key not in self._drafts:
            self._check_room(user_id)
            self._forget()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=self._folder, prefix="draft-", ignore_cleanup_errors=True)
            draft = self._drafts[key] = _Draft(wish, user_id, folder, self._clock_s())
            draft.task = asyncio.create_task(self._speak(draft), name="draft")
            draft.task.add_done_callback(lambda task: self._ended(draft, task))
        return key

    async def heard(self, key: str, place_id: str) -> Path:
        """The file in the best encoding, as soon as it is whole.

        Raises NotFound when it is no longer kept or another place's, or why the text could not be spoken.
        """
        draft = self._find(key, place_id)
        await draft.audible.wait()
        if not draft.sound.is_file():
            await self._finished(draft)
            raise NotFound("audio.draft_gone", minutes=round(KEPT_S / 60))
        return draft.sound

    async def take(self, key: str, place_id: str) -> PreparedAsset:
        """The whole sound, put into the store. Raises the same."""
        draft = self._find(key, place_id)
        draft.held += 1
        try:
            return await self._audio.keep_spoken(await self._finished(draft))
        finally:
            draft.held -= 1

    async def close(self) -> None:
        """End what is under way and remove every file."""
        drafts = list(self._drafts.values())
        for draft in drafts:
            draft.task.cancel()
        await asyncio.gather(*(draft.task for draft in drafts), return_exceptions=True)
        for draft in drafts:
            self._drop(draft)

    async def _speak(self, draft: _Draft) -> Spoken:
        def listen(_share: float) -> None:
            if draft.sound.exists():
                draft.audible.set()

        wish = draft.wish
        try:
            return await self._audio.speak_into(
                draft.path,
                wish.text,
                spoken=wish.spoken,
                language=wish.language,
                voice=wish.voice,
                speed=wish.speed,
                progress=listen,
            )
        finally:
            (draft.path / "raw").unlink(missing_ok=True)

    def _ended(self, draft: _Draft, task: "asyncio.Task[Spoken]") -> None:
        """Who waits is told; what failed is not kept, so that it can be tried again."""
        draft.audible.set()
        if task.cancelled() or task.exception() is not None:
            self._drop(draft)

    async def _finished(self, draft: _Draft) -> Spoken:
        try:
            return await asyncio.shield(draft.task)
        except asyncio.CancelledError:
            if draft.task.cancelled():
                raise NotFound("audio.draft_gone", minutes=round(KEPT_S / 60)) from None
            raise

    def _find(self, key: str, place_id: str) -> _Draft:
        draft = self._drafts.get(key)
        if draft is None or draft.wish.place_id != place_id:
            raise NotFound("audio.draft_gone", minutes=round(KEPT_S / 60))
        return draft

    def _check_room(self, user_id: str) -> None:
        under_way = [draft for draft in self._drafts.values() if not draft.task.done()]
        theirs = sum(draft.user_id == user_id for draft in under_way)
        if len(under_way) >= MOST_UNDER_WAY or theirs >= MOST_OF_ONE_PERSON:
            raise Unavailable("audio.drafts_busy", limit=MOST_OF_ONE_PERSON)

    def _forget(self) -> None:
        """Remove what is old, and the oldest where there are too many."""
        oldest_s = self._clock_s() - KEPT_S
        idle = [draft for draft in self._drafts.values() if draft.task.done() and not draft.held]
        for draft in idle:  # in the order in which they were begun
            if draft.began_s <= oldest_s or len(self._drafts) >= MOST_KEPT:
                self._drop(draft)

    def _drop(self, draft: _Draft) -> None:
        if self._drafts.get(draft.wish.key) is draft:
            del self._drafts[draft.wish.key]
        draft.folder.cleanup()
