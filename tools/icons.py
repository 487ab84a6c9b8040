"""Draws `courier.svg` as PNG, for phones that take no SVG: ``python -m tools.icons``."""

import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ICONS = Path(__file__).parents[1] / "server" / "web" / "static" / "icons"
SIZES = (192, 512)
BOX = 64.0
GREEN, WHITE = (0x0B, 0x5D, 0x4E), (0xFF, 0xFD, 0xF8)
FINER = 3
"""Points looked at in each direction for one pixel."""
HORN = ((12.0, 27.0), (12.0, 37.0), (20.0, 37.0), (32.0, 46.0), (32.0, 18.0), (20.0, 27.0))
WAVES = ((30.45, 32.0, 11.0, 8.0), (30.155, 32.0, 19.0, 14.0))
"""Centre, radius and half height of the arcs before the horn."""

Plane = NDArray[np.float64]
Mask = NDArray[np.bool_]


def main() -> None:
    """Write every size."""
    for size in SIZES:
        (ICONS / f"courier-{size}.png").write_bytes(png(drawn(size)))


def drawn(size: int) -> NDArray[np.uint8]:
    """The icon, size by size pixels of red, green and blue."""
    steps = (np.arange(size * FINER) + 0.5) * BOX / (size * FINER)
    x, y = np.meshgrid(steps, steps)
    white = _inside(HORN, x, y)
    for wave in WAVES:
        white |= _arc(wave, x, y)
    share = white.reshape(size, FINER, size, FINER).mean(axis=(1, 3))[..., None]
    mixed = share * np.array(WHITE) + (1 - share) * np.array(GREEN)
    pixels: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return pixels


def png(pixels: NDArray[np.uint8]) -> bytes:
    """The pixels as a PNG file (ISO/IEC 15948): eight bits, no palette, no filter."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _inside(corners: tuple[tuple[float, float], ...], x: Plane, y: Plane) -> Mask:
    """Whether each point lies in the polygon: an odd number of its sides is to the right."""
    inside: Mask = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def _arc(wave: tuple[float, float, float, float], x: Plane, y: Plane) -> Mask:
    """A stroke four wide with round ends, open to the left."""
    cx, cy, radius, half = wave
    ring = np.abs(np.hypot(x - cx, y - cy) - radius) <= 2
    reach = math.sqrt(radius**2 - half**2)
    ends = [np.hypot(x - cx - reach, y - cy - side) <= 2 for side in (-half, half)]
    return (ring & (np.abs(y - cy) <= half) & (x > cx)) | ends[0] | ends[1]


if __name__ == "__main__":
    main()
