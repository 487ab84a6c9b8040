"""Opening the store: as it is when it is sound, upgraded when it is old, built anew when it is spoilt."""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import structlog

from base.errors import LoaError, Unavailable
from firmware_sim import flash_legacy
from firmware_sim.counts import Counts
from firmware_sim.flash_read import every_row, meta_of
from firmware_sim.flash_rows import SCHEMA, VERSION, Kind
from firmware_sim.reserve import Reserve
from firmware_sim.salvage import COMMITS, rebuild

_log = structlog.get_logger(__name__)

_FULL = sqlite3.SQLITE_FULL
_NOT_ITS_FAULT = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        _FULL,
    }
)
"""Errors that say nothing about what is in the file."""


@dataclass(slots=True)
class Store:
    """The open file, the counts beside it, and the room set aside for it."""

    connection: sqlite3.Connection
    counts: Counts
    reserve: Reserve
    commits: int


def open_store(path: Path) -> Store:
    """Raises Unavailable("firmware.flash_failed") when there is no way to keep anything there."""
    reserve = Reserve(path.with_name(f"{path.stem}.reserve"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        store = _open(path, reserve)
    except (OSError, sqlite3.Error) as error:
        if not (is_full(error) and reserve.release()):
            raise _unavailable(path, error) from error
        try:
            store = _open(path, reserve)
        except (OSError, sqlite3.Error) as again:
            raise _unavailable(path, again) from again
    reserve.restore()
    return store


def is_full(error: BaseException) -> bool:
    """Whether the disk, or the share of it that is ours, is full."""
    if isinstance(error, sqlite3.Error):
        return _code(error) == _FULL
    return isinstance(error, OSError) and error.errno in FULL_ERRNOS


FULL_ERRNOS = frozenset({27, 28, 122})
"""EFBIG, ENOSPC, EDQUOT."""


def _open(path: Path, reserve: Reserve) -> Store:
    fresh = path.with_name(f"{path.name}.new")
    if fresh.exists() and not path.exists():
        fresh.replace(path)  # a power cut came between setting the spoilt store aside and putting the new one there
    counts = Counts.open(path.with_name(f"{path.stem}.counts"))
    gone = counts.commits > 0 and not path.exists()
    connection, trouble = (None, "gone") if gone else _look_at(path, counts)
    if connection is None:
        _log.error("flash.rebuilt", file=str(path), problem=trouble)
        rebuild(path, counts)
        connection = _connect(path)
    commits = meta_of(connection, COMMITS)
    _complete(connection, counts)
    counts.note(commits)
    return Store(connection, counts, reserve, commits)


def _look_at(path: Path, counts: Counts) -> tuple[sqlite3.Connection | None, str]:
    """The open store when it is sound, else what is wrong with it. Raises sqlite3.Error for other troubles."""
    connection = None
    try:
        connection = _connect(path)
        trouble = _trouble(connection, counts)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if _code(error) in _NOT_ITS_FAULT:
            raise
        return None, str(error)
    except (LoaError, ValueError, TypeError) as error:
        return None, f"a row of the first form is not what was written: {error}"
    if trouble:
        connection.close()
        return None, trouble
    return connection, ""


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(SCHEMA)
        if flash_legacy.is_legacy(connection):
            flash_legacy.upgrade(connection)
        connection.execute(f"PRAGMA user_version={VERSION}")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        raise
    return connection


def _trouble(connection: sqlite3.Connection, counts: Counts) -> str:
    """What is wrong with the store; empty when it is sound."""
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if verdict != "ok":
        return verdict
    if any(row is None for row in every_row(connection)):
        return "a row is not what was written"
    if meta_of(connection, COMMITS) < counts.commits:
        return "the last transactions are missing"
    return ""


def _complete(connection: sqlite3.Connection, counts: Counts) -> None:
    """Counts that were lost are made good from the store."""
    for row in every_row(connection, "WHERE kind = ?", (Kind.BOOT,)):
        if row is not None:
            counts.stage(row.device, boot=int.from_bytes(row.body, "big"))
    for row in every_row(connection, "WHERE kind = ?", (Kind.CHAIN,)):
        if row is not None:
            counts.stage(row.device, receipt=int.from_bytes(row.body[:8], "big"))
    counts.settle()


def _code(error: sqlite3.Error) -> int:
    """The primary result code; sqlite3.ProgrammingError and its like have none."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _unavailable(path: Path, error: Exception) -> Unavailable:
    return Unavailable("firmware.flash_failed", file=str(path), problem=str(error))
