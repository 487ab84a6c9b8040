"""A bundle coming in over HTTP, into a file: as the whole body, or as the file of a form; with limits that hold."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from devices.wire.bundle import MAX_BUNDLE_BYTES

CHUNK_TIMEOUT_S = 30.0
"""Whoever sends nothing for this long is not waited for."""
KEEP_FREE_BYTES = 64 << 20
"""A bundle that comes in must leave this much of the disk."""
_FORM_ROOM = 65_536
_BUFFER = 1 << 20


class Refusal(Exception):
    """Why an upload was not taken; a code of `firmware_sim.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Incoming:
    """A temporary file in `folder` that grows in large steps, off the event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self._waiting = bytearray()
        self._size = 0

    async def write(self, data: bytes) -> None:
        """Raises Refusal: too_large, full."""
        self._size += len(data)
        if self._size > MAX_BUNDLE_BYTES:
            raise Refusal("too_large")
        self._waiting += data
        if len(self._waiting) >= _BUFFER:
            await self._flush()

    async def finish(self) -> BinaryIO:
        """The file, to be read from its beginning. Raises Refusal("no_file") when nothing came."""
        if not self._size:
            raise Refusal("no_file")
        await self._flush()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """The file has no name: closing it is its end."""
        self._file.close()

    async def _flush(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        # Looked at each time: others may be handing in as much just now.
        if shutil.disk_usage(self._folder).free - len(data) < KEEP_FREE_BYTES:
            raise Refusal("full")
        try:
            await asyncio.to_thread(self._file.write, data)
        except OSError as error:
            raise Refusal("full") from error


async def receive(request: Request, incoming: Incoming) -> None:
    """Read the request's body to its end. Raises Refusal: no_file, too_large, full, truncated."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > MAX_BUNDLE_BYTES + _FORM_ROOM:
        raise Refusal("too_large")
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        async for chunk in _chunks(request):
            await incoming.write(chunk)
        return
    form = _Form(options.get(b"boundary", b""))
    async for chunk in _chunks(request):
        for data in form.feed(chunk):
            await incoming.write(data)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(CHUNK_TIMEOUT_S):
                chunk = await anext(stream, None)
        except (TimeoutError, ClientDisconnect) as error:
            raise Refusal("truncated") from error
        if chunk is None:
            return
        if chunk:
            yield chunk


class _Form:
    """Finds the one file of a form; the rest is passed over."""

    def __init__(self, boundary: bytes) -> None:
        self._found: list[bytes] = []
        self._header = bytearray()
        self._value = bytearray()
        self._wanted = False
        calls: dict[str, Callable[..., None]] = {
            "on_part_begin": self._part,
            "on_header_field": lambda data, start, end: self._grow(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
            "on_header_end": self._header_ended,
            "on_part_data": self._data,
        }
        try:
            self._parser = MultipartParser(boundary, calls)  # type: ignore[arg-type]  # its own type names every key
        except (MultipartParseError, ValueError) as error:
            raise Refusal("no_file") from error

    def feed(self, chunk: bytes) -> list[bytes]:
        """What of the file is in this piece of the body."""
        self._found = []
        try:
            self._parser.write(chunk)
        except (MultipartParseError, ValueError) as error:
            raise Refusal("truncated") from error
        return self._found

    def _part(self) -> None:
        self._wanted = False
        self._header, self._value = bytearray(), bytearray()

    def _grow(self, into: bytearray, data: bytes) -> None:
        if len(into) + len(data) > _FORM_ROOM:
            raise ValueError("a header without end")
        into += data

    def _header_ended(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._wanted = options.get(b"name") == b"file"
        self._header, self._value = bytearray(), bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._found.append(data[start:end])
