"""The only door to paho: one MQTT 3.1.1 connection inside asyncio, clean session, QoS 0, reconnecting for ever.

paho's own threads die silently when a callback raises and stop at 1,024 open files, so its socket hooks are driven by
the event loop here; connecting, which blocks, happens in a worker thread.
"""

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from base.errors import Refused

_log = structlog.get_logger(__name__)

CONNECT_TIMEOUT_S = 10
MISC_PERIOD_S = 5
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
READ_BYTES = 65_536
PACKETS_AT_ONCE = 100
"""Packets taken before others get a turn on the event loop: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens and how to prove who one is."""

    host: str
    port: int
    tls: bool = False
    ca_file: str | None = None
    username: str | None = None
    password: str | None = None

    @classmethod
    def from_url(
        cls, url: str, *, username: str | None = None, password: str | None = None, ca_file: str | None = None
    ) -> "BrokerAddress":
        """From ``mqtt://host[:port]`` or ``mqtts://host[:port]``; credentials in the URL give way to those given.

        Raises Refused("base.broker_url") for anything else.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:  # a bad port or bracket; the text may hold a password
            raise Refused("base.broker_url", url=url.rpartition("@")[2]) from error
        if parts.scheme not in {"mqtt", "mqtts"} or not host or port == 0:
            raise Refused("base.broker_url", url=url.rpartition("@")[2])
        tls = parts.scheme == "mqtts"
        return cls(
            host=host,
            port=port or (8883 if tls else 1883),
            tls=tls,
            ca_file=ca_file or None,
            username=username or _unquoted(parts.username),
            password=password or _unquoted(parts.password),
        )


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us when we vanish."""

    topic: str
    payload: bytes


class _Client(paho.Client):
    """paho asks the socket three or four times for each packet; here it is asked once for all that is there."""

    _ahead = b""
    _at = 0

    @property
    def reads_ahead(self) -> bool:
        """Whether something is here that the socket will not wake anybody for."""
        return self._at < len(self._ahead)

    def forget_ahead(self) -> None:
        """Begin anew: it is another connection."""
        self._ahead, self._at = b"", 0

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.reads_ahead:
            self._ahead, self._at = super()._sock_recv(READ_BYTES), 0
        part = self._ahead[self._at : self._at + bufsize]
        self._at += len(part)
        return part


class MqttLink:
    """One connection. `on_message(topic, payload)`, `on_up()` and `on_down()` run on the event loop; an error they
    raise is logged and breaks nothing.
    """

    def __init__(
        self,
        *,
        client_id: str,
        address: BrokerAddress,
        subscriptions: Sequence[str],
        on_message: Callable[[str, bytes], None],
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[], None] = lambda: None,
        will: Will | None = None,
        keepalive_s: int = 30,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._address = address
        self._subscriptions = [(topic, 0) for topic in subscriptions]
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._keepalive_s = keepalive_s
        self._jitter = jitter
        self._up = False
        self._refusal = ""
        self._down = asyncio.Event()
        self._answered = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client = self._make_client(client_id, will)

    @property
    def connected(self) -> bool:
        """Whether the broker accepted us and the connection stands, as far as TCP knows."""
        return self._up

    @property
    def refusal(self) -> str:
        """Why the broker refused us last, in its own words; empty when it never did."""
        return self._refusal

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the connection; False when there is none (nothing is queued for later)."""
        if not self._up:
            return False
        return self._client.publish(topic, payload, qos=0, retain=retain).rc == paho.MQTT_ERR_SUCCESS

    async def run(self) -> None:
        """Connect, serve, and connect again after a jittered pause, until cancelled."""
        self._loop = asyncio.get_running_loop()
        pause_s = FIRST_BACKOFF_S
        try:
            while True:
                if await self._connect():
                    pause_s = FIRST_BACKOFF_S
                    await self._serve()
                await asyncio.sleep(pause_s * (0.5 + self._jitter()))
                pause_s = min(MAX_BACKOFF_S, pause_s * 2)
        finally:
            await self._close()

    async def _connect(self) -> bool:
        self._down.clear()
        self._answered.clear()
        try:
            await self._open_socket()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._answered.wait()
        except (OSError, TimeoutError, ValueError) as error:
            _log.debug("mqtt.connect_failed", host=self._address.host, port=self._address.port, error=str(error))
            self._drop()
            return False
        if not self._up:
            self._drop()
        return self._up

    async def _open_socket(self) -> None:
        """Connect in a worker thread; a thread cannot be cancelled, so one that connects later gives up its socket."""
        connect = partial(self._client.connect, self._address.host, self._address.port, keepalive=self._keepalive_s)
        connecting = asyncio.get_running_loop().run_in_executor(None, connect)
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(self._discard)
            raise
        finally:
            del connecting  # its error refers back to this frame, and the cycle would hold the socket open

    def _discard(self, connecting: asyncio.Future[Any]) -> None:
        if not connecting.cancelled() and connecting.exception() is None:
            self._drop()

    async def _serve(self) -> None:
        while not self._down.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MISC_PERIOD_S):
                    await self._down.wait()
            self._client.loop_misc()

    async def _close(self) -> None:
        if self._up:
            self._client.disconnect()
            self._client.loop_write()  # else the broker would take us for dead and publish our will
        self._drop()

    def _drop(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            self._unwatch(sock)
            with contextlib.suppress(OSError):
                sock.close()
        self._went_down()

    def _went_down(self) -> None:
        self._down.set()
        self._answered.set()
        if self._up:
            self._up = False
            self._call(self._on_down)

    def _make_client(self, client_id: str, will: Will | None) -> _Client:
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self._address.username is not None:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.tls:
            client.tls_set_context(ssl.create_default_context(cafile=self._address.ca_file))
        if will is not None:
            client.will_set(will.topic, will.payload, qos=0, retain=False)
        client.on_connect = self._handle_connect
        client.on_disconnect = self._handle_disconnect
        client.on_message = self._handle_message
        client.on_socket_open = self._handle_socket_open
        client.on_socket_close = lambda _c, _u, sock: self._soon(self._unwatch, sock)
        client.on_socket_register_write = lambda _c, _u, sock: self._soon(self._watch_write, sock)
        client.on_socket_unregister_write = lambda _c, _u, sock: self._soon(self._unwatch_write, sock)
        return client

    def _handle_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            _log.warning("mqtt.refused", host=self._address.host, reason=self._refusal)
            self._answered.set()
            return
        if self._subscriptions:
            self._client.subscribe(self._subscriptions)
        self._up = True
        self._answered.set()
        self._call(self._on_up)

    def _handle_disconnect(self, *_: Any) -> None:
        self._soon(self._went_down)

    def _handle_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self._call(self._on_message, message.topic, message.payload)

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception:  # noqa: BLE001 - whatever a listener does, the connection lives on; it is logged
            _log.exception("mqtt.callback_failed")

    def _handle_socket_open(self, _client: Any, _data: Any, sock: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.forget_ahead()
        self._soon(self._watch_read, sock)

    def _soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            here = asyncio.get_running_loop() is loop
        except RuntimeError:
            here = False
        if here:
            callback(*arguments)
        else:
            loop.call_soon_threadsafe(callback, *arguments)

    def _watch_read(self, sock: Any) -> None:
        if self._loop is not None and sock.fileno() >= 0:
            self._loop.add_reader(sock, self._read, sock)

    def _read(self, sock: Any) -> None:
        for _ in range(PACKETS_AT_ONCE):
            if self._client.socket() is not sock:
                return
            self._client.loop_read()
            if not self._more(sock):
                return
        if self._loop is not None:
            self._loop.call_soon(self._read, sock)

    def _more(self, sock: Any) -> bool:
        """Whether there is something to read that nothing would wake us for: read ahead, or decrypted by TLS."""
        if sock.fileno() < 0:
            return False
        return self._client.reads_ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)

    def _watch_write(self, sock: Any) -> None:
        if self._loop is not None and sock.fileno() >= 0:
            self._loop.add_writer(sock, self._client.loop_write)

    def _unwatch_write(self, sock: Any) -> None:
        if self._loop is not None and sock.fileno() >= 0:
            self._loop.remove_writer(sock)

    def _unwatch(self, sock: Any) -> None:
        if self._loop is not None and sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
