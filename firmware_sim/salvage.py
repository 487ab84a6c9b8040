"""Building the store anew from what of a spoilt one can still be read, row by row.

Nothing may play twice for it, and nothing be missed for ever. So marks count only as far as they are certainly the
last written; haves are dropped, that whatever the orders found here do not prove comes again; every device learns that
it has lost something; numbers go on above all that may have been used.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from devices.wire.envelope import decode_canonical
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from firmware_sim.counts import Counts, sync_folder
from firmware_sim.flash_read import REBUILT, every_row
from firmware_sim.flash_rows import SCHEMA, VERSION, Kind, Row, boot_row, loss_row, meta

MAX_SET_ASIDE = 2
"""Spoilt files kept for whoever wants to look at them."""
COMMITS = "commits"
_SIDES = ("-wal", "-shm", "")
_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What could be read. current: certainly nothing newer was written."""

    rows: tuple[Row, ...]
    current: bool


def salvage(path: Path, commits: int) -> Salvaged:
    """Read what can be read of a spoilt store that has seen at least `commits` transactions."""
    found: dict[tuple[str, int, bytes], Row] = {}
    try:
        connection = sqlite3.connect(path, isolation_level=None)
    except sqlite3.Error:
        return Salvaged((), current=False)
    try:
        connection.text_factory = _text
        _read_from_both_ends(connection, found)
    finally:
        connection.close()
    newest = found.get(("", Kind.META, COMMITS.encode()))
    # Without a count nobody knows what was written last.
    current = newest is not None and int.from_bytes(newest.body, "big") >= commits > 0
    return Salvaged(tuple(found.values()), current)


def rebuild(path: Path, counts: Counts) -> None:
    """Put a new store in the place of the one that is spoilt, or gone. Raises OSError, sqlite3.Error."""
    found = salvage(path, counts.commits) if path.exists() else Salvaged((), current=False)
    fresh = path.with_name(f"{path.name}.new")
    for side in _SIDES:
        fresh.with_name(fresh.name + side).unlink(missing_ok=True)
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        _write(connection, _kept(found, counts), counts.commits + 1)
    finally:
        connection.close()
    _set_aside(path)
    sync_folder(path.parent)
    fresh.replace(path)
    sync_folder(path.parent)


def _read_from_both_ends(connection: sqlite3.Connection, found: dict[tuple[str, int, bytes], Row]) -> None:
    """Past a broken page there is no way: so from both ends, of the whole and of each device's kinds."""
    for way in ("ASC", "DESC"):
        _collect(connection, f"ORDER BY device {way}, kind {way}, key {way}", (), found)
    for device in {row.device for row in list(found.values())}:
        for kind in Kind:
            for way in ("ASC", "DESC"):
                _collect(connection, f"WHERE device = ? AND kind = ? ORDER BY key {way}", (device, kind), found)


def _collect(
    connection: sqlite3.Connection,
    where: str,
    values: tuple[str, int] | tuple[()],
    found: dict[tuple[str, int, bytes], Row],
) -> None:
    try:
        for row in every_row(connection, where, values):
            if row is not None and row.kind in _KINDS:
                found[row.device, row.kind, row.key] = row
    except sqlite3.Error:
        return


def _kept(found: Salvaged, counts: Counts) -> Iterator[Row]:
    """What of it is put into the new store."""
    boots: dict[str, int] = {}
    receipts: dict[str, int] = {}
    for row in found.rows:
        match row.kind:
            case Kind.BOOT:
                boots[row.device] = int.from_bytes(row.body, "big")
            case Kind.MARK if not (found.current or _is_final(row)):
                continue
            case Kind.CHAIN if not found.current:
                receipts[row.device] = max(receipts.get(row.device, 0), int.from_bytes(row.body[:8], "big"))
                continue
            case Kind.RECEIPT:
                receipts[row.device] = max(receipts.get(row.device, 0), int.from_bytes(row.key, "big"))
                yield row
            case Kind.META | Kind.HAVES | Kind.LOSS:
                continue
            case _:
                yield row
    for device, number in receipts.items():
        counts.stage(device, receipt=number)
    known = {row.device for row in found.rows if row.device} | counts.devices
    for device in sorted(known):
        yield boot_row(device, max(boots.get(device, 0), counts.boot(device)))
        yield loss_row(device, None)


def _is_final(row: Row) -> bool:
    try:
        return Fields(decode_canonical(row.body), "mark").flag("final")
    except BadMessage:
        return False  # another firmware's


def _write(connection: sqlite3.Connection, rows: Iterable[Row], commits: int) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(SCHEMA)
    connection.execute("BEGIN")
    for row in rows:
        connection.execute(*row.put())
    connection.execute(*meta(COMMITS, commits).put())
    connection.execute(*meta(REBUILT, 1).put())
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def _set_aside(path: Path) -> None:
    """Keep the spoilt store under another name; its log first, for a log beside the new store would be taken as its."""
    names = [found.name.removeprefix(f"{path.name}.corrupt-") for found in path.parent.glob(f"{path.name}.corrupt-*")]
    numbers = sorted({int(name.partition("-")[0]) for name in names if name.partition("-")[0].isdigit()})
    number = numbers[-1] + 1 if numbers else 1
    for side in _SIDES:
        source = path.with_name(path.name + side)
        if source.exists():
            source.replace(path.with_name(f"{path.name}.corrupt-{number}{side}"))
    for old in numbers[: max(0, len(numbers) + 1 - MAX_SET_ASIDE)]:
        for side in _SIDES:
            path.with_name(f"{path.name}.corrupt-{old}{side}").unlink(missing_ok=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
