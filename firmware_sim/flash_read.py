"""Reading back what a device kept: everything at a start, and the index of its content."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import structlog

from base.errors import LoaError
from devices.wire.config import Config
from devices.wire.envelope import decode_canonical
from devices.wire.fields import Fields
from devices.wire.haves import Haves
from firmware_sim.counts import Counts
from firmware_sim.flash_rows import COLUMNS, Kind, Row, boot_row, chain_row, loss_row, sound_row
from firmware_sim.saved import HeldKey, Loss, Mark, RetiredKey, Saved, SavedConfig, SavedKeys

T = TypeVar("T")
_log = structlog.get_logger(__name__)

REBUILT = "rebuilt"
"""The file was built anew from what could be read; a device it does not know may have been in it."""


def every_row(connection: sqlite3.Connection, where: str = "", values: tuple[Any, ...] = ()) -> Iterator[Row | None]:
    """The rows of the file; None for one that is not whole. Raises sqlite3.DatabaseError."""
    for found in connection.execute(f"SELECT {COLUMNS} FROM kept {where}", values):  # noqa: S608 - constants of ours
        yield sound_row(found)


def meta_of(connection: sqlite3.Connection, name: str) -> int:
    """A number about the whole file; 0 when it is not there."""
    for row in every_row(connection, "WHERE device = '' AND kind = ? AND key = ?", (Kind.META, name.encode())):
        if row is not None:
            return int.from_bytes(row.body, "big")
    return 0


def boot(connection: sqlite3.Connection, device: str, counts: Counts) -> Saved:
    """Count a boot and read everything kept."""
    found: dict[int, list[Row]] = {}
    for row in every_row(connection, "WHERE device = ? AND kind <> ? ORDER BY kind, key", (device, Kind.CONTENT)):
        if row is not None:
            found.setdefault(row.kind, []).append(row)
    boots = [int.from_bytes(row.body, "big") for row in found.get(Kind.BOOT, ())]
    number = max(*boots, counts.boot(device), 0) + 1 if boots else counts.boot(device) + 1
    counts.stage(device, boot=number)
    connection.execute(*boot_row(device, number).put())
    if not boots and Kind.LOSS not in found:
        lost = meta_of(connection, REBUILT)
        # A chain that begins at none: without it, numbers set aside by a device that was cut off before its first
        # receipt would pass for numbers used.
        first = loss_row(device, None) if lost else chain_row(device, 0, bytes(32))
        if lost or Kind.CHAIN not in found:
            connection.execute(*first.put())
            found[first.kind] = [first]
    return _saved(number, found, counts.receipts(device))


def contents(connection: sqlite3.Connection, device: str) -> dict[bytes, tuple[int, int]]:
    """Size and last use, in Unix milliseconds, of every content that is here."""
    rows = [row for row in every_row(connection, "WHERE device = ? AND kind = ?", (device, Kind.CONTENT)) if row]
    return dict(_read(rows, _content))


def _read(rows: list[Row], decode: Callable[[Row], T]) -> Iterator[T]:
    """What the rows say. One that cannot be read, though it is whole, is another firmware's: it stays, and is told."""
    for row in rows:
        try:
            yield decode(row)
        except (LoaError, ValueError, TypeError) as error:
            _log.error("flash.row_strange", device=row.device, kind=row.kind, problem=str(error))


def _saved(boot_number: int, found: dict[int, list[Row]], reserved: int) -> Saved:
    def rows(kind: Kind) -> list[Row]:
        return found.get(kind, [])

    marks = list(_read(rows(Kind.MARK), _mark))
    # Without the end of the chain the numbers go on above all that may have been used.
    chain = [(int.from_bytes(row.body[:8], "big"), row.body[8:]) for row in rows(Kind.CHAIN)]
    last, digest = chain[0] if chain else (reserved, bytes(32))
    return Saved(
        boot=boot_number,
        orders=tuple(row.body for row in rows(Kind.ORDER)),
        haves=dict(_read(rows(Kind.HAVES), lambda row: (row.key.decode(), _haves(row.body)))),
        marks={(mark.occurrence, mark.output): mark for mark in marks},
        receipts={int.from_bytes(row.key, "big"): row.body for row in rows(Kind.RECEIPT)},
        last_receipt=last,
        last_digest=digest,
        config=next(_read(rows(Kind.CONFIG), lambda row: _config(row.body)), None),
        keys=dict(_read(rows(Kind.KEYS), lambda row: (row.key.decode(), _keys(row.body)))),
        bundles=dict(_read(rows(Kind.BUNDLE), lambda row: (row.key.decode(), row.forget_ms))),
        loss=next((_loss(row.body) for row in rows(Kind.LOSS)), None),
    )


def _content(row: Row) -> tuple[bytes, tuple[int, int]]:
    fields = Fields(decode_canonical(row.body), "content")
    return row.key, (fields.whole("size"), fields.whole("used"))


def _mark(row: Row) -> Mark:
    fields = Fields(decode_canonical(row.body), "mark")
    occurrence, _, output = row.key.decode().partition("/")
    return Mark(
        occurrence,
        output,
        row.forget_ms,
        ahead_ms=fields.whole("ahead"),
        proven_ms=fields.whole("proven"),
        began_wall_ms=fields.whole_or_none("began", -(2**63)),
        stored=fields.flag("stored"),
        final=fields.flag("final"),
    )


def _haves(body: bytes) -> Haves:
    fields = Fields(decode_canonical(body), "haves")
    return Haves(fields.whole("upto"), tuple((low, high) for low, high in fields.items("above", 2**31)))


def _config(body: bytes) -> SavedConfig:
    fields = Fields(decode_canonical(body), "config")
    return SavedConfig(Config.from_fields(fields.part("config")), fields.whole("iat"))


def _keys(body: bytes) -> SavedKeys:
    fields = Fields(decode_canonical(body), "keys")
    return SavedKeys(
        seq=fields.whole("seq"),
        keys=tuple(HeldKey(*item) for item in fields.items("keys", 2**16)),
        retired=tuple(RetiredKey(*item) for item in fields.items("old", 2**16)),
        former=tuple(HeldKey(*item) for item in fields.items("former", 2**16)),
    )


def _loss(body: bytes) -> Loss:
    return Loss(int.from_bytes(body, "big") if body else None)
