"""Parts of stored contents, for devices that are sent them in blocks."""

import asyncio

from audio.store import ContentStore


class StoredBytes:
    """`devices.blocks.ContentBytes` on the content store; files are read in a thread."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store

    async def read(self, sha256: str, offset: int, length: int) -> bytes | None:
        """At most `length` bytes from `offset` on; None when the content is not here."""
        return await asyncio.to_thread(self._read, sha256, offset, length)

    def _read(self, sha256: str, offset: int, length: int) -> bytes | None:
        try:
            with self._store.open(sha256) as file:
                file.seek(offset)
                return file.read(length)
        except (OSError, ValueError):
            return None
