"""A device as the firmware of the board it runs on: watched over, with its local page, looking for sticks."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import structlog

from base.errors import LoaError
from firmware_sim import events
from firmware_sim.device import Device
from firmware_sim.flash import Flash
from firmware_sim.hand_over import HandOver
from firmware_sim.settings import DeviceFile
from firmware_sim.usb import UsbFolders
from firmware_sim.watchdog import Notifier, watched

INCOMING = "incoming"
"""Below the device's folder: where a bundle lies while it comes in. Its files have no names, and none outlives us."""
_log = structlog.get_logger(__name__)


def in_state(file: DeviceFile, state: Path | None, environment: Mapping[str, str] = os.environ) -> DeviceFile:
    """The device file with everything it writes below `state`, or below what the service manager gives.

    So the root of the system, and the device file itself, may be read-only.
    """
    folder = state or Path(environment.get("STATE_DIRECTORY", "").partition(":")[0] or file.storage.dir)
    return file.model_copy(update={"storage": file.storage.model_copy(update={"dir": folder})})


@contextlib.asynccontextmanager
async def on_duty(device: Device, notifier: Notifier) -> AsyncIterator[None]:
    """The device from power on to power off, with all that stands around it."""
    await device.start()
    try:
        async with contextlib.AsyncExitStack() as stack:
            hand_over = HandOver(device)
            await _show(stack, device, hand_over)
            await _look_for_sticks(stack, device, hand_over)
            await stack.enter_async_context(watched(notifier, Turn(device.feed, device.flash), lambda: _status(device)))
            _log.info("speaker.started", device=device.identity.device)
            yield
    finally:
        await device.stop()


async def _show(stack: contextlib.AsyncExitStack, device: Device, hand_over: HandOver) -> None:
    local = device.file.local
    if not local.port:
        return
    # Only here: a board without a page needs no web server in its memory.
    from firmware_sim.local.listening import listening
    from firmware_sim.local.page import LocalPage
    from firmware_sim.local.status import status_of

    page = LocalPage(hand_over, lambda: status_of(device), device.file.storage.dir / INCOMING)
    try:
        port = await stack.enter_async_context(listening(page.application(), local.bind, local.port))
    except LoaError as error:
        # A page that cannot be shown is no reason to be silent.
        _log.error("local.unavailable", problem=str(error))
    else:
        _log.info("local.listening", bind=local.bind, port=port)


async def _look_for_sticks(stack: contextlib.AsyncExitStack, device: Device, hand_over: HandOver) -> None:
    patterns = device.file.courier.usb
    if not patterns:
        return
    usb = UsbFolders(patterns, device.identity.device, hand_over, device.file.storage.dir / INCOMING)
    task = asyncio.create_task(usb.run())
    stack.push_async_callback(_end, task)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class Turn:
    """Something happens to the device and is worked off to its end, and its flash has answered since the last time."""

    def __init__(self, feed: Callable[[events.Event], None], flash: Flash) -> None:
        self._feed, self._flash = feed, flash
        self._answer: Future[Any] | None = None

    @property
    def answered(self) -> bool:
        return self._answer is None or self._answer.done()

    def __call__(self) -> None:
        """Raises RuntimeError when the flash hangs. One that refuses to write answers: a new start mends no disk."""
        if not self.answered:
            raise RuntimeError("the flash does not answer")
        self._answer = self._flash.submit(None, lambda _connection, _counts: None)
        self._feed(events.Tick())


def _status(device: Device) -> str:
    link = "online" if device.online else "offline"
    return f"{device.identity.device}: {link}, clock {device.now.state.value}, playing {len(device.speaker.playing)}"
