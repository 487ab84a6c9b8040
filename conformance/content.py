"""The content server of the kit: Range requests, and a fault for a request where a rule asks for one."""

import asyncio
import hashlib
import re
from dataclasses import dataclass, field

from conformance.httpd import Request, head

CHUNK = 4_096


@dataclass(slots=True)
class Got:
    """One request for a content: where it asked to begin, its headers, and the bytes it was given."""

    offset: int | None
    headers: dict[str, str]
    sent: int = 0


@dataclass
class Contents:
    """`faults` of a content are taken one a request, then it is served well.

    Faults: cut (after half of what is asked for), 503, 404, corrupt (the first byte), whole (200 to a Range), long
    (more than it has), shifted (a 206 that begins elsewhere), hang (never an answer).
    """

    held: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    got: dict[str, list[Got]] = field(default_factory=dict)

    def put(self, data: bytes, *faults: str) -> bytes:
        """Serve this; gives its SHA-256."""
        sha = hashlib.sha256(data).digest()
        self.held[sha.hex()] = data
        self.faults[sha.hex()] = list(faults)
        return sha

    def asked(self, sha: bytes) -> list[Got]:
        """The requests for a content so far."""
        return self.got.get(sha.hex(), [])

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        name = request.path.rsplit("/", 1)[-1]
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        got = Got(int(wanted[1]) if wanted else None, dict(request.headers))
        self.got.setdefault(name, []).append(got)
        faults = self.faults.get(name, [])
        fault = faults.pop(0) if faults else ""
        data = self.held.get(name)
        if fault == "hang":
            await asyncio.sleep(3_600)
        if data is None or fault.isdigit():
            writer.write(head(f"{fault or 404} No", Content_Length=0))
            await writer.drain()
            return
        await _serve(writer, data, got, fault)


async def _serve(writer: asyncio.StreamWriter, data: bytes, got: Got, fault: str) -> None:
    start = 0 if fault == "whole" else got.offset or 0
    if fault == "shifted":
        start = max(0, start - 100)
    body = data[start:]
    if fault == "corrupt":
        body = bytes([body[0] ^ 1]) + body[1:]
    if fault == "long":
        body += bytes(1_000)
    partial = got.offset is not None and fault != "whole"
    span = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if partial else {}
    writer.write(head("206 Partial Content" if partial else "200 OK", Content_Length=len(body), **span))
    if fault == "cut":
        body = body[: len(body) // 2]
    for at in range(0, len(body), CHUNK):
        writer.write(body[at : at + CHUNK])
        await writer.drain()
        got.sent += len(body[at : at + CHUNK])
    if fault == "cut":
        # What was written must reach the device before the connection breaks off.
        await asyncio.sleep(0.3)
