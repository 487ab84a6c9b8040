"""The control socket of a swarm: one JSON line asks, one answers; and the client that asks."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from base.errors import LoaError, Refused, Unavailable
from firmware_sim.swarm import Swarm

MAX_LINE_BYTES = 65_536
_TIMEOUT_S = 10


@asynccontextmanager
async def serve(swarm: Swarm, path: Path) -> AsyncIterator[None]:
    """Answer on a Unix socket that only its owner may open."""
    _remove(path)
    mask = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(
            lambda reader, writer: _converse(swarm, reader, writer), path, limit=MAX_LINE_BYTES
        )
    finally:
        os.umask(mask)
    try:
        yield
    finally:
        server.close()
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _converse(swarm: Swarm, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        line = await reader.readline()
        answer = await _obey(swarm, line)
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    except (ConnectionError, ValueError):
        pass
    finally:
        writer.close()


async def _obey(swarm: Swarm, line: bytes) -> dict[str, Any]:
    try:
        match json.loads(line):
            case {"do": "plug", "device": str(device)}:
                await swarm.plug(device)
            case {"do": "unplug", "device": str(device)}:
                await swarm.unplug(device)
            case {"do": "fault", "device": str(device), "kind": str(kind), "present": bool(present)}:
                await swarm.fault(device, kind, present=present)
            case {"do": "status"}:
                return {"ok": True, "status": swarm.line()}
            case _:
                return {"ok": False, "code": "firmware.control_refused", "params": {"problem": "unknown command"}}
    except LoaError as error:
        return {"ok": False, "code": error.code, "params": error.params}
    except ValueError:
        return {"ok": False, "code": "firmware.control_refused", "params": {"problem": "not a line of JSON"}}
    return {"ok": True}


def ask(path: Path, command: dict[str, Any]) -> dict[str, Any]:
    """Have a running swarm do something. Raises Unavailable or Refused."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_TIMEOUT_S)
            client.connect(str(path))
            client.sendall(json.dumps(command).encode() + b"\n")
            with client.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise Unavailable("firmware.control_unreachable", socket=str(path), problem=str(error)) from error
    if not answer.get("ok"):
        raise Refused(str(answer.get("code")), **answer.get("params", {}))
    return answer
