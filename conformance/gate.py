"""The gate between the device and the broker: it can be shut, and it reads along how the device speaks MQTT."""

import asyncio
import contextlib
from collections.abc import Callable

from base.mqtt import BrokerAddress
from conformance.packets import Packet, Sniffer


class Gate:
    """Passes a device's connections on to the broker. `on_packet(connection, packet)`: connections count from 1."""

    def __init__(self, host: str, broker: BrokerAddress, on_packet: Callable[[int, Packet], None]) -> None:
        self._host, self._broker, self._on_packet = host, broker, on_packet
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.port = 0

    @property
    def used(self) -> bool:
        """Whether a connection stands."""
        return bool(self._writers)

    async def open(self) -> None:
        """Let connections through, on the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._pass_on, self._host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Cut the device off from the broker and refuse what it tries."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await server.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            inner_reader, inner_writer = await asyncio.open_connection(self._broker.host, self._broker.port)
        except OSError:
            writer.transport.abort()
            return
        sniffer, number = Sniffer(), self.connections
        self._writers |= {writer, inner_writer}

        def read_along(data: bytes) -> None:
            for packet in sniffer.feed(data):
                self._on_packet(number, packet)

        try:
            await asyncio.gather(
                _copy(reader, inner_writer, read_along), _copy(inner_reader, writer, lambda _data: None)
            )
        finally:
            self._writers -= {writer, inner_writer}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]) -> None:
    """Until the end of one side, which ends the other."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            see(data)
            writer.write(data)
            await writer.drain()
    writer.close()
