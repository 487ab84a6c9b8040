"""Six hundred damaged, forged, stale and foreign bundles, and not a byte of effect."""

import hashlib
import io
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from base.ids import new_id
from devices.wire import ustar
from devices.wire.bundle import write_bundle
from devices.wire.content import Rendition, Speech, Version
from devices.wire.envelope import SigningKey
from firmware_sim.device import Device
from firmware_sim.settings import CourierPart
from firmware_sim.swarm import open_parts
from tests.integration.firmware_sim.test_device import now_ms
from tests.integration.firmware_sim.world import device_file
from tests.support.until import until
from tests.unit.firmware_sim.rig import COMMUNE, DEVICE, ENEMY, PROVINCE, SEEDS, Server, play

HOUR_MS = 3_600_000
BLOCK = ustar.BLOCK


@dataclass
class Village:
    """One speaker with what it held before anybody came, and what its commune would send it."""

    device: Device
    state_dir: Path
    server: Server
    orders: tuple[bytes, ...]
    blobs: dict[bytes, bytes]

    def bundle(self, **changes: object) -> bytes:
        """A bundle that is right, but for what the test changes."""
        out, now = io.BytesIO(), now_ms()
        fields: dict[str, object] = {
            "bundle_id": new_id(),
            "commune": "bao-nhai",
            "devices": ("bn-s01",),
            "issued_ms": now,
            "expires_ms": now + HOUR_MS,
            "orders": self.orders,
            "beacons": (),
            "acks": (),
            "blobs": [(sha, len(data), _opener(data)) for sha, data in self.blobs.items()],
            "key": COMMUNE,
        }
        write_bundle(out, **(fields | changes))  # type: ignore[arg-type]  # whatever a test changes
        return out.getvalue()

    async def take(self, data: bytes) -> str:
        return (await self.device.take_bundle(io.BytesIO(data))).code

    def digest(self) -> str:
        """Of every row of its flash and every byte of every other file it keeps."""
        found = hashlib.sha256()
        with closing(sqlite3.connect(f"file:{self.state_dir / 'flash.db'}?mode=ro", uri=True)) as flash:
            for line in flash.iterdump():
                found.update(line.encode())
        for path in sorted(self.state_dir.rglob("*")):
            if path.is_file() and not path.name.startswith("flash.db"):
                found.update(str(path.relative_to(self.state_dir)).encode() + path.read_bytes())
        return found.hexdigest()


def _opener(data: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(data)


def _speech(blobs: dict[bytes, bytes]) -> Speech:
    data = os.urandom(3_000)
    sha = hashlib.sha256(data).digest()
    blobs[sha] = data
    return Speech((Version("vi", (Rendition(sha, len(data), "opus16", 300),)),))


@pytest.fixture
async def village(tmp_path: Path) -> AsyncIterator[Village]:
    """It has a bundle already, so that there is something to lose."""
    file = device_file("bn-s01", 9, tmp_path)
    file = file.model_copy(update={"broker": None, "courier": CourierPart(usb=("/media/loa",))})
    state_dir, server = tmp_path / "state", Server()
    async with open_parts(state_dir) as make:
        device = Device(file, make(file, None))
        await device.start()
        try:
            first: dict[bytes, bytes] = {}
            now = now_ms()
            life = {"issued_ms": now, "expires_ms": now + 2 * HOUR_MS}
            old = server.order(play(now + HOUR_MS, parts=(_speech(first),)), **life)
            here = Village(device, state_dir, server, (old,), first)
            assert await here.take(here.bundle()) == "taken"
            await until(lambda: device.speaker.receipts_pending == 1)
            await device.make_return(io.BytesIO())  # which waits until all of this is on flash
            blobs: dict[bytes, bytes] = {}
            orders = tuple(server.order(play(None, parts=(_speech(blobs),)), **life) for _ in range(3))
            yield Village(device, state_dir, server, orders, blobs)
        finally:
            await device.stop()


def cut(village: Village, random: Random) -> Iterator[bytes]:
    data = village.bundle()
    yield from (data[: random.randrange(len(data))] for _ in range(100))


def flipped(village: Village, random: Random) -> Iterator[bytes]:
    data = village.bundle()
    for _ in range(150):
        at = random.randrange(len(data))
        yield data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def rearranged(village: Village, random: Random) -> Iterator[bytes]:
    """Blocks swapped, left out, doubled, put in, or put after the end."""
    data = village.bundle()
    count = len(data) // BLOCK
    blocks = [data[at * BLOCK : (at + 1) * BLOCK] for at in range(count)]
    for number in range(100):
        one, other = sorted(random.sample(range(count), 2))
        kinds = (
            [*blocks[:one], blocks[other], *blocks[one + 1 : other], blocks[one], *blocks[other + 1 :]],
            blocks[:one] + blocks[one + 1 :],
            [*blocks[:one], blocks[one], *blocks[one:]],
            [*blocks[:one], random.randbytes(BLOCK), *blocks[one:]],
            [*blocks, random.randbytes(random.randrange(1, BLOCK))],
        )
        made = b"".join(kinds[number % len(kinds)])
        # Two blocks of zeros in each other's place are the same file.
        yield made if made != data else data + b"\0"


def forged(village: Village, random: Random) -> Iterator[bytes]:
    """Whole and well made, but signed by somebody who has no say here."""
    stranger = SigningKey.from_seed("bao-nhai#1", random.randbytes(32))
    unknown = SigningKey.from_seed("bao-nhai#7", SEEDS["bao-nhai"])
    for number in range(80):
        key = (ENEMY, PROVINCE, DEVICE, stranger, unknown)[number % 5]
        yield village.bundle(key=key)


def stale(village: Village, random: Random) -> Iterator[bytes]:
    for _ in range(60):
        ago = random.randrange(1, 400 * 24 * HOUR_MS)
        yield village.bundle(issued_ms=now_ms() - ago - HOUR_MS, expires_ms=now_ms() - ago)


def foreign(village: Village, random: Random) -> Iterator[bytes]:
    """For other devices, and of other communes, also of one that signs with a key trusted here."""
    for number in range(60):
        others = tuple(f"bn-s{random.randrange(2, 99):02d}x" for _ in range(random.randrange(1, 4)))
        changes = (
            {"devices": others},
            {"commune": "lao-cai", "key": PROVINCE},
            {"commune": "ban-lien", "key": SigningKey.from_seed("ban-lien#1", random.randbytes(32))},
        )
        yield village.bundle(**changes[number % 3])  # type: ignore[arg-type]  # one of them


def disguised(village: Village, random: Random) -> Iterator[bytes]:
    """Archives that other programs would unpack: links, paths that lead elsewhere, other kinds of entry."""
    data = village.bundle()
    for number in range(50):
        head = bytearray(data[:BLOCK])
        if number % 2:
            name = random.choice([b"../manifest.cose", b"/etc/passwd", b"manifest.cose/..", b"MANIFEST.COSE"])
            head[:100] = name.ljust(100, b"\0")
        else:
            head[156:157] = random.choice([b"1", b"2", b"5", b"x", b"L", b"\0"])
            head[157:257] = random.choice([b"", b"/etc/passwd"]).ljust(100, b"\0")
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\x00 " % sum(head)
        yield bytes(head) + data[BLOCK:]


KINDS = (cut, flipped, rearranged, forged, stale, foreign, disguised)
REASONS = {
    "not_a_bundle",
    "truncated",
    "altered",
    "wrong_village",
    "expired",
    "too_large",
    "unknown_signer",
    "trailing",
}


async def test_six_hundred_bundles_that_must_not_be_taken_are_refused_without_a_byte_of_effect(village: Village):
    before, random = village.digest(), Random(20_261_121)
    refused: dict[str, set[str]] = {}
    count = 0
    for kind in KINDS:
        for data in kind(village, random):
            reason = await village.take(data)
            assert reason in REASONS, (kind.__name__, reason)
            refused.setdefault(kind.__name__, set()).add(reason)
            count += 1
        assert village.digest() == before, kind.__name__
    assert count == 600
    assert refused["stale"] == {"expired"}
    assert refused["forged"] <= {"unknown_signer", "altered"}
    assert await village.take(village.bundle()) == "taken"
    assert village.digest() != before
