"""How what a device keeps lies in SQLite: the tables, the statement of each effect, and reading it all back."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from devices.wire.config import Config
from devices.wire.envelope import decode_canonical, encode_map
from devices.wire.fields import Fields
from devices.wire.haves import Haves
from firmware_sim.effects import (
    DropReceipts,
    Keep,
    KeepConfig,
    KeepHaves,
    KeepMark,
    KeepOrder,
    KeepReceipt,
    Prune,
)
from firmware_sim.saved import Mark, Saved, SavedConfig

Statement = tuple[str, tuple[Any, ...]]

SCHEMA = """
CREATE TABLE IF NOT EXISTS boots (device TEXT PRIMARY KEY, boot INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (device TEXT, id TEXT, envelope BLOB NOT NULL, forget_ms INTEGER NOT NULL,
    PRIMARY KEY (device, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS haves (device TEXT, log TEXT, upto INTEGER NOT NULL, above TEXT NOT NULL,
    PRIMARY KEY (device, log)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (device TEXT, occurrence TEXT, output TEXT, forget_ms INTEGER NOT NULL,
    ahead_ms INTEGER NOT NULL, proven_ms INTEGER NOT NULL, began_wall_ms INTEGER, stored INTEGER NOT NULL,
    final INTEGER NOT NULL, PRIMARY KEY (device, occurrence, output)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipts (device TEXT, n INTEGER, envelope BLOB NOT NULL,
    PRIMARY KEY (device, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chains (device TEXT PRIMARY KEY, n INTEGER NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS configs (device TEXT PRIMARY KEY, issued_ms INTEGER NOT NULL,
    body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents (device TEXT, sha BLOB, size INTEGER NOT NULL, used_ms INTEGER NOT NULL,
    PRIMARY KEY (device, sha)) WITHOUT ROWID;
"""


def statements(device: str, keep: Keep) -> Iterator[Statement]:
    """What to write for one effect of a device."""
    match keep:
        case KeepOrder(signed=signed, forget_ms=forget_ms):
            row = (device, signed.order.id, signed.envelope, forget_ms)
            yield "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", row
        case KeepHaves(log=log, haves=haves):
            above = json.dumps(haves.above)
            yield "INSERT OR REPLACE INTO haves VALUES (?, ?, ?, ?)", (device, log, haves.upto, above)
        case KeepMark(mark=mark):
            yield "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (device, *_mark_row(mark))
        case KeepReceipt(receipt=receipt, envelope=envelope, digest=digest):
            yield "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?)", (device, receipt.n, envelope)
            yield "INSERT OR REPLACE INTO chains VALUES (?, ?, ?)", (device, receipt.n, digest)
        case DropReceipts(held=held):
            yield from _dropped(device, held)
        case KeepConfig(saved=saved):
            body = encode_map(saved.config.to_map())
            yield "INSERT OR REPLACE INTO configs VALUES (?, ?, ?)", (device, saved.issued_ms, body)
        case Prune(before_ms=before_ms):
            yield "DELETE FROM orders WHERE device = ? AND forget_ms < ?", (device, before_ms)
            yield "DELETE FROM marks WHERE device = ? AND forget_ms < ?", (device, before_ms)


def content_stored(device: str, sha: bytes, size: int, used_ms: int) -> Statement:
    """Note that a content is here."""
    return "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)", (device, sha, size, used_ms)


def content_dropped(device: str, sha: bytes) -> Statement:
    """Note that a content is gone."""
    return "DELETE FROM contents WHERE device = ? AND sha = ?", (device, sha)


def boot(connection: sqlite3.Connection, device: str) -> Saved:
    """Count a boot and read everything kept."""
    connection.execute("INSERT INTO boots VALUES (?, 1) ON CONFLICT (device) DO UPDATE SET boot = boot + 1", (device,))

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql, (device,)).fetchall()

    last, digest = next(iter(rows("SELECT n, digest FROM chains WHERE device = ?")), (0, bytes(32)))
    marks = [_mark(row) for row in rows(f"SELECT {_MARK_COLUMNS} FROM marks WHERE device = ?")]  # noqa: S608 - a constant
    return Saved(
        boot=rows("SELECT boot FROM boots WHERE device = ?")[0][0],
        orders=tuple(row[0] for row in rows("SELECT envelope FROM orders WHERE device = ?")),
        haves={log: _haves(upto, above) for log, upto, above in rows(_SELECT_HAVES)},
        marks={(mark.occurrence, mark.output): mark for mark in marks},
        receipts=dict(rows("SELECT n, envelope FROM receipts WHERE device = ? ORDER BY n")),
        last_receipt=last,
        last_digest=digest,
        config=_config(rows("SELECT issued_ms, body FROM configs WHERE device = ?")),
    )


def contents(connection: sqlite3.Connection, device: str) -> dict[bytes, tuple[int, int]]:
    """Size and last use, in Unix milliseconds, of every content that is here."""
    found = connection.execute("SELECT sha, size, used_ms FROM contents WHERE device = ?", (device,))
    return {sha: (size, used_ms) for sha, size, used_ms in found}


_SELECT_HAVES = "SELECT log, upto, above FROM haves WHERE device = ?"
_MARK_COLUMNS = "occurrence, output, forget_ms, ahead_ms, proven_ms, began_wall_ms, stored, final"


def _dropped(device: str, held: Haves) -> Iterator[Statement]:
    for low, high in ((1, held.upto), *held.above):
        yield "DELETE FROM receipts WHERE device = ? AND n BETWEEN ? AND ?", (device, low, high)


def _mark_row(mark: Mark) -> tuple[Any, ...]:
    progress = (mark.ahead_ms, mark.proven_ms, mark.began_wall_ms, mark.stored, mark.final)
    return (mark.occurrence, mark.output, mark.forget_ms, *progress)


def _mark(row: tuple[Any, ...]) -> Mark:
    occurrence, output, forget_ms, ahead_ms, proven_ms, began_wall_ms, stored, final = row
    return Mark(occurrence, output, forget_ms, ahead_ms, proven_ms, began_wall_ms, bool(stored), bool(final))


def _haves(upto: int, above: str) -> Haves:
    return Haves(upto, tuple((low, high) for low, high in json.loads(above)))


def _config(rows: list[tuple[Any, ...]]) -> SavedConfig | None:
    if not rows:
        return None
    issued_ms, body = rows[0]
    return SavedConfig(Config.from_fields(Fields(decode_canonical(body), "config")), issued_ms)
