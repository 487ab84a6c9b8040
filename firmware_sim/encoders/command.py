"""An encoder driven by a command line, run once for every step; docs/device-makers.md says with which arguments."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Sequence

from firmware_sim.radio import DriverFailed, OnAir

STEP_TIMEOUT_S = 5.0
END_TIMEOUT_S = 2.0
"""Shorter: what comes next may be an emergency."""
MAX_OUTPUT = 65_536
_HEARD = re.compile(rb"^heard ([0-9A-Fa-f]{1,16})\s*$", re.MULTILINE)


class CommandDriver:
    """Exit status 0 is success. With a return channel `end` prints a line `heard CODE` for each receiver that answered.

    A command that names no {op} is run for begin and end alone, and is told which by its last argument.
    """

    def __init__(self, command: Sequence[str], frequency_khz: int, *, return_channel: bool = False) -> None:
        self._command = tuple(command)
        self._frequency_khz, self._return_channel = frequency_khz, return_channel
        self._knows_operations = any("{op}" in argument for argument in command)

    async def begin(self, on_air: OnAir) -> None:
        await self._run("begin", on_air, STEP_TIMEOUT_S)

    async def keep(self, on_air: OnAir) -> None:
        if self._knows_operations:
            await self._run("keep", on_air, STEP_TIMEOUT_S)

    async def end(self, on_air: OnAir) -> frozenset[str] | None:
        output = await self._run("end", on_air, END_TIMEOUT_S)
        if not self._return_channel:
            return None
        said = {code.decode().upper() for code in _HEARD.findall(output)}
        return frozenset(code for code in on_air.codes if code.upper() in said)

    async def check(self) -> None:
        if self._knows_operations:
            await self._run("check", None, STEP_TIMEOUT_S)

    async def close(self) -> None:
        """Nothing is kept open between two steps."""

    def _arguments(self, operation: str, on_air: OnAir | None) -> list[str]:
        values = {
            "op": operation,
            "codes": "" if on_air is None else ",".join(on_air.codes),
            "frequency_khz": str(self._frequency_khz),
            "class": "" if on_air is None else on_air.play_class.name.lower(),
            "occurrence": "" if on_air is None else on_air.occurrence,
        }
        filled = [argument.format(**values) for argument in self._command]
        return filled if self._knows_operations else [*filled, operation]

    async def _run(self, operation: str, on_air: OnAir | None, timeout_s: float) -> bytes:
        """What it printed. A step that fails leaves nothing of the command running."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._arguments(operation, on_air),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise DriverFailed(f"{self._command[0]}: {error.strerror}") from error
        try:
            async with asyncio.timeout(timeout_s):
                output = await _read(process)
                status = await process.wait()
        except TimeoutError as error:
            raise DriverFailed(f"{operation}: no end after {timeout_s} s") from error
        finally:
            await _kill(process)
        if status != 0:
            raise DriverFailed(f"{operation}: exit status {status}")
        return output


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """The beginning of what it prints; the rest is read and dropped, so that it does not wait for us."""
    assert process.stdout is not None
    output = b""
    while chunk := await process.stdout.read(4_096):
        output = (output + chunk)[:MAX_OUTPUT]
    return output


async def _kill(process: asyncio.subprocess.Process) -> None:
    """The command, if it still runs, and what it started: they share a session of their own."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
