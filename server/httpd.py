"""The HTTP server: uvicorn, told to end live pages before it waits for open requests."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from base.errors import Unavailable
from server.runtime import Runtime
from server.settings import HttpSettings

GRACE_S = 3


class HttpServer(uvicorn.Server):
    """Stops within `GRACE_S`, quietly: without this every open page would be cut with an error in the log."""

    def __init__(self, app: FastAPI, runtime: Runtime) -> None:
        self._hub = runtime.hub
        super().__init__(_config(app, runtime.settings.http))

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to who runs us: uvicorn would raise them again and so end the process before all is closed."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every event stream, then as uvicorn does."""
        self._hub.close()
        await super().shutdown(sockets)


def listening_socket(http: HttpSettings) -> socket.socket:
    """The bound socket to serve on, so that a taken port is known before anything else is started.

    Raises Unavailable("server.port_taken").
    """
    try:
        found = socket.getaddrinfo(http.host, http.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        problem = error.strerror or str(error)
        raise Unavailable("server.port_taken", host=http.host, port=http.port, problem=problem) from error
    return bound


def _config(app: FastAPI, http: HttpSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=http.host,
        port=http.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=http.trusted_proxies,
        timeout_graceful_shutdown=GRACE_S,
    )
