"""An encoder on a serial line, told by the frames of `firmware_sim.encoders.frames`."""

import asyncio
import contextlib
import os
import termios
from collections.abc import Callable

from firmware_sim.encoders.frames import Frame, Opcode, Reader, programme, read_codes
from firmware_sim.radio import DriverFailed, OnAir

WRITE_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 1.0
HEARD_TIMEOUT_S = 2.0
"""How long receivers may take to answer after END."""
_READ_BYTES = 4_096


class SerialDriver:
    """acknowledges: the encoder answers every frame with DONE or FAILED, and one it does not answer has failed."""

    def __init__(
        self,
        device: str,
        frequency_khz: int,
        *,
        baud: int = 9_600,
        acknowledges: bool = False,
        return_channel: bool = False,
    ) -> None:
        self._device, self._frequency_khz, self._baud = device, frequency_khz, baud
        self._acknowledges, self._return_channel = acknowledges, return_channel
        self._line: int | None = None
        self._number = 0
        self._reader, self._inbox = Reader(), list[Frame]()

    async def begin(self, on_air: OnAir) -> None:
        await self._tell(Opcode.BEGIN, self._programme(on_air))

    async def keep(self, on_air: OnAir) -> None:
        await self._tell(Opcode.KEEPALIVE, self._programme(on_air))

    async def end(self, on_air: OnAir) -> frozenset[str] | None:
        frame = await self._tell(Opcode.END, b"")
        if not self._return_channel:
            return None
        try:
            answer = await self._answer({Opcode.HEARD}, frame.number, HEARD_TIMEOUT_S)
            said = set(read_codes(answer.payload))
        except (DriverFailed, ValueError, UnicodeDecodeError):
            # An encoder that says nothing of its receivers says that it heard none.
            said = set()
        return frozenset(code for code in on_air.codes if code.upper() in said)

    async def check(self) -> None:
        await self._tell(Opcode.CHECK, b"")

    async def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            os.close(line)

    def _programme(self, on_air: OnAir) -> bytes:
        return programme(self._frequency_khz, int(on_air.play_class), on_air.codes)

    async def _tell(self, opcode: Opcode, payload: bytes) -> Frame:
        """Send a frame, and wait for its answer where there is one; a line that failed is opened anew next time."""
        self._number = (self._number + 1) % 256
        self._inbox.clear()
        frame = Frame(opcode, self._number, payload)
        try:
            if self._line is None:
                self._line = self._open()
            await self._write(self._line, frame.to_bytes())
            if self._acknowledges:
                await self._done(frame)
        except (OSError, termios.error) as error:
            await self.close()
            raise DriverFailed(f"{self._device}: {error}") from error
        except DriverFailed:
            await self.close()
            raise
        return frame

    async def _done(self, frame: Frame) -> None:
        answer = await self._answer({Opcode.DONE, Opcode.FAILED}, frame.number, ANSWER_TIMEOUT_S)
        if answer.opcode is Opcode.FAILED:
            raise DriverFailed(f"{frame.opcode.name}: refused {answer.payload.hex()}")

    def _open(self) -> int:
        line = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _make_raw(line, self._baud)
        except BaseException:
            os.close(line)
            raise
        return line

    async def _write(self, line: int, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                while data:
                    with contextlib.suppress(BlockingIOError):
                        data = data[os.write(line, data) :]
                        continue
                    await _ready(line, loop.add_writer, loop.remove_writer)
        except TimeoutError as error:
            raise DriverFailed(f"{self._device}: takes nothing") from error

    async def _answer(self, wanted: set[Opcode], number: int, timeout_s: float) -> Frame:
        """The frame that answers; what else has come stays in the inbox."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for frame in self._inbox:
                        if frame.opcode in wanted and frame.number == number:
                            self._inbox.remove(frame)
                            return frame
                    self._inbox += await self._read()
        except TimeoutError as error:
            raise DriverFailed(f"{self._device}: no answer") from error

    async def _read(self) -> list[Frame]:
        loop = asyncio.get_running_loop()
        assert self._line is not None
        await _ready(self._line, loop.add_reader, loop.remove_reader)
        data = os.read(self._line, _READ_BYTES)
        if not data:
            raise DriverFailed(f"{self._device}: hung up")
        return list(self._reader.feed(data))


async def _ready(line: int, watch: Callable[..., object], unwatch: Callable[[int], object]) -> None:
    """Until the line may be read or written."""
    ready = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    watch(line, wake)
    try:
        await ready
    finally:
        unwatch(line)


def _make_raw(line: int, baud: int) -> None:
    """Eight bits, no parity, one stop bit, no flow control, nothing translated."""
    speed = getattr(termios, f"B{baud}")
    settings = termios.tcgetattr(line)
    settings[0] = settings[1] = settings[3] = 0
    settings[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    settings[4] = settings[5] = speed
    settings[6][termios.VMIN], settings[6][termios.VTIME] = 0, 0
    termios.tcsetattr(line, termios.TCSANOW, settings)
