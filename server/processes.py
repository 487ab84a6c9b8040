"""The processes we start, watch and end: the embedded broker, and all of the demo."""

import asyncio
import contextlib
import ctypes
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

STOP_TIMEOUT_S = 8
PR_SET_PDEATHSIG = 1
MAX_LINE_BYTES = 1 << 20
"""A longer line on standard output would end our reading, and the process would wait for us for ever."""


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however that happens; elsewhere do nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process: its standard error goes to a log file, its standard output to a listener, line by line."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, on_line: Callable[[str], None] = lambda _line: None
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self._on_line = on_line
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def returncode(self) -> int | None:
        return None if self._process is None else self._process.returncode

    async def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches us alone, and we end things in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=MAX_LINE_BYTES,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._reader = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            self._on_line(line.decode("utf-8", "replace").rstrip())

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return await self._process.wait()

    def signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._reader is not None:
            await self._reader
