"""Radio stations for a test: live Ogg Opus over HTTP in real time, as loud or as dead as a rule asks for."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from base.ids import new_id
from conformance.httpd import Request, head
from conformance.opus import FRAME_MS, FRAMES_A_PAGE, stream_head, stream_page

_PAGE_S = FRAME_MS * FRAMES_A_PAGE / 1_000
BURST_PAGES = 10
"""A listener is given a second at once."""


class Air(StrEnum):
    """What a station sends."""

    LOUD = "loud"
    SILENT = "silent"
    STALLED = "stalled"
    GONE = "gone"
    """It answers 404, and those who listen are cut off."""


@dataclass(slots=True)
class Station:
    """One address. asked_s: when it was asked for, by the loop's clock."""

    url: str
    air: Air
    asked_s: list[float] = field(default_factory=list)

    @property
    def gone(self) -> bool:
        return self.air is Air.GONE

    async def send(self, writer: asyncio.StreamWriter) -> None:
        """Serve one listener until the station is gone."""
        loop = asyncio.get_running_loop()
        self.asked_s.append(loop.time())
        if self.gone:
            writer.write(head("404 Not Found", Content_Length=0))
            return
        writer.write(head("200 OK", Content_Type="application/ogg") + stream_head())
        began_s, number = loop.time(), 0
        while not self.gone:
            while number < BURST_PAGES + (loop.time() - began_s) / _PAGE_S:
                if self.air is not Air.STALLED:
                    writer.write(stream_page(number, loud=self.air is Air.LOUD))
                number += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAGE_S):
                    await writer.drain()
            await asyncio.sleep(_PAGE_S / 2)


@dataclass
class Stations:
    """`base` is set when the server listens."""

    base: str = ""
    _stations: dict[str, Station] = field(default_factory=dict)

    def new(self, air: Air = Air.LOUD) -> Station:
        """A station nobody has listened to yet."""
        name = new_id().lower()
        self._stations[name] = Station(f"{self.base}/{name}", air)
        return self._stations[name]

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """One listener."""
        station = self._stations.get(request.path.rsplit("/", 1)[-1])
        if station is None:
            writer.write(head("404 Not Found", Content_Length=0))
        else:
            await station.send(writer)
        await writer.drain()
