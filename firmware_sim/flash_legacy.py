"""The form of the store before rows had checksums: read once, written anew in the present form."""

import json
import sqlite3
from collections.abc import Iterator

from devices.wire.envelope import decode_canonical, encode_map
from firmware_sim.flash_rows import NEVER_MS, Kind, Row, boot_row, chain_row, content_row, mark_row, number
from firmware_sim.saved import Mark

_TABLES = ("boots", "orders", "haves", "marks", "receipts", "chains", "configs", "contents")


def is_legacy(connection: sqlite3.Connection) -> bool:
    """Whether the file is of the old form."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'boots'")
    return found.fetchone() is not None


def upgrade(connection: sqlite3.Connection) -> None:
    """Carry everything over, as one. The new table must be there."""
    connection.execute("BEGIN IMMEDIATE")
    for row in _rows(connection):
        connection.execute(*row.put())
    for table in _TABLES:
        connection.execute(f"DROP TABLE {table}")
    connection.execute("COMMIT")


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    def read(table: str) -> sqlite3.Cursor:
        return connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - a constant of ours

    for device, boot in read("boots"):
        yield boot_row(device, boot)
    for device, order, envelope, forget_ms in read("orders"):
        yield Row(device, Kind.ORDER, order.encode(), forget_ms, envelope)
    for device, log, upto, above in read("haves"):
        yield Row(device, Kind.HAVES, log.encode(), NEVER_MS, encode_map({"upto": upto, "above": json.loads(above)}))
    for device, occurrence, output, forget_ms, ahead, proven, began, stored, final in read("marks"):
        yield mark_row(
            device, Mark(occurrence, output, forget_ms, ahead, proven, began, stored=bool(stored), final=bool(final))
        )
    for device, n, envelope in read("receipts"):
        yield Row(device, Kind.RECEIPT, number(n), NEVER_MS, envelope)
    for device, n, digest in read("chains"):
        yield chain_row(device, n, digest)
    for device, issued_ms, body in read("configs"):
        config = {"iat": issued_ms, "config": decode_canonical(body)}
        yield Row(device, Kind.CONFIG, b"", NEVER_MS, encode_map(config))
    for device, sha, size, used_ms in read("contents"):
        yield content_row(device, sha, size, used_ms)
