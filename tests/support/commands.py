"""The command `loa` as its users run it: a process of its own, on a folder of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from server.broker import free_port
from tests.support import warm

ROOT = Path(__file__).parents[2]
SITE = ROOT / "devices" / "data" / "bao_nhai.toml"
LIMIT_S = 60


def environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """Ours without any setting of Loa's, then these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOA_")}
    return kept | {"PYTHONPATH": str(ROOT), "LOA_DATA_DIR": str(folder / "data")} | settings


def loa(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in `folder`."""
    return warm.run(arguments, cwd=folder, env=environment(folder, settings), timeout_s=LIMIT_S)


def done(folder: Path, *arguments: str, **settings: str) -> str:
    """The same where nothing may go wrong; gives what it wrote to standard output."""
    ended = loa(folder, *arguments, **settings)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def processes_naming(folder: Path) -> list[str]:
    """Command lines of running processes in which the folder is named."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


def wait_until_gone(folder: Path) -> None:
    """Wait until no process names the folder any more."""
    deadline = time.monotonic() + LIMIT_S
    while still := processes_naming(folder):
        assert time.monotonic() < deadline, still
        time.sleep(0.05)


def wait_until(holds: Callable[[], bool], server: "Served") -> None:
    """Wait for what a server does; it must not end meanwhile."""
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert server.process.poll() is None, server.said
        assert time.monotonic() < deadline, server.said
        time.sleep(0.02)


@dataclass
class Served:
    """A running `loa serve`: where it listens, what it said."""

    process: subprocess.Popen[bytes]
    url: str
    broker_port: int
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.answers("/healthz", 200), self)

    def answers(self, path: str, status: int) -> bool:
        """Whether it answers there with this status."""
        try:
            # No TLS here: reading all the authorities for every try would cost more than the start that is waited for.
            return httpx.get(f"{self.url}{path}", timeout=5, trust_env=False, verify=False).status_code == status
        except httpx.HTTPError:
            return False

    def end(self) -> int:
        """Tell it to end, as a service manager does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)


@contextmanager
def starting(folder: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """`loa serve` on free ports with its own broker, not waited for; killed at the end of the block if need be."""
    port, broker_port = free_port(), int(settings.pop("LOA_BROKER__PORT", free_port()))
    own = {"LOA_BROKER__PORT": str(broker_port), "LOA_BROKER__HOST": "127.0.0.1"}
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", "--port", str(port), *arguments],
            cwd=folder,
            env=environment(folder, own | settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield Served(process, f"http://127.0.0.1:{port}", broker_port, log)
    finally:
        process.kill()
        process.wait(LIMIT_S)
        wait_until_gone(folder / "data")


@contextmanager
def served(folder: Path, *arguments: str, **settings: str) -> Iterator[Served]:
    """The same, once it is ready."""
    with starting(folder, *arguments, **settings) as server:
        server.wait_until_ready()
        yield server
