"""The HTTP server: uvicorn, made for weak links, told to end live pages before it waits for open requests."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from base.errors import Unavailable
from server.runtime import Runtime
from server.settings import HttpSettings

GRACE_S = 3
AHEAD_BYTES = 4_096
"""How much of an answer waits for the kernel, and as much again in the kernel for the network. When a link breaks, so
much is read again, and over 64 kbit/s no more than 480 KB come in a minute."""
CONGESTION = b"bbr"
"""Takes a lost packet for a lost packet and not for a full network: over a radio link that loses every fifth, content
arrives in a third of the time it takes with Linux's default. Where the kernel has none, its default stays."""
RETRY_MS = 2_000
"""The longest pause before a lost packet is sent again. Linux's is two minutes: a link that loses every fifth packet
would stand still for half of one every now and then."""
TCP_RTO_MAX_MS = 44
"""Linux 6.15 and later, include/uapi/linux/tcp.h."""
IDLE_S = 75
"""How long a connection is kept for its next request. When it is closed right after an answer, the kernel soon gives
up what is still on its way, and a slow link never gets the end."""

CONNECTION = "loa.connection"
"""The extension of a request's scope that names its connection: what is sent to a broken one silently goes nowhere."""


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=AHEAD_BYTES)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"transport": self.transport}}


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
    if sys.platform != "linux":
        return
    for option, value in (
        (socket.TCP_CONGESTION, CONGESTION),
        (socket.TCP_NOTSENT_LOWAT, AHEAD_BYTES),
        (TCP_RTO_MAX_MS, RETRY_MS),
    ):
        with suppress(OSError):
            bound.setsockopt(socket.IPPROTO_TCP, option, value)


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
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
