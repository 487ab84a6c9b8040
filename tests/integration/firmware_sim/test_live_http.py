"""Asking for a live stream: old servers, redirections within limits, and answers that are none."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from firmware_sim import live_http
from firmware_sim.live_http import MAX_HEAD_BYTES, StreamError, _redirected, is_public, open_stream
from firmware_sim.live_worker import NO_SOUND_BYTES, Watched


@contextlib.contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives these, one a connection, `{url}` in them being its own address; and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    asked.append(connection.recv(4_096))
                    with contextlib.suppress(OSError):
                        connection.sendall(answer.replace(b"{url}", url.encode()))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield url, asked
        finally:
            thread.join()


def read(url: str) -> bytes:
    with open_stream(url) as live:
        got = b""
        while data := live.read(7):
            assert len(data) <= 7
            got += data
        return got


@pytest.mark.parametrize("first", [b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"ICY 200 OK"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_server_of_any_age_is_understood(first: bytes, end: bytes):
    with answering(first + end + b"icy-name:loa" + end + end + b"sound without end") as (url, asked):
        assert read(f"{url}/live?x=1") == b"sound without end"
    assert asked[0].startswith(b"GET /live?x=1 HTTP/1.0\r\nHost: 127.0.0.1:")


def test_a_redirection_is_followed_three_times():
    there = b"HTTP/1.1 302 Found\r\nLocation: {url}/there\r\n\r\n"
    with answering(there, there, b"HTTP/1.1 307 x\r\nlocation: /live\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nhere") as (
        url,
        asked,
    ):
        assert read(url) == b"here"
    assert asked[-1].startswith(b"GET /live ")
    with answering(*[there] * 4) as (url, _), pytest.raises(OSError, match="too many"):
        open_stream(url)


@pytest.mark.parametrize(
    "target",
    [b"file:///etc/passwd", b"ftp://127.0.0.1/", b"http://name:word@127.0.0.1/", b"gopher://x", b"", b"http://a b"],
)
def test_a_redirection_to_anything_but_a_stream_is_refused(target: bytes):
    with answering(b"HTTP/1.1 301 x\r\nLocation: " + target + b"\r\n\r\n") as (url, _), pytest.raises(OSError):
        open_stream(url)


def test_a_redirection_never_leads_from_https_to_http():
    head = b"HTTP/1.1 302 Found\r\nLocation: http://a.example/live\r\n\r\n"
    assert _redirected("http://a.example/", 302, head) == "http://a.example/live"
    with pytest.raises(StreamError, match="elsewhere"):
        _redirected("https://a.example/", 302, head)


def test_the_internet_sends_nobody_into_a_private_network():
    assert not is_public("10.0.0.7", sent_by_public=False)
    assert is_public("203.162.0.181", sent_by_public=False)
    assert is_public("2001:ee0::1", sent_by_public=True)
    for address in ("127.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1%2", "::ffff:192.168.1.1"):
        with pytest.raises(StreamError, match="private network"):
            is_public(address, sent_by_public=True)


def test_a_redirection_into_a_private_network_is_not_even_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        live_http,
        "is_public",
        lambda address, sent_by_public: is_public(
            "203.162.0.181" if not sent_by_public else address, sent_by_public=sent_by_public
        ),
    )
    with socket.create_server(("127.0.0.1", 0)) as router:
        inside = f"http://127.0.0.1:{router.getsockname()[1]}/reboot"
        answer = b"HTTP/1.1 302 x\r\nLocation: " + inside.encode() + b"\r\n\r\n"
        with answering(answer) as (url, _), pytest.raises(StreamError, match="private network"):
            open_stream(url)
        connection, _ = router.accept()
        with connection:
            assert connection.recv(1_024) == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
        b"HTTP/1.1 401 x\r\nLocation: http://127.0.0.1/\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n" + b"x: " + b"y" * (2 * MAX_HEAD_BYTES),
        b"HTTP/1.0 200 OK\r\nno end",
    ],
)
def test_what_is_no_answer_is_refused(answer: bytes):
    with answering(answer) as (url, _), pytest.raises(OSError):
        open_stream(url)


def test_nobody_there_is_an_error_like_another():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(OSError):
        open_stream(f"http://127.0.0.1:{port}/")


def test_no_more_is_read_than_a_little_of_what_gives_no_sound():
    with answering(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(8 << 20)) as (url, _), open_stream(url) as live:
        watched = Watched(live)
        sizes = (len(watched.read(65_536)) for _ in range(1_000_000))
        read: list[int] = []
        with pytest.raises(OSError, match="without sound"):
            read.extend(sizes)
        assert NO_SOUND_BYTES < sum(read) <= NO_SOUND_BYTES + 65_536
        watched.sounded()
        assert watched.read(1)
