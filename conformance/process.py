"""The device under test: a process that is started and whose power is cut, or a box beside an operator."""

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from base.errors import Refused, Unavailable


class Power(Protocol):
    """What turns the device on, and cuts its power without a warning."""

    async def on(self) -> None:
        """Start it."""

    async def cut(self) -> None:
        """Cut its power."""

    def check(self) -> None:
        """Raises Unavailable("conformance.device_gone") when it ended by itself."""


class ProcessPower:
    """A command: power on starts it, a power cut is SIGKILL to all of it."""

    def __init__(self, command: Sequence[str], log: Path, folder: Path) -> None:
        self._command, self._log, self._folder = command, log, folder
        self._process: asyncio.subprocess.Process | None = None

    async def on(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    async def cut(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    def check(self) -> None:
        if self._process is None or self._process.returncode is None:
            return
        said = self._log.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        raise Unavailable("conformance.device_gone", returncode=self._process.returncode, said=said[-500:])


class OperatorPower:
    """A real device: somebody is told on standard error what to do, and presses Enter."""

    def __init__(self, device_file: Path) -> None:
        self._file = device_file

    async def on(self) -> None:
        await _tell(f"Give the device its power. It must have the device file {self._file}.")

    async def cut(self) -> None:
        await _tell("Cut the power of the device: no orderly end.")

    def check(self) -> None:
        """Nothing is known of it but what it says."""


async def _tell(text: str) -> None:
    sys.stderr.write(f"\n>>> {text} Then press Enter.\n")
    await asyncio.to_thread(sys.stdin.readline)


def device_command(template: str, *, toml: Path, json: Path) -> list[str]:
    """The words of a command line, the device file in place. Raises Refused("conformance.command_bad")."""
    words = shlex.split(template)
    if not any("{config}" in word or "{json}" in word for word in words):
        raise Refused("conformance.command_bad")
    return [word.replace("{config}", str(toml)).replace("{json}", str(json)) for word in words]
