"""What a courier hands to a device and takes back, by whichever way: one at a time, with a result in plain words."""

import asyncio
from dataclasses import dataclass
from typing import BinaryIO, Protocol

TAKEN = "taken"
FAILED = "failed"
"""The device could not do it: flash or the stick refused."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a bundle: `taken`, or why not (`firmware_sim.words`). orders, contents: how many were new."""

    code: str
    bundle: str = ""
    orders: int = 0
    contents: int = 0

    @property
    def taken(self) -> bool:
        return self.code == TAKEN


class Carried(Protocol):
    """A device as a courier meets it."""

    async def take_bundle(self, file: BinaryIO) -> Result:
        """Verify the whole bundle, then let it take effect."""

    async def make_return(self, out: BinaryIO) -> str:
        """Write what is to be brought back; the name such a file should have."""


class HandOver:
    """The page and the USB folders come to the same device; they take turns."""

    def __init__(self, device: Carried) -> None:
        self._device = device
        self._turn = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether somebody is handing over just now."""
        return self._turn.locked()

    async def take(self, file: BinaryIO) -> Result:
        """Hand a bundle to the device. Raises OSError when the file cannot be read."""
        async with self._turn:
            return await self._device.take_bundle(file)

    async def give_back(self, out: BinaryIO) -> str:
        """Write a return file; its name."""
        async with self._turn:
            return await self._device.make_return(out)
