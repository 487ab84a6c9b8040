"""A town whose server and speaker work on disks that are journalled, through a morning with kills in it."""

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import disk_records
from tests.support.disk import Disk
from tests.support.disk_records import Op, Record
from tests.support.town import Town, Ways, one_cluster_site, prepared_town, until


@dataclass
class Journalled:
    """One process's disk: where it was, what was in it before, and all that was done to it."""

    root: Path
    before: Path
    records: list[Record] = field(default_factory=list)

    def disk(self) -> Disk:
        return Disk(self.root, self.before)

    def ear_lines(self, upto: int) -> str:
        """What the ear had noted by this record."""
        ears = {record.file for record in self.records if record.op is Op.OPEN and record.name.endswith(".ear")}
        lines = (r.data for r in self.records[:upto] if r.op is Op.WRITE and r.file in ears)
        return b"".join(lines).decode()


@dataclass
class Morning:
    """What happened, for the tests to judge."""

    town: Town
    server: Journalled
    speaker: Journalled
    asset_sha256s: list[str] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    """Id → the table of what the server accepted with a 2xx answer."""
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    """Occurrence → cluster → state, after everything was over."""


async def morning(folder: Path) -> Morning:
    """Announcements, an emergency, a speaker killed in mid-sound, the server killed and its disk spoilt."""
    data = folder / "data"
    ways = Ways(
        ears=True,
        server_prefix=disk_records.prefix(folder, data, folder / "server.journal"),
        speaker_prefix=disk_records.prefix(folder, data / "speakers", folder / "speaker.journal"),
    )
    here = await prepared_town(data, lead_s=2, site=one_cluster_site(), ways=ways)
    (data / "speakers").mkdir(exist_ok=True)
    server, speaker = Journalled(data, folder / "server.before"), Journalled(data / "speakers", folder / "none")
    shutil.copytree(data, server.before)
    speaker.before.mkdir()
    told = Morning(here, server, speaker)
    try:
        await here.start()
        await _broadcasts(told)
        await _server_loses_power(told, folder)
        await _speaker_ends(told, folder)
    finally:
        await here.stop()
    return told


async def _broadcasts(told: Morning) -> None:
    here = told.town
    spoken = await here.spoken("Họp thôn", "Mời bà con đến họp lúc bảy giờ tối nay.")
    told.accepted[spoken] = "announcement"
    first = await _on_air(told, spoken)
    await until(lambda: here.reported(first))
    second = await _on_air(told, spoken)
    emergency = await here.story.emergency("truc", "flood")
    told.accepted |= {emergency["id"]: "emergency", emergency["occurrence_id"]: "occurrence"}
    await until(lambda: sounds(here, emergency["occurrence_id"]))
    await here.story.end_emergency("truc", emergency["id"], "stop")
    await until(lambda: here.reported(second))
    third = await _on_air(told, spoken)
    await until(lambda: sounds(here, third))
    child = next(iter(here.speakers.values()))
    await here.kill(child)
    await child.start()
    await until(lambda: here.reported(third))


async def _on_air(told: Morning, spoken: str) -> str:
    occurrence_id = (await told.town.story.broadcast("lan", spoken)).occurrence_id
    told.accepted[occurrence_id] = "occurrence"
    return occurrence_id


async def sounds(here: Town, occurrence_id: str) -> bool:
    return any(here.heard(name, occurrence_id) for name in here.site.sounds)


async def _server_loses_power(told: Morning, folder: Path) -> None:
    """Right after it accepted a broadcast it is cut off, and wakes up with nothing that was not safe."""
    here, found = told.town, told.server
    spoken = next(each for each, table in told.accepted.items() if table == "announcement")
    await _on_air(told, spoken)
    await here.kill(here.server)
    found.records = disk_records.read_journal(folder / "server.journal")
    disk = found.disk()
    for record in found.records:
        disk.apply(record)
    disk.now(folder / "server.now")
    assert_same(folder / "server.now", found.root)
    image = folder / "server.image"
    disk.after_power_cut(image, None)
    for name in ("loa.db", "loa.db-wal", "loa.db-shm"):
        (found.root / name).unlink(missing_ok=True)
    shutil.rmtree(found.root / "content")
    shutil.copytree(image / "content", found.root / "content")
    for path in image.glob("loa.db*"):
        shutil.copy(path, found.root)
    await here.start_server()
    for occurrence_id in [each for each, table in told.accepted.items() if table == "occurrence"]:
        await until(lambda occurrence_id=occurrence_id: here.reported(occurrence_id))
        told.states[occurrence_id] = await here.states(occurrence_id)
    await until(lambda: asyncio.to_thread(everything_arrived, here))


def everything_arrived(here: Town) -> bool:
    """Whether no receipt is missing at the server, nor waits for its acknowledgement."""
    return not here.missing_receipts() and not any(map(here.unacknowledged, here.site.sounds))


async def _speaker_ends(told: Morning, folder: Path) -> None:
    for child in told.town.speakers.values():
        await told.town.kill(child)
    told.speaker.records = disk_records.read_journal(folder / "speaker.journal")
    disk = told.speaker.disk()
    for record in told.speaker.records:
        disk.apply(record)
    disk.now(folder / "speaker.now")
    assert_same(folder / "speaker.now", told.speaker.root)


def assert_same(replayed: Path, real: Path) -> None:
    """The journal missed nothing: what it replays is what lies there."""
    files = [path.relative_to(replayed) for path in replayed.rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert (replayed / file).read_bytes() == (real / file).read_bytes(), file
