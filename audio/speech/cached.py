"""An engine that remembers: a text is synthesised once, however many ask for it, at once or later."""

import asyncio
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from audio.speech.cache import SpeechCache
from audio.speech.port import SpeechEngine, Voice


@dataclass(slots=True)
class _Synthesis:
    """One synthesis, for all who asked for it; its folder lives until the last of them has a copy."""

    folder: "tempfile.TemporaryDirectory[str]"
    task: asyncio.Task[Path]
    waiting: int = 0


class CachedEngine:
    """Another engine with a cache before it."""

    def __init__(self, engine: SpeechEngine, cache: SpeechCache) -> None:
        self._engine = engine
        self._cache = cache
        self._under_way: dict[str, _Synthesis] = {}

    @property
    def name(self) -> str:
        """The engine's own."""
        return self._engine.name

    def voices(self) -> list[Voice]:
        """The engine's own."""
        return self._engine.voices()

    def version(self, voice_id: str) -> str:
        """The engine's own."""
        return self._engine.version(voice_id)

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write the WAV file; an engine's error goes to everyone who was waiting for the same.

        When all who wait are cancelled the synthesis is too.
        """
        key = cache_key(self.name, self.version(voice_id), voice_id, speed, text)
        synthesis = self._under_way.get(key)
        if synthesis is None:
            folder = self._cache.workplace()
            task = asyncio.create_task(self._made(key, text, voice_id, speed, Path(folder.name) / "speech.wav"))
            synthesis = self._under_way[key] = _Synthesis(folder, task)
        synthesis.waiting += 1
        try:
            wav = await asyncio.shield(synthesis.task)
            await asyncio.to_thread(shutil.copyfile, wav, out)
        finally:
            synthesis.waiting -= 1
            if not synthesis.waiting:
                del self._under_way[key]
                await _end(synthesis)

    async def _made(self, key: str, text: str, voice_id: str, speed: float, wav: Path) -> Path:
        """The finished file, from the cache or by synthesis."""
        if not await asyncio.to_thread(self._cache.take, key, wav):
            await self._engine.speak(text, voice_id, speed, wav)
            await asyncio.to_thread(self._cache.keep, key, wav)
        return wav


async def _end(synthesis: _Synthesis) -> None:
    """Leave neither a running synthesis nor a file of it behind."""
    synthesis.task.cancel()
    await asyncio.wait({synthesis.task})
    if not synthesis.task.cancelled():
        synthesis.task.exception()  # whoever waited has seen it; a cancelled waiter need not
    await asyncio.to_thread(synthesis.folder.cleanup)


def cache_key(engine: str, version: str, voice_id: str, speed: float, text: str) -> str:
    """A name for everything the sound depends on: 64 hexadecimal figures."""
    parts = json.dumps([engine, version, voice_id, round(speed, 3), text])
    return hashlib.sha256(parts.encode()).hexdigest()
