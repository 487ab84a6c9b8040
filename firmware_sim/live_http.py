"""The bytes of a live stream over HTTP: Icecast, Shoutcast and plain servers, within limits of size, time and address.

HTTP/1.0 is asked for, so that no server sends chunks, and the old `ICY 200 OK` is an answer like another.
"""

import re
import socket
import ssl
from ipaddress import IPv6Address, ip_address
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

from devices.wire.addresses import is_stream_url

TIMEOUT_S = 10.0
"""To connect, and between two bytes."""
MAX_REDIRECTS = 3
MAX_HEAD_BYTES = 16_384
_STATUS = re.compile(rb"(?:HTTP/1\.[01]|ICY) (\d{3})(?: [^\r\n]*)?\r?\n")
_LOCATION = re.compile(rb"^location:[ \t]*([!-~]{1,512})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class StreamError(OSError):
    """No stream is to be had at this address now."""


class LiveBytes:
    """An open stream; `read` blocks for at most TIMEOUT_S and gives nothing at its end."""

    def __init__(self, connection: socket.socket, first: bytes) -> None:
        self._connection, self._first = connection, first

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes. Raises OSError."""
        wanted = size if 0 < size < 65_536 else 65_536
        if self._first:
            taken, self._first = self._first[:wanted], self._first[wanted:]
            return taken
        return self._connection.recv(wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()


def open_stream(url: str) -> LiveBytes:
    """Ask for a stream, through at most three redirections: never from https to http, nor from the internet into a
    private network, where a question alone may do harm. Raises OSError.
    """
    public = False
    for _ in range(MAX_REDIRECTS + 1):
        connection = _connect(url)
        try:
            public = is_public(connection.getpeername()[0], sent_by_public=public)
            _ask(connection, url)
            status, head, rest = _answer(connection)
        except BaseException:
            connection.close()
            raise
        if status == 200:
            return LiveBytes(connection, rest)
        connection.close()
        url = _redirected(url, status, head)
    raise StreamError("too many redirections")


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    host, safe = parts.hostname or "", parts.scheme == "https"
    connection = socket.create_connection((host, parts.port or (443 if safe else 80)), TIMEOUT_S)
    if not safe:
        return connection
    try:
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


def is_public(address: str, *, sent_by_public: bool) -> bool:
    """Whether an IP address is the internet's. Raises StreamError for another one to which the internet sent us."""
    ip = ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    public = (mapped or ip).is_global
    if sent_by_public and not public:
        raise StreamError("sent into a private network")
    return public


def _ask(connection: socket.socket, url: str) -> None:
    parts = urlsplit(url)
    path = parts.path or "/"
    asked = f"{path}?{parts.query}" if parts.query else path
    lines = (f"GET {asked} HTTP/1.0", f"Host: {parts.netloc}", "User-Agent: loa", "Accept: audio/*", "", "")
    connection.sendall("\r\n".join(lines).encode("ascii"))


def _answer(connection: socket.socket) -> tuple[int, bytes, bytes]:
    """Status, head, and what came of the body with it."""
    got = b""
    while True:
        end = re.search(rb"\r?\n\r?\n", got)
        if end is not None:
            break
        more = connection.recv(4_096) if len(got) < MAX_HEAD_BYTES else b""
        if not more:
            raise StreamError("no answer of HTTP")
        got += more
    status = _STATUS.match(got)
    if status is None:
        raise StreamError("no answer of HTTP")
    return int(status[1]), got[: end.end()], got[end.end() :]


def _redirected(url: str, status: int, head: bytes) -> str:
    found = _LOCATION.search(head) if status in {301, 302, 303, 307, 308} else None
    if found is None:
        raise StreamError(f"answered with {status}")
    target = str(urljoin(url, found[1].decode("ascii")))
    if not is_stream_url(target) or (url.startswith("https:") and not target.startswith("https:")):
        raise StreamError("sent elsewhere")
    return target
