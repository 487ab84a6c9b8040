"""Previews that were made, kept for a while: each made once however many ask, within a bound, the unused ones gone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

MOST_BYTES = 2_000_000_000
"""Some twenty hours of sound; the one asked for last is kept even when it is larger."""
AT_ONCE = 2
"""Made at the same time: a core is left for the server."""

Make = Callable[[Path], Awaitable[None]]


class PreviewFiles:
    """Files in `folder`, named by a key that says everything about their content; the folder is this one's alone."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._places = asyncio.Semaphore(AT_ONCE)
        self._sizes: dict[Path, int] = {}
        """Of what is kept, the longest unused first."""
        self._making: dict[Path, asyncio.Task[None]] = {}

    def sweep(self) -> None:
        """Remove whatever is there; at a start, before anybody asks."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in self._folder.iterdir():
            path.unlink(missing_ok=True)

    async def get(self, key: str, make: Make) -> Path:
        """The file of this key, whole. `make` is called when it is not there; its error is raised to all who wait.

        Who no longer waits, as browsers do that ask again for a part of it, does not end the making.
        """
        path = self._folder / f"{key}.flac"
        # Asked before looking it up: while this waits, it may have made room for another.
        if await asyncio.to_thread(path.exists) and path in self._sizes:
            self._sizes[path] = self._sizes.pop(path)
            return path
        if path not in self._making:
            task = asyncio.create_task(self._make(path, make), name=f"preview {key}")
            self._making[path] = task
            task.add_done_callback(lambda done: self._over(path, done))
        await asyncio.shield(self._making[path])
        return path

    def _over(self, path: Path, task: asyncio.Task[None]) -> None:
        del self._making[path]
        if not task.cancelled():
            task.exception()  # seen, should nobody wait any more

    async def _make(self, path: Path, make: Make) -> None:
        unfinished = path.with_suffix(".unfinished")
        async with self._places:
            try:
                await make(unfinished)
                self._sizes[path] = await asyncio.to_thread(_rename, unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
        await asyncio.to_thread(_remove, self._too_many())

    def _too_many(self) -> list[Path]:
        """Takes out the longest unused until the bound holds, but for the newest."""
        gone: list[Path] = []
        while len(self._sizes) > 1 and sum(self._sizes.values()) > self._most_bytes:
            gone.append(next(iter(self._sizes)))
            del self._sizes[gone[-1]]
        return gone


def _rename(unfinished: Path, path: Path) -> int:
    unfinished.replace(path)
    return path.stat().st_size


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
