"""What the service manager hears: that we are ready and live, and silence when the machine does not turn."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.watchdog import Notifier, watched
from tests.support.until import until


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "40000"}
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        while True:
            try:
                self.heard += self._socket.recv(4_096).decode().splitlines()
            except BlockingIOError:
                return self.heard

    def count(self, line: str) -> int:
        return self.listen().count(line)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


def good() -> None:
    """A turn that comes to its end."""


async def test_it_is_ready_then_alive_then_stopping(manager: Manager):
    async with watched(Notifier(manager.environment), good, lambda: "all well"):
        await until(lambda: manager.count("WATCHDOG=1") >= 3)
    heard = manager.listen()
    assert heard[:2] == ["READY=1", "STATUS=all well"]
    assert heard[-1] == "STOPPING=1"


async def test_a_machine_that_fails_at_every_turn_is_not_alive(manager: Manager):
    turns = []

    def bad() -> None:
        turns.append(1)
        if len(turns) > 2:
            raise ValueError("broken")

    async with watched(Notifier(manager.environment), bad, lambda: ""):
        await until(lambda: len(turns) > 6)
    assert manager.count("WATCHDOG=1") == 2


def test_a_loop_that_hangs_falls_silent_until_it_turns_again(manager: Manager):
    hang, release = threading.Event(), threading.Event()

    def turn() -> None:
        if hang.is_set():
            release.wait(20)

    async def live() -> None:
        async with watched(Notifier(manager.environment), turn, lambda: ""):
            await until(lambda: manager.count("WATCHDOG=1") >= 2)
            hang.set()
            await until(lambda: not hang.is_set())

    thread = threading.Thread(target=asyncio.run, args=(live(),))
    thread.start()
    try:
        assert hang.wait(20)
        time.sleep(0.1)
        before = manager.count("WATCHDOG=1")
        time.sleep(0.3)
        assert manager.count("WATCHDOG=1") == before, "fifteen times the period without a word"
    finally:
        hang.clear()
        release.set()
        thread.join(20)
    assert "STOPPING=1" in manager.listen()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_for_the_process_it_names(environment: dict[str, str], expected: float | None):
    assert Notifier(environment).every_s == expected


async def test_nobody_listening_is_no_trouble(tmp_path: Path):
    async with watched(Notifier({}), good, lambda: ""):
        pass
    async with watched(Notifier({"NOTIFY_SOCKET": str(tmp_path / "nothing"), "WATCHDOG_USEC": "1000"}), good, str):
        await asyncio.sleep(0.01)
