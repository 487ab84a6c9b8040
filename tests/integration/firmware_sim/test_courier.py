"""A bundle takes effect whole or not at all; what a device did comes back in one file."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from base.errors import Unavailable
from base.ids import new_id
from devices.wire.bundle import write_bundle
from devices.wire.content import Rendition, Speech, Version
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign, verify
from devices.wire.reports import Ack, Receipt
from devices.wire.returns import ReturnFile, read_return
from devices.wire.trust import digest
from firmware_sim.contents import ContentFolder
from firmware_sim.device import Device
from firmware_sim.settings import CourierPart
from firmware_sim.swarm import MakeParts, open_parts
from tests.integration.firmware_sim.breaking import break_writes, mend_writes
from tests.integration.firmware_sim.test_device import now_ms
from tests.integration.firmware_sim.world import device_file
from tests.support.until import until
from tests.unit.firmware_sim.rig import COMMUNE, ENEMY, PROVINCE, SEEDS, Server, play, public_of

HOUR_MS = 3_600_000


@dataclass
class Village:
    """One speaker that no network reaches, and what its commune would send it."""

    device: Device
    make: MakeParts
    folder: Path
    server: Server
    contents: dict[bytes, bytes]

    def speech(self, size: int = 9_000) -> Speech:
        data = os.urandom(size)
        sha = hashlib.sha256(data).digest()
        self.contents[sha] = data
        return Speech((Version("vi", (Rendition(sha, size, "opus16", 300),)),))

    def order(self, body: object, log: str = "bao-nhai", **changes: object) -> bytes:
        fresh = {"issued_ms": now_ms(), "expires_ms": now_ms() + HOUR_MS} | changes
        return self.server.order(body, log, **fresh)  # type: ignore[arg-type]  # whatever body a test wants

    def bundle(
        self,
        *orders: bytes,
        acks: tuple[bytes, ...] = (),
        devices: tuple[str, ...] = ("bn-s77", "bn-s01"),
        expires_ms: int | None = None,
        key: SigningKey = COMMUNE,
        commune: str = "bao-nhai",
    ) -> bytes:
        def opens(data: bytes) -> Callable[[], io.BytesIO]:
            return lambda: io.BytesIO(data)

        out = io.BytesIO()
        write_bundle(
            out,
            bundle_id=new_id(),
            commune=commune,
            devices=devices,
            issued_ms=now_ms(),
            expires_ms=now_ms() + HOUR_MS if expires_ms is None else expires_ms,
            orders=orders,
            beacons=(),
            acks=acks,
            blobs=[(sha, len(data), opens(data)) for sha, data in self.contents.items()],
            key=key,
        )
        return out.getvalue()

    async def take(self, data: bytes) -> str:
        return (await self.device.take_bundle(io.BytesIO(data))).code

    def state(self) -> object:
        """Everything a bundle could have changed."""
        speaker = self.device.speaker
        here = sorted(path.name for path in (self.folder / "state" / "content").rglob("*"))
        haves = dict(speaker.report(self.device.now).heartbeat.haves)
        return here, haves, dict(speaker.refused), speaker.receipts_pending, speaker.report(self.device.now).bundles


@pytest.fixture
async def village(tmp_path: Path) -> AsyncIterator[Village]:
    file = device_file("bn-s01", 9, tmp_path)
    file = file.model_copy(update={"broker": None, "courier": CourierPart(usb=("/media/loa",))})
    async with open_parts(tmp_path / "state") as make:
        device = Device(file, make(file, None))
        await device.start()
        try:
            yield Village(device, make, tmp_path, Server(), {})
        finally:
            await device.stop()


async def _return(device: Device) -> tuple[str, list[Receipt], ReturnFile]:
    out = io.BytesIO()
    name = await device.make_return(out)
    out.seek(0)
    key = CheckingKey.from_public("bn-s01", public_of(SEEDS["device"]))
    found = read_return(out, keyring=lambda kid: key if kid == "bn-s01" else None)
    receipts = [Receipt.from_map(verify(Kind.RECEIPT, data, lambda _: key).payload) for data in found.receipts]
    return name, receipts, found


async def test_what_a_bundle_brings_is_played_and_its_receipts_come_back_and_are_forgotten(village: Village):
    item = play(now_ms() + 700, parts=(village.speech(), village.speech()))
    data = village.bundle(village.order(item), village.order(play(None), "d/bn-s77", key=COMMUNE))
    result = await village.device.take_bundle(io.BytesIO(data))
    assert (result.code, result.orders, result.contents) == ("taken", 2, 2)
    await until(lambda: village.device.speaker.receipts_pending == 3)
    name, receipts, found = await _return(village.device)
    assert name.startswith("bn-s01-return-1-")
    assert [receipt.state.value for receipt in receipts] == ["stored", "started", "played"]
    assert set(found.report.held) == set(village.contents)
    assert found.report.bundles == (result.bundle,)
    assert found.report.heartbeat.haves["bao-nhai"].upto == 1
    ack = sign(Kind.ACK, Ack("bn-s01", tuple(digest(each) for each in found.receipts)).to_map(), COMMUNE)
    assert await village.take(village.bundle(acks=(ack,))) == "taken"
    assert village.device.speaker.receipts_pending == 0


async def test_the_same_bundle_twice_and_after_a_power_cut_is_refused_and_changes_nothing(village: Village):
    data = village.bundle(village.order(play(now_ms() + HOUR_MS // 2, parts=(village.speech(),))))
    assert await village.take(data) == "taken"
    before = village.state()
    assert await village.take(data) == "replayed"
    await village.device.cut()
    await village.device.start()
    assert await village.take(data) == "replayed"
    assert village.state()[:2] == before[:2]  # type: ignore[index]  # a tuple


async def test_two_bundles_with_the_same_order_play_it_once(village: Village):
    item = play(None, parts=(village.speech(),))
    order = village.order(item)
    assert await village.take(village.bundle(order)) == "taken"
    assert await village.take(village.bundle(order)) == "taken"
    await until(lambda: village.device.speaker.receipts_pending == 3)
    _, receipts, _ = await _return(village.device)
    assert [receipt.state.value for receipt in receipts] == ["stored", "started", "played"]


async def test_what_is_wrong_with_a_whole_bundle_is_told_and_nothing_changes(village: Village):
    order = village.order(play(None, parts=(village.speech(),)))
    before = village.state()
    for reason, data in (
        ("wrong_village", village.bundle(order, devices=("bn-s77",))),
        ("unknown_signer", village.bundle(order, key=ENEMY)),
        ("unknown_signer", village.bundle(order, key=PROVINCE)),
        ("wrong_village", village.bundle(order, key=PROVINCE, commune="lao-cai")),
        ("expired", village.bundle(order, expires_ms=now_ms() - 1)),
        ("not_a_bundle", b"no bundle at all" * 100),
        ("trailing", village.bundle(order) + b"more"),
    ):
        code = await village.take(data)
        assert code in {reason, "altered"} if reason == "unknown_signer" else code == reason
        assert village.state() == before


@pytest.mark.parametrize("seed", range(4))
async def test_damaged_bundles_are_refused_without_a_byte_of_effect(village: Village, seed: int):
    random = Random(seed)
    data = village.bundle(village.order(play(None, parts=(village.speech(),))), village.order(play(None)))
    before = village.state()
    for _ in range(25):
        at = random.randrange(len(data))
        cut, flipped = data[:at], data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
        for damaged in (cut, flipped):
            assert await village.take(damaged) in {
                "truncated",
                "altered",
                "not_a_bundle",
                "unknown_signer",
                "too_large",
            }
    assert village.state() == before


async def test_a_bundle_without_room_is_refused_before_anything_happens(
    village: Village, monkeypatch: pytest.MonkeyPatch
):
    data = village.bundle(village.order(play(None, parts=(village.speech(60_000),))))
    before = village.state()
    monkeypatch.setattr(ContentFolder, "disk_free_bytes", 59_000)
    assert await village.take(data) == "full"
    assert village.state() == before
    monkeypatch.setattr(ContentFolder, "disk_free_bytes", 200_000)
    assert await village.take(data) == "taken"


async def test_what_is_here_already_is_not_written_again(village: Village):
    first = village.bundle(village.order(play(now_ms() + HOUR_MS // 2, parts=(village.speech(),))))
    assert await village.take(first) == "taken"
    village.speech()
    result = await village.device.take_bundle(io.BytesIO(village.bundle()))
    assert (result.code, result.contents) == ("taken", 1)


async def test_while_flash_refuses_a_bundle_is_not_said_to_be_taken_and_nothing_is_handed_out(village: Village):
    data = village.bundle(village.order(play(now_ms() + HOUR_MS // 2)))
    await break_writes(village.device._parts.flash)
    assert await village.take(data) == "failed"
    with pytest.raises(Unavailable):
        await village.device.make_return(io.BytesIO())
    await mend_writes(village.device._parts.flash)
    await until(lambda: not village.device._keeper.failing)
    assert await village.take(data) == "replayed"
    await village.device.make_return(io.BytesIO())


async def test_a_return_file_can_be_had_any_time_and_changes_nothing(village: Village):
    before = village.state()
    first, second = await asyncio.gather(_return(village.device), _return(village.device))
    assert first[0] != second[0]
    assert village.state() == before


async def test_a_device_whose_flash_was_spoilt_takes_its_bundle_again_and_plays_what_is_still_to_come(tmp_path: Path):
    file = device_file("bn-s01", 9, tmp_path)
    state, now = tmp_path / "state", now_ms()
    contents: dict[bytes, bytes] = {}
    async with open_parts(state) as make:
        village = Village(Device(file, make(file, None)), make, tmp_path, Server(), contents)
        await village.device.start()
        past, later = play(None, parts=(village.speech(),)), play(now + 3_000, parts=(village.speech(),))
        data = village.bundle(village.order(past), village.order(later))
        assert await village.take(data) == "taken"
        await until(lambda: village.device.speaker.receipts_pending == 4)
        await village.device.stop()
    (state / "flash.db").write_bytes(os.urandom(20_000))
    async with open_parts(state) as make:
        device = Device(file, make(file, None))
        await device.start()
        again = Village(device, make, tmp_path, village.server, contents)
        assert set(device._contents.held) == set(contents), "content outlives its index"
        result = await device.take_bundle(io.BytesIO(data))
        assert (result.code, result.contents) == ("taken", 0)
        finals: list[Receipt] = []
        while len(finals) < 2:
            await asyncio.sleep(0.2)
            _, receipts, found = await _return(again.device)
            finals = [receipt for receipt in receipts if receipt.state.final]
        assert {(r.occurrence, r.state.value, r.reason) for r in finals} == {
            (past.occurrence, "interrupted", "flash_lost"),
            (later.occurrence, "played", ""),
        }
        assert found.report.heartbeat.boot == 2
        assert found.report.heartbeat.faults == ("flash_rebuilt",)
        assert min(receipt.n for receipt in receipts) > 4
        await device.stop()


def _small_disk(village: Village, monkeypatch: pytest.MonkeyPatch, total_bytes: int) -> None:
    """A disk for contents alone, on which every file takes what is in it."""

    def free(_folder: ContentFolder) -> int:
        files = [path.stat() for path in (village.folder / "state" / "content").rglob("*") if path.is_file()]
        return max(0, total_bytes - sum({each.st_ino: each.st_size for each in files}.values()))

    monkeypatch.setattr(ContentFolder, "disk_free_bytes", property(free))


async def test_a_bundle_that_just_fits_costs_nothing_that_is_needed(village: Village, monkeypatch: pytest.MonkeyPatch):
    soon = village.order(play(now_ms() + HOUR_MS // 2, parts=(village.speech(100_000),)))
    assert await village.take(village.bundle(soon)) == "taken"
    (needed,) = village.contents
    village.contents.clear()
    _small_disk(village, monkeypatch, 320_000)
    item = play(now_ms() + HOUR_MS // 3, parts=(village.speech(100_000), village.speech(100_000)))
    assert await village.take(village.bundle(village.order(item))) == "taken"
    assert set(village.device._contents.held) == {needed, *village.contents}


async def test_what_a_bundle_relies_on_is_not_dropped_for_what_it_brings(village: Village):
    mib = 1 << 20
    for size in (20 * mib, 20 * mib):
        village.speech(size)
        assert await village.take(village.bundle()) == "taken"
        village.device._contents._here = {sha: (size, 0) for sha, (size, _) in village.device._contents._here.items()}
    relied_on = next(iter(village.device._contents.held))
    village.contents = {relied_on: village.contents[relied_on]}
    village.speech(40 * mib)
    assert await village.take(village.bundle()) == "taken"
    assert set(village.device._contents.held) == set(village.contents)
    village.speech(25 * mib)
    assert await village.take(village.bundle()) == "full"
    assert set(village.device._contents.held) < set(village.contents)


async def test_a_bundle_leaves_alone_what_a_download_is_writing_to(village: Village, monkeypatch: pytest.MonkeyPatch):
    data = village.bundle(village.order(play(now_ms() + HOUR_MS // 2, parts=(village.speech(),))))
    (sha,) = village.contents
    folder = village.device._contents.folder
    folder.part("bn-s01", sha).write_bytes(b"begun")
    seen: list[bytes] = []
    take = ContentFolder.take

    async def watched(self: ContentFolder, device: str, sha: bytes, path: Path | None = None) -> bool:
        seen.append(self.part(device, sha).read_bytes())
        return await take(self, device, sha, *([] if path is None else [path]))

    monkeypatch.setattr(ContentFolder, "take", watched)
    assert await village.take(data) == "taken"
    assert seen == [b"begun"]
    assert [path.name for path in (village.folder / "state" / "content").rglob("*") if path.is_file()] == [sha.hex()]
