"""A content server that serves Range requests and misbehaves on demand."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class ContentServer:
    """`faults` are taken one a request, in order, then it serves well: cut N bytes, status, corrupt, whole, long."""

    contents: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    sent_bytes: int = 0
    pace_s: float = 0.0
    open_now: int = 0
    most_open: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/content"

    def put(self, data: bytes) -> bytes:
        sha = hashlib.sha256(data).digest()
        self.contents[sha.hex()] = data
        return sha

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self.open_now -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        name = head[0].split()[1].rsplit("/", 1)[-1]
        wanted = next((line.split(":", 1)[1].strip() for line in head if line.lower().startswith("range:")), "")
        self.requests.append((name, wanted))
        fault = self.faults.pop(0) if self.faults else ""
        data = self.contents.get(name)
        if fault.isdigit() and int(fault) >= 400:
            data = None
        if data is None:
            status = fault or "404"
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        start = int(wanted[6:-1]) if wanted and fault != "whole" else 0
        await self._send(writer, data, start, fault)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes, start: int, fault: str) -> None:
        body = data[start:]
        if fault == "corrupt":
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault == "long":
            body += b"more"
        status = "206 Partial" if start else "200 OK"
        span = f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n" if start else ""
        writer.write(f"HTTP/1.1 {status}\r\n{span}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        body = body[: int(fault.removeprefix("cut"))] if fault.startswith("cut") else body
        for at in range(0, len(body), 4_096):
            writer.write(body[at : at + 4_096])
            self.sent_bytes += len(body[at : at + 4_096])
            await writer.drain()
            await asyncio.sleep(self.pace_s)


@asynccontextmanager
async def serving(*faults: str) -> AsyncIterator[ContentServer]:
    content = ContentServer(faults=list(faults))
    server = await asyncio.start_server(content.answer, "127.0.0.1", 0)
    content.port = server.sockets[0].getsockname()[1]
    try:
        yield content
    finally:
        server.close()
        await server.wait_closed()
