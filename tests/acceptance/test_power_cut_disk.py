"""Power cuts on disks that lose what nobody synced: real processes, journalled, and what is left at any moment."""

import asyncio
import contextlib
import dataclasses
import hashlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import cbor2
import pytest

from devices.wire.canonical import decode_canonical
from devices.wire.down import Frame
from devices.wire.reports import Ack, Heartbeat, Hello, Receipt
from firmware_sim import settings
from firmware_sim.clock import Reading
from firmware_sim.device import Device
from firmware_sim.effects import Keep, KeepReceipt, Sound
from firmware_sim.saved import Saved
from firmware_sim.sensors import SystemSensors
from firmware_sim.settings import DeviceFile
from firmware_sim.swarm import open_parts
from tests.support.disk_records import Op, Record
from tests.support.disk_town import Journalled, Morning, morning
from tests.support.disk_wire import Said, answered, published
from tests.support.ear import Ear, heard, heard_twice
from tests.support.town import FINAL

SEED = 20_261_122
IMAGES = 32
WINDOW_S = 1.5
"""A speaker that would say something again does so at once when it boots; this is a hundred times as long."""
BACK_AFTER_MS = 3_000
"""How long the power is away, by the clock of the speaker."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    return asyncio.run(morning(tmp_path_factory.mktemp("morning")))


def images(
    found: Journalled, folder: Path, always: Sequence[int], telling: Sequence[int]
) -> Iterator[tuple[int, Path]]:
    """The number of records that were carried out, and what was left then.

    Right after the records `always` names and after the last, after some of the telling ones, and anywhere.
    """
    random = Random(SEED)
    some = random.sample(telling, min(len(telling), IMAGES // 2))
    anywhere = random.choices(range(len(found.records)), k=IMAGES // 2)
    cuts = sorted(number + 1 for number in {*always, *some, *anywhere, len(found.records) - 1})
    disk = found.disk()
    done = 0
    for each, cut in enumerate(cuts):
        for record in found.records[done:cut]:
            disk.apply(record)
        done = cut
        image = folder / f"{each:02d}"
        disk.after_power_cut(image, random if each % 3 else None)
        yield cut, image


def payload(envelope: bytes) -> object:
    """What a signed message says, whoever signed it."""
    return decode_canonical(cbor2.loads(envelope).value[2])


def test_a_server_that_lost_all_it_had_not_synced_goes_on(told: Morning) -> None:
    assert len(told.states) == 5
    for states in told.states.values():
        assert all(state in FINAL for state in states.values())
    assert set(list(told.states.values())[-1].values()) == {"played"}, "what was accepted right before it is heard"


def test_what_the_server_said_is_on_its_disk(told: Morning, tmp_path: Path) -> None:
    """Answers, orders and acknowledgements: each was safe before it left."""
    accepted = {each: answered(told.server.records, each) for each in told.accepted}
    said = published(told.server.records)
    telling = [each.number for each in said]
    for cut, image in images(told.server, tmp_path, list(accepted.values()), telling):
        if not (image / "loa.db").exists():
            continue
        with contextlib.closing(sqlite3.connect(image / "loa.db")) as database:
            assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            for each, number in accepted.items():
                if number < cut:
                    query = f"SELECT count(*) FROM {told.accepted[each]} WHERE id = ?"
                    assert database.execute(query, (each,)).fetchone() == (1,), told.accepted[each]
            assert_sent_is_kept(database, [each for each in said if each.number < cut])
            assert_content_is_whole(database, image / "content")


def assert_sent_is_kept(database: sqlite3.Connection, said: Sequence[Said]) -> None:
    orders = {row[0] for row in database.execute("SELECT envelope FROM order_entry")}
    receipts = {row[0] for row in database.execute("SELECT digest FROM receipt_entry")}
    for each in said:
        if each.topic.endswith("/orders"):
            assert each.payload in orders
        if each.topic.endswith("/down"):
            frame = Frame.from_bytes(each.payload)
            assert orders.issuperset(frame.orders)
            for ack in frame.acks:
                assert receipts.issuperset(Ack.from_map(payload(ack)).receipts)


def assert_content_is_whole(database: sqlite3.Connection, content: Path) -> None:
    """Every rendition that the database names lies there, to the last byte."""
    for (sha256,) in database.execute("SELECT sha256 FROM rendition"):
        name = sha256.hex() if isinstance(sha256, bytes) else sha256
        files = [path for path in content.rglob(f"*{name}*") if path.is_file()]
        assert files, "the rendition is missing"
        assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == {name}


class Booted:
    """A speaker that wakes up on what was left, without a network, a few seconds after the cut by its clock."""

    def __init__(self, file: DeviceFile, image: Path, cut_ms: int) -> None:
        state = image / file.device
        storage = file.storage.model_copy(update={"dir": state})
        broker = file.broker.model_copy(update={"url": "mqtt://127.0.0.1:9"})
        self.file = file.model_copy(update={"storage": storage, "broker": broker})
        self.ear = image / "after.ear"
        self.written: dict[int, bytes] = {}
        self.saved = Saved()
        self._ahead_ms = time.time_ns() // 1_000_000 - cut_ms - BACK_AFTER_MS

    def kept(self, _device: str, effect: Keep) -> None:
        if isinstance(effect, KeepReceipt):
            self.written[effect.receipt.n] = effect.envelope

    def sounded(self, _device: str, sound: Sound, at: Reading) -> None:
        """The ear hears it."""

    async def boot(self) -> None:
        state = self.file.storage.dir
        async with open_parts(state, lambda _file: Ear(self.ear), lambda _file: SystemSensors()) as make:
            parts = make(self.file, self)
            self.saved = await parts.flash.slot(self.file.device).boot()
            clock = parts.clock

            def back_then() -> Reading:
                now = clock()
                return dataclasses.replace(now, wall_ms=now.wall_ms - self._ahead_ms)

            device = Device(self.file, dataclasses.replace(parts, clock=back_then))
            await device.start()
            await asyncio.sleep(WINDOW_S)
            await device.cut()


@dataclasses.dataclass(frozen=True)
class Wire:
    """What the speaker had said by some moment."""

    receipts: dict[int, bytes]
    boot: int

    @classmethod
    def of(cls, said: Sequence[Said]) -> "Wire":
        receipts = {Receipt.from_map(payload(e.payload)).n: e.payload for e in said if e.topic.endswith("receipt")}
        hellos = [Hello.from_map(payload(e.payload)).boot for e in said if e.topic.endswith("hello")]
        beats = [Heartbeat.from_map(payload(e.payload)).boot for e in said if e.topic.endswith("heartbeat")]
        return cls(receipts, max([*hellos, *beats], default=0))


async def test_a_speaker_repeats_nothing_and_keeps_what_it_said(told: Morning, tmp_path: Path) -> None:
    name = next(iter(told.town.site.sounds))
    file = settings.load(told.town.fleet.fleet_dir / f"{name}.toml")
    records, said = told.speaker.records, published(told.speaker.records)
    left = images(told.speaker, tmp_path, beginnings(records), [each.number for each in said])
    booted = [(cut, Booted(file, image, records[cut - 1].at_ms)) for cut, image in left]
    await asyncio.gather(*(speaker.boot() for _, speaker in booted))
    at_the_server = server_receipts(told)
    resumed = 0
    for cut, speaker in booted:
        wire = Wire.of([each for each in said if each.number < cut])
        assert_receipts_kept(speaker, wire, at_the_server)
        assert speaker.saved.boot > wire.boot
        resumed += assert_heard_once(told.speaker.ear_lines(cut), speaker, wire)
    assert resumed, "some cut fell into a sound that goes on"


def beginnings(records: Sequence[Record]) -> list[int]:
    return [number for number, each in enumerate(records) if each.op is Op.WRITE and b'"what": "begin"' in each.data]


def server_receipts(told: Morning) -> set[bytes]:
    with contextlib.closing(sqlite3.connect(told.server.root / "loa.db")) as database:
        return {row[0] for row in database.execute("SELECT envelope FROM receipt_entry")}


def assert_receipts_kept(speaker: Booted, wire: Wire, at_the_server: set[bytes]) -> None:
    """A receipt that was said is still here, or the server has acknowledged it; no number is ever used twice."""
    saved = speaker.saved
    assert saved.last_receipt >= max(wire.receipts, default=0)
    for n, envelope in wire.receipts.items():
        assert saved.receipts.get(n) == envelope or (n not in saved.receipts and envelope in at_the_server)
        assert n not in speaker.written
    if saved.last_receipt in wire.receipts:
        assert saved.last_digest == hashlib.sha256(wire.receipts[saved.last_receipt]).digest()


def assert_heard_once(before: str, speaker: Booted, wire: Wire) -> int:
    """What was heard is not heard again, and what was over stays over; how many airings went on."""
    after = heard(speaker.ear.read_text("utf-8")) if speaker.ear.exists() else []
    stretches = heard(before)
    assert not heard_twice([*stretches, *after])
    receipts = [Receipt.from_map(payload(envelope)) for envelope in wire.receipts.values()]
    over = {receipt.occurrence for receipt in receipts if receipt.state.value in FINAL}
    begun = {stretch.occurrence for stretch in stretches}
    assert not over & {stretch.occurrence for stretch in after}
    return len(begun & {stretch.occurrence for stretch in after})
