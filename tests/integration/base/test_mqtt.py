import asyncio
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from base.mqtt import BrokerAddress, MqttLink, Will
from tests.integration.base.brokers import MOSQUITTO, Broker, make_certificates, server_context
from tests.support.until import until

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

CONNECT, CONNACK_YES, CONNACK_NO = 0x10, bytes([0x20, 2, 0, 0]), bytes([0x20, 2, 0, 5])


class Listener:
    """A link and what it was told."""

    def __init__(self, address: BrokerAddress, name: str, *topics: str, **options: Any) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.ups = self.downs = 0
        self.link = MqttLink(
            client_id=name,
            address=address,
            subscriptions=topics,
            on_message=options.pop("on_message", lambda topic, payload: self.messages.append((topic, payload))),
            on_up=self._up,
            on_down=self._down,
            jitter=lambda: 0.0,
            **options,
        )

    def _up(self) -> None:
        self.ups += 1

    def _down(self) -> None:
        self.downs += 1


@asynccontextmanager
async def running(*listeners: Listener, connected: bool = True) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(listener.link.run()) for listener in listeners]
    try:
        if connected:
            await until(lambda: all(listener.link.connected for listener in listeners))
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def broker_in(folder: Path, *lines: str) -> AsyncIterator[Broker]:
    broker = Broker(folder, lines=lines or ("allow_anonymous true",))
    try:
        await broker.start()
        yield broker
    finally:
        broker.kill()


def at(port: int, **options: Any) -> BrokerAddress:
    return BrokerAddress("127.0.0.1", port, **options)


async def until_subscribed(sender: Listener, listener: Listener, topic: str) -> None:
    """Repeat a message until it arrives: CONNACK does not say that a subscription stands."""

    def arrived() -> bool:
        sender.link.publish(topic, b"are you there")
        return (topic, b"are you there") in listener.messages

    await until(arrived)
    await settled(sender, listener, topic)


async def settled(sender: Listener, listener: Listener, topic: str) -> None:
    """Everything sent before has arrived, and is forgotten."""
    sender.link.publish(topic, b"last")
    await until(lambda: (topic, b"last") in listener.messages)
    listener.messages.clear()


def open_sockets() -> int:
    def is_socket(descriptor: Path) -> bool:
        with suppress(OSError):
            return str(descriptor.readlink()).startswith("socket:")
        return False

    return sum(is_socket(descriptor) for descriptor in Path("/proc/self/fd").iterdir())


async def test_messages_flow_in_order_to_whom_they_are_for(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        one, two = Listener(at(broker.port), "one"), Listener(at(broker.port), "two", "loa/1/d/two/down", "x/+")
        assert not one.link.publish("x/1", b"too early")
        async with running(one, two):
            await until_subscribed(one, two, "x/1")
            for n in range(500):
                assert one.link.publish("x/1", b"%d" % n)
                assert one.link.publish("y/1", b"for nobody")
            await until(lambda: len(two.messages) >= 500)
            assert two.messages == [("x/1", b"%d" % n) for n in range(500)]
            assert one.messages == []


async def test_a_large_message_and_an_empty_one_arrive_whole(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        one, two = Listener(at(broker.port), "one"), Listener(at(broker.port), "two", "x")
        async with running(one, two):
            await until_subscribed(one, two, "x")
            big = os.urandom(4_000_000)
            assert one.link.publish("x", big)
            assert one.link.publish("x", b"")
            await until(lambda: len(two.messages) == 2)
            assert two.messages == [("x", big), ("x", b"")]


async def test_what_is_retained_reaches_who_comes_later(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        one, late = Listener(at(broker.port), "one", "x"), Listener(at(broker.port), "late", "x")
        async with running(one):
            one.link.publish("x", b"head", retain=True)
            await until(lambda: ("x", b"head") in one.messages)
            async with running(late):
                await until(lambda: late.messages == [("x", b"head")])


async def test_a_killed_broker_is_noticed_and_found_again_with_the_subscriptions(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        one, two = Listener(at(broker.port), "one"), Listener(at(broker.port), "two", "x")
        async with running(one, two):
            for life in (1, 2):
                broker.kill()
                await until(lambda: not one.link.connected and not two.link.connected)
                assert not one.link.publish("x", b"into the void")
                await broker.start()
                await until(lambda: one.link.connected and two.link.connected)
                assert (two.ups, two.downs) == (life + 1, life)
                await until_subscribed(one, two, "x")
                one.link.publish("x", b"back")
                await until(lambda: two.messages == [("x", b"back")])
                two.messages.clear()


async def test_a_broker_that_starts_later_is_waited_for(tmp_path: Path):
    broker = Broker(tmp_path)
    one = Listener(at(broker.port), "one")
    try:
        async with running(one, connected=False):
            assert not one.link.connected
            await broker.start()
            await until(lambda: one.link.connected)
    finally:
        broker.kill()


async def test_refused_credentials_are_reported_and_good_ones_taken(tmp_path: Path):
    passwords = tmp_path / "passwords"
    passwords.write_text("bn-s01:right\n")
    await asyncio.to_thread(subprocess.run, ["mosquitto_passwd", "-U", str(passwords)], check=True)
    async with broker_in(tmp_path, "allow_anonymous false", f"password_file {passwords}") as broker:
        bad = Listener(at(broker.port, username="bn-s01", password="wrong"), "bad")
        good = Listener(at(broker.port, username="bn-s01", password="right"), "good")
        async with running(bad, connected=False), running(good):
            await until(lambda: bad.link.refusal != "")
            assert "authori" in bad.link.refusal.lower()
            assert not bad.link.connected
            assert (bad.ups, bad.downs) == (0, 0)
            assert good.link.refusal == ""


async def test_a_callback_that_raises_breaks_nothing(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        heard: list[bytes] = []

        def stumble(_topic: str, payload: bytes) -> None:
            heard.append(payload)
            raise RuntimeError("a listener's own fault")

        def stumble_too() -> None:
            raise RuntimeError("another")

        two = MqttLink(
            client_id="two",
            address=at(broker.port),
            subscriptions=["x"],
            on_message=stumble,
            on_up=stumble_too,
            on_down=stumble_too,
            jitter=lambda: 0.0,
        )
        one = Listener(at(broker.port), "one")
        task = asyncio.create_task(two.run())
        async with running(one):
            for _ in range(2):
                await until(lambda: two.connected)
                heard.clear()
                await until(lambda: one.link.publish("x", b"again") and len(heard) >= 5)
                broker.kill()
                await until(lambda: not two.connected)
                await broker.start()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_tls_carries_messages_in_order(tmp_path: Path):
    make_certificates(tmp_path)
    lines = ("allow_anonymous true", f"certfile {tmp_path / 'server.pem'}", f"keyfile {tmp_path / 'server.key'}")
    async with broker_in(tmp_path, *lines) as broker:
        address = at(broker.port, tls=True, ca_file=str(tmp_path / "ca.pem"))
        one, two = Listener(address, "one"), Listener(address, "two", "x")
        async with running(one, two):
            await until_subscribed(one, two, "x")
            sent = [b"%d" % n * 100 for n in range(300)] + [os.urandom(300_000)]
            for payload in sent:
                assert one.link.publish("x", payload)
            await until(lambda: len(two.messages) >= len(sent))
            assert [payload for _, payload in two.messages] == sent


async def test_a_broker_with_a_certificate_of_somebody_else_is_not_talked_to(tmp_path: Path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        make_certificates(folder)
    before = open_sockets()
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        one = Listener(at(door.getsockname()[1], tls=True, ca_file=str(ours / "ca.pem")), "one")
        async with running(one, connected=False):
            for _ in range(2):
                line, _ = await asyncio.get_running_loop().sock_accept(door)
                with line, pytest.raises(ssl.SSLError):
                    await asyncio.to_thread(_shake_hands, server_context(theirs), line)
    assert one.ups == 0
    await until(lambda: open_sockets() == before)


def _shake_hands(context: ssl.SSLContext, line: socket.socket) -> ssl.SSLSocket:
    line.setblocking(True)
    line.settimeout(60)
    return context.wrap_socket(line, server_side=True)


class Playwright:
    """A broker whose every line is written by the test."""

    def __init__(self, *, answer: bytes, then: bytes = b"", context: ssl.SSLContext | None = None) -> None:
        self._answer, self._then, self._context = answer, then, context
        self.connections = 0
        self.closed = 0
        self.received = bytearray()

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        async with server:
            yield server.sockets[0].getsockname()[1]
            await until(lambda: self.closed == self.connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        first = await reader.read(1_000)
        if first and first[0] == CONNECT:
            writer.write(self._answer + self._then)
        with suppress(OSError):
            while part := await reader.read(1_000):
                self.received += part
        self.closed += 1
        writer.close()


def published(topic: bytes, payload: bytes) -> bytes:
    return bytes([0x30, 2 + len(topic) + len(payload), 0, len(topic)]) + topic + payload


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_several_packets_in_one_write_are_all_read_at_once(tmp_path: Path, secure: bool):
    make_certificates(tmp_path)
    burst = b"".join(published(b"x", b"%d" % n) for n in range(200))
    play = Playwright(answer=CONNACK_YES, then=burst, context=server_context(tmp_path) if secure else None)
    async with play.playing() as port:
        one = Listener(at(port, tls=secure, ca_file=str(tmp_path / "ca.pem") if secure else None), "one")
        async with running(one):
            await until(lambda: len(one.messages) == 200)
        assert one.messages == [("x", b"%d" % n) for n in range(200)]


async def test_a_broker_that_refuses_and_keeps_the_line_open_is_left_and_tried_again():
    play = Playwright(answer=CONNACK_NO)
    async with play.playing() as port:
        one = Listener(at(port), "one")
        async with running(one, connected=False):
            await until(lambda: play.connections >= 3)
            assert play.closed >= play.connections - 1
        assert one.link.refusal != ""
        assert (one.ups, one.downs) == (0, 0)


async def test_a_broker_that_talks_nonsense_is_left_and_tried_again():
    play = Playwright(answer=CONNACK_YES, then=b"\xff" * 50)
    async with play.playing() as port:
        one = Listener(at(port), "one")
        async with running(one, connected=False):
            await until(lambda: play.connections >= 3)


async def test_a_link_that_is_cancelled_says_goodbye_and_its_will_stays_closed(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        watcher, sender = Listener(at(broker.port), "watcher", "will", "x"), Listener(at(broker.port), "sender")
        async with running(watcher, sender):
            await until_subscribed(sender, watcher, "x")
            async with running(Listener(at(broker.port), "one", will=Will("will", b"gone"))):
                pass
            await settled(sender, watcher, "x")
            assert watcher.messages == []

            lost = Listener(at(broker.port), "one", will=Will("will", b"gone"))
            async with running(lost):
                line = lost.link._client.socket()
                assert isinstance(line, socket.socket)
                line.shutdown(socket.SHUT_RDWR)
                await until(lambda: ("will", b"gone") in watcher.messages)


async def test_what_was_published_before_the_cancel_is_sent(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        watcher, sender = Listener(at(broker.port), "watcher", "x"), Listener(at(broker.port), "sender")
        async with running(watcher, sender):
            await until_subscribed(sender, watcher, "x")
            one = Listener(at(broker.port), "one")
            async with running(one):
                for n in range(10):
                    one.link.publish("x", b"%d" % n)
            await until(lambda: len(watcher.messages) == 10)


async def test_a_cancelled_link_leaves_no_socket_and_no_thread_of_its_own(tmp_path: Path):
    async with broker_in(tmp_path) as broker:
        sockets, threads = open_sockets(), _threads_of_paho()
        one, two = Listener(at(broker.port), "one", "x"), Listener(at(broker.port), "two", "x")
        async with running(one, two):
            assert open_sockets() == sockets + 2
            assert _threads_of_paho() == threads
        assert open_sockets() == sockets
        assert not one.link.connected
        assert (one.downs, two.downs) == (1, 1)


def _threads_of_paho() -> set[str]:
    """Those that are not the event loop's workers."""
    return {thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


async def test_a_link_cancelled_while_it_connects_gives_up_the_socket_it_gets_later(tmp_path: Path):
    make_certificates(tmp_path)
    context = server_context(tmp_path)
    held: list[socket.socket] = []
    before = open_sockets()
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        one = Listener(at(door.getsockname()[1], tls=True, ca_file=str(tmp_path / "ca.pem")), "one")
        async with running(one, connected=False):
            held.append((await asyncio.get_running_loop().sock_accept(door))[0])
        # Only now, with the link cancelled, does the handshake go on.
        with held.pop() as line, await asyncio.to_thread(_shake_hands, context, line) as secure:
            await asyncio.to_thread(_read_to_the_end, secure.recv)
    await until(lambda: open_sockets() == before)
    assert (one.ups, one.downs) == (0, 0)


def _read_to_the_end(receive: Callable[[int], bytes]) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while receive(1_000):
            pass
