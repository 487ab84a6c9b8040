"""The HTTP server: uvicorn, told to end live pages before it waits for open requests."""

import socket

import uvicorn
from fastapi import FastAPI

from server.runtime import Runtime
from server.settings import HttpSettings

GRACE_S = 3


class HttpServer(uvicorn.Server):
    """Stops within `GRACE_S`, quietly: without this every open page would be cut with an error in the log."""

    def __init__(self, app: FastAPI, runtime: Runtime) -> None:
        self._hub = runtime.hub
        super().__init__(_config(app, runtime.settings.http))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every event stream, then as uvicorn does."""
        self._hub.close()
        await super().shutdown(sockets)


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
