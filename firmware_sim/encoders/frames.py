"""The bytes on a serial line to an encoder (pure); docs/device-makers.md is their description.

    a5 5a  length(2)  opcode(1)  number(1)  payload  crc(2)

Numbers are big-endian. length counts opcode, number and payload. crc is CRC-16/CCITT-FALSE over length to payload.
"""

import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

SYNC = b"\xa5\x5a"
MAX_LENGTH = 8_192
_OVERHEAD = len(SYNC) + 4


class Opcode(IntEnum):
    """To the encoder below 0x80, from it above."""

    BEGIN = 0x01
    END = 0x02
    KEEPALIVE = 0x03
    CHECK = 0x04
    DONE = 0x81
    FAILED = 0x82
    HEARD = 0x83


@dataclass(frozen=True, slots=True)
class Frame:
    """number: of the frame, modulo 256; an answer repeats that of what it answers."""

    opcode: Opcode
    number: int
    payload: bytes = b""

    def to_bytes(self) -> bytes:
        body = (2 + len(self.payload)).to_bytes(2, "big") + bytes([self.opcode, self.number]) + self.payload
        return SYNC + body + crc(body).to_bytes(2, "big")


def crc(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, begins with 0xffff, not reflected."""
    return binascii.crc_hqx(data, 0xFFFF)


def programme(frequency_khz: int, play_class: int, codes: Iterable[str]) -> bytes:
    """The payload of BEGIN and KEEPALIVE: frequency(4), class(1), then the codes as `code_list` writes them."""
    return frequency_khz.to_bytes(4, "big") + bytes([play_class]) + code_list(codes)


def code_list(codes: Iterable[str]) -> bytes:
    """count(2), then each code: how many digits (1), the hexadecimal digits in ASCII, upper case."""
    digits = [code.upper().encode("ascii") for code in codes]
    return len(digits).to_bytes(2, "big") + b"".join(bytes([len(each)]) + each for each in digits)


def read_codes(payload: bytes) -> tuple[str, ...]:
    """The codes of a list. Raises ValueError when it is none."""
    count, at, codes = int.from_bytes(payload[:2], "big"), 2, []
    for _ in range(count):
        length = payload[at] if at < len(payload) else 0
        digits = payload[at + 1 : at + 1 + length]
        if not 1 <= length <= 16 or len(digits) != length:
            raise ValueError("not a list of codes")
        codes.append(digits.decode("ascii").upper())
        at += 1 + length
    if len(payload) != at:
        raise ValueError("not a list of codes")
    return tuple(codes)


class Reader:
    """Finds frames in whatever comes along the line; noise and damaged frames are passed over."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now."""
        self._data += data
        while (at := self._data.find(SYNC)) >= 0:
            self._data = self._data[at:]
            if len(self._data) < _OVERHEAD:
                return
            size = _OVERHEAD + int.from_bytes(self._data[2:4], "big")
            if size > MAX_LENGTH:
                self._data = self._data[1:]
                continue
            if len(self._data) < size:
                return
            frame = _frame(self._data[2 : size - 2], self._data[size - 2 : size])
            # After a damaged frame the next one may begin inside it.
            self._data = self._data[1 if frame is None else size :]
            if frame is not None:
                yield frame
        self._data = self._data[-1:] if self._data.endswith(SYNC[:1]) else b""


def _frame(body: bytes, code: bytes) -> Frame | None:
    if len(body) < 4 or crc(body) != int.from_bytes(code, "big"):
        return None
    try:
        return Frame(Opcode(body[2]), body[3], body[4:])
    except ValueError:
        return None
