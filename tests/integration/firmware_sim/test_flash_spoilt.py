"""A spoilt store is noticed, built anew from what can be read, and every loss is told: nothing plays twice for it."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from base.errors import Unavailable
from base.ids import new_id
from devices.wire.config import Config, Hours
from devices.wire.envelope import encode_map
from devices.wire.haves import Haves
from devices.wire.reports import Receipt, ReceiptState
from devices.wire.trust import open_order
from firmware_sim import flash_read
from firmware_sim.counts import RECEIPTS_AHEAD
from firmware_sim.effects import Keep, KeepBundle, KeepConfig, KeepHaves, KeepKeys, KeepMark, KeepOrder, KeepReceipt
from firmware_sim.flash import Flash
from firmware_sim.flash_rows import Kind, Row
from firmware_sim.saved import HeldKey, Loss, Mark, RetiredKey, Saved, SavedConfig, SavedKeys
from tests.unit.firmware_sim.rig import SMART, T0, TRUSTED, Server, play

DEVICE = "bn-s01"
COUNT = 120
OPEN = Mark("OPEN", "speaker", T0, ahead_ms=5_000, proven_ms=1, began_wall_ms=T0)
OVER = Mark("OVER", "speaker", T0, ahead_ms=9_000, began_wall_ms=T0, final=True)


def _everything() -> list[list[Keep]]:
    """What some weeks leave behind, in transactions."""
    server = Server()
    kept: list[list[Keep]] = []
    for n in range(1, COUNT + 1):
        signed = open_order(server.order(play()), TRUSTED.get, SMART.commune_of)
        receipt = Receipt(DEVICE, n, bytes(32), 1, signed.order.id, None, (), ReceiptState.STORED, T0, 0)
        mark = Mark(new_id(), "speaker", T0, ahead_ms=n, began_wall_ms=T0, final=n % 2 == 0)
        kept.append([KeepOrder(signed, T0), KeepHaves("bao-nhai", Haves(n)), KeepMark(mark)])
        kept.append([KeepReceipt(receipt, bytes([n]) * 300, bytes([n]) * 32)])
    keys = SavedKeys(4, (HeldKey(2, bytes(32), T0), HeldKey(3, bytes(32))), (RetiredKey(1, bytes(32), 4),))
    kept.append([KeepConfig(SavedConfig(Config(Hours((), 420)), T0)), KeepKeys("vn", keys), KeepBundle("B", T0)])
    kept.append([KeepMark(OPEN), KeepMark(OVER)])
    return kept


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as a power cut leaves it: its log is not folded in."""
    folder = tmp_path_factory.mktemp("flash")
    flash = Flash(folder / "live" / "flash.db")
    slot = flash.slot(DEVICE)
    done = [slot.execute([])]
    _boot(flash)
    done += [slot.keep(effects) for effects in _everything()]
    done[-1].result(timeout=60)
    shutil.copytree(folder / "live", folder / "cut")
    flash.close()
    return folder / "cut"


def _boot(flash: Flash) -> Saved:
    saved: Saved = flash.submit(None, lambda connection, counts: flash_read.boot(connection, DEVICE, counts)).result(20)
    return saved


def _open(folder: Path) -> Saved:
    flash = Flash(folder / "flash.db")
    try:
        return _boot(flash)
    finally:
        flash.close()


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    copy = tmp_path_factory.mktemp("whole") / "state"
    shutil.copytree(template, copy)
    return _open(copy)


def test_what_is_sound_is_left_alone(whole: Saved):
    assert (whole.boot, whole.last_receipt, whole.loss) == (2, COUNT, None)
    assert (len(whole.orders), len(whole.marks), len(whole.receipts)) == (COUNT, COUNT + 2, COUNT)
    assert whole.keys["vn"].retired == (RetiredKey(1, bytes(32), 4),)
    assert whole.bundles == {"B": T0}


def _fold_in(folder: Path) -> bytearray:
    """The database with its log folded in, so that damage hits what is read."""
    connection = sqlite3.connect(folder / "flash.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return bytearray((folder / "flash.db").read_bytes())


def _truncated(data: bytearray, random: Random) -> bytes:
    return bytes(data[: random.randrange(len(data))])


def _garbage(data: bytearray, random: Random) -> bytes:
    at, length = random.randrange(len(data)), random.choice([16, 600, 5_000, 30_000])
    data[at : at + length] = random.randbytes(min(length, len(data) - at))
    return bytes(data)


def _zeroed(data: bytearray, random: Random) -> bytes:
    page = random.randrange(len(data) // 4_096) * 4_096
    data[page : page + 4_096] = bytes(4_096)
    return bytes(data)


def _flipped(data: bytearray, random: Random) -> bytes:
    for _ in range(random.randint(1, 3)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("damage", [_truncated, _garbage, _zeroed, _flipped])
def test_whatever_was_spoilt_is_noticed_and_nothing_is_made_up(
    folder: Path, whole: Saved, damage: Callable[[bytearray, Random], bytes], seed: int
):
    data = _fold_in(folder)
    (folder / "flash.db").write_bytes(damage(data, Random(seed)))
    saved = _open(folder)
    assert saved.boot == 2
    assert saved.last_receipt >= COUNT
    assert set(saved.orders) <= set(whole.orders)
    assert saved.receipts.items() <= whole.receipts.items()
    assert saved.marks.items() <= whole.marks.items()
    if (saved.orders, saved.marks, saved.receipts) != (whole.orders, whole.marks, whole.receipts):
        assert saved.loss == Loss()
    if saved.loss is not None:
        assert saved.haves == {}, "what is not proved comes again"
        assert saved.last_receipt == COUNT or saved.last_receipt > COUNT + RECEIPTS_AHEAD // 2
        assert (folder / "flash.db.corrupt-1").exists()
    assert _open(folder).boot == 3


def test_one_broken_page_costs_little(folder: Path, whole: Saved):
    data = _fold_in(folder)
    leaves = [at for at in range(0, len(data), 4_096) if data[at] == 0x0A]  # fileformat.html: a leaf of an index tree
    middle = leaves[len(leaves) // 2]
    data[middle : middle + 4_096] = b"\xff" * 4_096
    (folder / "flash.db").write_bytes(data)
    saved = _open(folder)
    assert saved.loss == Loss()
    kept = len(saved.orders) + len(saved.marks) + len(saved.receipts)
    assert kept > 0.8 * (len(whole.orders) + len(whole.marks) + len(whole.receipts))


@pytest.mark.parametrize("log", ["gone", "shorter", "spoilt"])
def test_a_store_that_lost_its_last_transactions_trusts_no_mark_that_is_not_final(folder: Path, log: str):
    wal = folder / "flash.db-wal"
    size = wal.stat().st_size
    match log:
        case "gone":
            wal.unlink()
        case "shorter":
            wal.write_bytes(wal.read_bytes()[: size - 5_000])
        case "spoilt":
            data = bytearray(wal.read_bytes())
            data[size - 6_000] ^= 1
            wal.write_bytes(data)
    saved = _open(folder)
    assert saved.loss == Loss()
    assert saved.boot == 2
    assert all(mark.final for mark in saved.marks.values())
    assert saved.last_receipt > COUNT


def test_an_empty_or_missing_store_goes_on_above_every_number_used(folder: Path):
    for damage in (lambda path: path.write_bytes(b""), lambda path: path.unlink()):
        for side in ("-wal", "-shm"):
            (folder / f"flash.db{side}").unlink(missing_ok=True)
        damage(folder / "flash.db")
        saved = _open(folder)
        assert saved.loss == Loss()
        assert saved.last_receipt == COUNT + RECEIPTS_AHEAD - (COUNT - 1)
        assert saved.orders == ()
    assert saved.boot == 3


def test_lost_counts_are_made_good_from_the_store(folder: Path, whole: Saved):
    (folder / "flash.counts").write_bytes(b"\x00garbage\n\xff")
    saved = _open(folder)
    assert (saved.boot, saved.marks, saved.loss) == (2, whole.marks, None)
    (folder / "flash.db").unlink()
    assert _open(folder).boot == 3


def test_without_counts_and_the_end_of_the_chain_numbers_go_on_above_the_receipts_that_are_left(folder: Path):
    _damage(folder, "UPDATE kept SET body = x'00' WHERE kind = ?", Kind.CHAIN)
    (folder / "flash.counts").unlink()
    saved = _open(folder)
    assert saved.last_receipt == max(saved.receipts) + RECEIPTS_AHEAD == COUNT + RECEIPTS_AHEAD
    assert _open(folder).last_receipt == saved.last_receipt


def test_without_counts_no_mark_of_a_spoilt_store_is_taken_for_the_last_unless_it_is_final(folder: Path):
    _damage(folder, "UPDATE kept SET body = x'00' WHERE kind = ?", Kind.CONFIG)
    (folder / "flash.counts").unlink()
    marks = _open(folder).marks
    assert marks[OVER.occurrence, OVER.output] == OVER
    assert all(mark.final for mark in marks.values())


@pytest.mark.parametrize("spoilt", [False, True])
@pytest.mark.parametrize(
    ("kind", "key"), [(Kind.MARK, b"X/speaker"), (Kind.CONTENT, bytes(32)), (Kind.BUNDLE, b"\xff"), (Kind.HAVES, b"X")]
)
async def test_a_row_of_another_firmware_keeps_nobody_from_starting(folder: Path, kind: Kind, key: bytes, spoilt: bool):
    sql, values = Row(DEVICE, kind, key, T0, b"\xff\xff").put()
    _damage(folder, sql, *values)
    if spoilt:
        _damage(folder, "UPDATE kept SET body = x'00' WHERE kind = ?", Kind.CONFIG)
    flash = Flash(folder / "flash.db")
    try:
        assert len(_boot(flash).orders) == COUNT
        assert await flash.slot(DEVICE).contents() == {}
    finally:
        flash.close()


def _damage(folder: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(folder / "flash.db")
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def test_without_store_and_counts_it_is_as_new(folder: Path):
    for path in folder.iterdir():
        path.unlink()
    assert _open(folder) == Saved(boot=1)


def test_a_store_nobody_knows_anything_of_is_a_loss_all_the_same(folder: Path):
    (folder / "flash.counts").unlink()
    (folder / "flash.db-wal").unlink()
    (folder / "flash.db").write_bytes(b"this is no database at all" * 99)
    saved = _open(folder)
    assert (saved.boot, saved.loss) == (1, Loss())


def test_two_spoilt_stores_are_kept_and_no_more(folder: Path):
    for _ in range(4):
        (folder / "flash.db-wal").unlink(missing_ok=True)
        (folder / "flash.db").write_bytes(b"nothing")
        assert _open(folder).loss == Loss()
    assert sorted(path.name for path in folder.glob("flash.db.corrupt-*")) == [
        "flash.db.corrupt-3",
        "flash.db.corrupt-4",
    ]


def test_a_power_cut_between_the_two_renames_costs_nothing(folder: Path):
    (folder / "flash.db").write_bytes(b"nothing")
    (folder / "flash.db-wal").unlink()
    assert _open(folder).boot == 2
    (folder / "flash.db").rename(folder / "flash.db.new")
    assert _open(folder).boot == 3


def test_a_folder_that_cannot_be_used_is_told_and_not_built_anew(tmp_path: Path):
    (tmp_path / "flash.db").mkdir()
    with pytest.raises(Unavailable) as refusal:
        Flash(tmp_path / "flash.db")
    assert refusal.value.code == "firmware.flash_failed"
    assert (tmp_path / "flash.db").is_dir()


def test_a_store_of_the_first_form_is_carried_over(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "flash.db")
    connection.executescript("""
        CREATE TABLE boots (device TEXT PRIMARY KEY, boot INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE orders (device TEXT, id TEXT, envelope BLOB, forget_ms INTEGER, PRIMARY KEY (device, id));
        CREATE TABLE haves (device TEXT, log TEXT, upto INTEGER, above TEXT, PRIMARY KEY (device, log));
        CREATE TABLE marks (device TEXT, occurrence TEXT, output TEXT, forget_ms INTEGER, ahead_ms INTEGER,
            proven_ms INTEGER, began_wall_ms INTEGER, stored INTEGER, final INTEGER);
        CREATE TABLE receipts (device TEXT, n INTEGER, envelope BLOB, PRIMARY KEY (device, n));
        CREATE TABLE chains (device TEXT PRIMARY KEY, n INTEGER, digest BLOB);
        CREATE TABLE configs (device TEXT PRIMARY KEY, issued_ms INTEGER, body BLOB);
        CREATE TABLE contents (device TEXT, sha BLOB, size INTEGER, used_ms INTEGER);
        INSERT INTO boots VALUES ('bn-s01', 7);
        INSERT INTO orders VALUES ('bn-s01', 'X', x'0102', 99);
        INSERT INTO haves VALUES ('bn-s01', 'vn', 4, '[[7, 9]]');
        INSERT INTO marks VALUES ('bn-s01', 'OPEN', 'speaker', 99, 5000, 1, NULL, 1, 0);
        INSERT INTO receipts VALUES ('bn-s01', 3, x'03');
        INSERT INTO contents VALUES ('bn-s01', x'aa', 10, 20);
    """)
    connection.execute("INSERT INTO chains VALUES ('bn-s01', 3, ?)", (bytes(32),))
    config = Config(Hours((), 60))
    connection.execute("INSERT INTO configs VALUES ('bn-s01', 5, ?)", (encode_map(config.to_map()),))
    connection.commit()
    connection.close()
    saved = _open(tmp_path)
    assert saved == Saved(
        boot=8,
        orders=(b"\x01\x02",),
        haves={"vn": Haves(4, ((7, 9),))},
        marks={("OPEN", "speaker"): Mark("OPEN", "speaker", 99, 5_000, 1, None, stored=True)},
        receipts={3: b"\x03"},
        last_receipt=3,
        config=SavedConfig(config, 5),
    )
    assert _open(tmp_path).boot == 9


def test_a_store_of_the_first_form_that_is_spoilt_is_built_anew(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "flash.db")
    connection.executescript("""
        CREATE TABLE boots (device TEXT PRIMARY KEY, boot INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE orders (device TEXT, id TEXT, envelope BLOB, forget_ms INTEGER, PRIMARY KEY (device, id));
        CREATE TABLE haves (device TEXT, log TEXT, upto INTEGER, above TEXT, PRIMARY KEY (device, log));
        INSERT INTO haves VALUES ('bn-s01', 'vn', 4, '[[7, 9');
    """)
    connection.close()
    assert _open(tmp_path).loss == Loss()
