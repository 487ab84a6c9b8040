"""The HTTP server: uvicorn, made for weak links, told to end live pages before it waits for open requests."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from base.errors import Unavailable
from server.runtime import Runtime
from server.settings import HttpSettings

GRACE_S = 3
AHEAD_BYTES = 8_192
"""How much of an answer waits on a connection for the network to take it: when a link breaks, that much is lost and read
again, and at 64 kbit/s a minute is no more than 480 KB."""
CONGESTION = b"bbr"
"""Takes a lost packet for a lost packet and not for a full network: over a radio link that loses every fifth, content
arrives in a third of the time it takes with Linux's default. Where the kernel has none, its default stays."""


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=AHEAD_BYTES)


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
            _for_weak_links(bound)
        except BaseException:
            bound.close()
            raise
    except OSError as error:
        problem = error.strerror or str(error)
        raise Unavailable("server.port_taken", host=http.host, port=http.port, problem=problem) from error
    return bound


def _for_weak_links(bound: socket.socket) -> None:
    """What its connections inherit, as far as this system has it."""
    for name, value in (("TCP_CONGESTION", CONGESTION), ("TCP_NOTSENT_LOWAT", AHEAD_BYTES)):
        if hasattr(socket, name):
            with suppress(OSError):
                bound.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _config(app: FastAPI, http: HttpSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        host=http.host,
        port=http.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=http.trusted_proxies,
        timeout_graceful_shutdown=GRACE_S,
    )
