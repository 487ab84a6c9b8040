"""How what a device keeps lies in SQLite: one table of rows that vouch for themselves, and the row of each effect.

SQLite notices a broken page, not a changed byte inside a row. A mark whose last byte was lost would play a siren twice;
so every row carries a checksum of all of it.
"""

import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from devices.wire.envelope import encode_map
from devices.wire.haves import Haves
from firmware_sim.effects import (
    DropReceipts,
    Keep,
    KeepBundle,
    KeepConfig,
    KeepHaves,
    KeepKeys,
    KeepLoss,
    KeepMark,
    KeepOrder,
    KeepReceipt,
    Prune,
)
from firmware_sim.saved import HeldKey, Mark, SavedKeys

Statement = tuple[str, tuple[Any, ...]]

VERSION = 2
"""`user_version` of a file of this form; see flash_legacy for the one before."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (device TEXT NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
    forget_ms INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (device, kind, key)) WITHOUT ROWID;
"""
COLUMNS = "device, kind, key, forget_ms, body, crc"
NEVER_MS = 0
"""`forget_ms` of what is not forgotten by time."""
_PUT = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM kept WHERE device = ? AND kind = ?"


class Kind(IntEnum):
    """What a row holds. META is about the file, not about a device."""

    META = 0
    BOOT = 1
    ORDER = 2
    HAVES = 3
    MARK = 4
    RECEIPT = 5
    CHAIN = 6
    CONFIG = 7
    KEYS = 8
    BUNDLE = 9
    LOSS = 10
    CONTENT = 11


class Row(NamedTuple):
    """One row; `key` tells those of a kind apart."""

    device: str
    kind: int
    key: bytes
    forget_ms: int
    body: bytes

    @property
    def crc(self) -> int:
        """CRC-32 of everything in it, each part behind its length."""
        parts = (self.device.encode("utf-8", "replace"), self.key, self.body)
        fixed = f"{self.kind} {self.forget_ms} {[len(part) for part in parts]}".encode()
        return zlib.crc32(b"".join((fixed, *parts)))

    def put(self) -> Statement:
        return _PUT, (*self, self.crc)


def sound_row(values: tuple[Any, ...]) -> Row | None:
    """The row as it was written; None when it is not whole."""
    match values:
        case (str(device), int(kind), bytes(key), int(forget_ms), bytes(body), int(crc)):
            row = Row(device, kind, key, forget_ms, body)
            return row if row.crc == crc else None
    return None


def number(value: int) -> bytes:
    """A number as a key or a body: keys sort as the numbers do."""
    return value.to_bytes(8, "big")


def meta(name: str, value: int) -> Row:
    """A number about the whole file."""
    return Row("", Kind.META, name.encode(), NEVER_MS, number(value))


def boot_row(device: str, boot: int) -> Row:
    """How often the device has started."""
    return Row(device, Kind.BOOT, b"", NEVER_MS, number(boot))


def content_row(device: str, sha: bytes, size: int, used_ms: int) -> Row:
    """A content is here; `used_ms`: when it last was of use, in Unix milliseconds."""
    return Row(device, Kind.CONTENT, sha, NEVER_MS, encode_map({"size": size, "used": used_ms}))


def content_dropped(device: str, sha: bytes) -> Statement:
    """A content is gone."""
    return f"{_DELETE} AND key = ?", (device, Kind.CONTENT, sha)


def loss_row(device: str, at_ms: int | None) -> Row:
    """When flash was lost; see saved.Loss."""
    return Row(device, Kind.LOSS, b"", NEVER_MS, b"" if at_ms is None else number(at_ms))


def statements(device: str, keep: Keep) -> Iterator[Statement]:
    """What to write for one effect of a device."""
    match keep:
        case DropReceipts(held=held):
            yield from _dropped(device, held)
        case Prune(before_ms=before_ms):
            for kind in (Kind.ORDER, Kind.MARK, Kind.BUNDLE):
                yield f"{_DELETE} AND forget_ms < ?", (device, kind, before_ms)
        case _:
            for row in rows_of(device, keep):
                yield row.put()


def rows_of(device: str, keep: Keep) -> Iterator[Row]:
    """The rows of an effect that keeps something."""
    match keep:
        case KeepOrder(signed=signed, forget_ms=forget_ms):
            yield Row(device, Kind.ORDER, signed.order.id.encode(), forget_ms, signed.envelope)
        case KeepHaves(log=log, haves=haves):
            body = {"upto": haves.upto, "above": [list(pair) for pair in haves.above]}
            yield Row(device, Kind.HAVES, log.encode(), NEVER_MS, encode_map(body))
        case KeepMark(mark=mark):
            yield mark_row(device, mark)
        case KeepReceipt(receipt=receipt, envelope=envelope, digest=digest):
            yield Row(device, Kind.RECEIPT, number(receipt.n), NEVER_MS, envelope)
            yield chain_row(device, receipt.n, digest)
        case KeepConfig(saved=saved):
            body = {"iat": saved.issued_ms, "config": saved.config.to_map()}
            yield Row(device, Kind.CONFIG, b"", NEVER_MS, encode_map(body))
        case KeepKeys(authority=authority, saved=keys):
            yield Row(device, Kind.KEYS, authority.encode(), NEVER_MS, encode_map(_keys(keys)))
        case KeepBundle(bundle=bundle, expires_ms=expires_ms):
            yield Row(device, Kind.BUNDLE, bundle.encode(), expires_ms, b"")
        case KeepLoss(loss=loss):
            yield loss_row(device, loss.at_ms)


def mark_row(device: str, mark: Mark) -> Row:
    """How far one airing on one output has come."""
    body: dict[str, Any] = {
        "ahead": mark.ahead_ms,
        "proven": mark.proven_ms,
        "began": mark.began_wall_ms,
        "stored": mark.stored,
        "final": mark.final,
    }
    key = f"{mark.occurrence}/{mark.output}".encode()
    return Row(device, Kind.MARK, key, mark.forget_ms, encode_map(body))


def chain_row(device: str, n: int, digest: bytes) -> Row:
    """Number and digest of the last receipt."""
    return Row(device, Kind.CHAIN, b"", NEVER_MS, number(n) + digest)


def _keys(saved: SavedKeys) -> dict[str, Any]:
    return {
        "seq": saved.seq,
        "keys": [_key(key) for key in saved.keys],
        "old": [[key.epoch, key.public, key.below] for key in saved.retired],
        "former": [_key(key) for key in saved.former],
    }


def _key(key: HeldKey) -> list[Any]:
    return [key.epoch, key.public, key.until_ms]


def _dropped(device: str, held: Haves) -> Iterator[Statement]:
    for low, high in ((1, held.upto), *held.above):
        if low <= high:
            yield f"{_DELETE} AND key BETWEEN ? AND ?", (device, Kind.RECEIPT, number(low), number(high))
