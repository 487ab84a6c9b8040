"""The real HTTP server on a free port, for what only a real connection shows."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from server.httpd import HttpServer
from server.runtime import Runtime


@asynccontextmanager
async def serving(app: FastAPI, runtime: Runtime) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = HttpServer(app, runtime)
    task = asyncio.create_task(server.serve([listening]))
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()
