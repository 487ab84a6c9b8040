"""The only listening socket of a device: HTTP for its local page, closed to those who say nothing."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from base.errors import Unavailable

FIRST_REQUEST_S = 10.0
"""A connection on which no request has come by then is closed."""
MAX_CONNECTIONS = 32
MAX_HEADER_BYTES = 16_384
GRACE_S = 2


class _Impatient(H11Protocol):
    """Closes what never asks for anything."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the class above
        super().connection_made(transport)
        asyncio.get_running_loop().call_later(FIRST_REQUEST_S, self._look)

    def _look(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the speaker."""
        yield


@contextlib.asynccontextmanager
async def listening(application: Starlette, bind: str, port: int) -> AsyncIterator[int]:
    """Serve for the length of the block; the port. Raises Unavailable("firmware.local_port")."""
    bound = _bound(bind, port)
    server = _Server(_config(application))
    task = asyncio.create_task(server.serve([bound]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it by no event
            await asyncio.sleep(0.01)
        yield int(bound.getsockname()[1])
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        bound.close()


def _config(application: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=_Impatient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=GRACE_S,
    )


def _bound(bind: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        problem = error.strerror or str(error)
        raise Unavailable("firmware.local_port", bind=bind, port=port, problem=problem) from error
    return bound
