"""The as-run log as files for spreadsheets: CSV, and XLSX with the totals; the only door to XlsxWriter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from schedules.asrun import COLUMNS, NOT_HEARD, Claim, Row, claim, csv_text, log_lines
from schedules.by_place import Tally
from schedules.reporting import Period
from schedules.totals import Total

BOM = "\ufeff"
"""Without it old versions of Excel take UTF-8 for something else."""
WORDED = frozenset({"class", "level", "status", "claim", "reason", "languages"})
"""The columns whose cells are said in the reader's words."""
SUMS = (
    "airings",
    "clusters",
    *(each.value for each in Claim),
    "programme_min",
    "heard_min",
    "transmitted_min",
    "people",
)
_WIDTHS = {"title": 44, "cluster": 26, "village": 22, "reason": 34, "claim": 24, "languages": 22, "occurrence": 30}
_MINUTE_MS = 60_000


class Words(Protocol):
    """The reader's language."""

    def head(self, name: str) -> str:
        """The head of a column, or the name of a sheet or a table."""

    def cell(self, column: str, code: str) -> str:
        """A code of one of the columns `WORDED`."""

    @property
    def heading(self) -> str:
        """What the file is about: place and time."""


def csv_head(words: Words) -> str:
    """How the file begins."""
    return BOM + csv_text([[words.head(column) for column in COLUMNS]])


def csv_rows(rows: Iterable[Row], words: Words, zone: ZoneInfo, now: datetime) -> str:
    """Some rows of it, RFC 4180."""
    return csv_text([_worded(line, words) for line in log_lines(rows, zone, now)])


def _worded(line: Iterable[str], words: Words) -> list[str]:
    pairs = zip(COLUMNS, line, strict=True)
    return [words.cell(column, cell) if column in WORDED and cell else cell for column, cell in pairs]


@dataclass(slots=True)
class _Sheet:
    """A sheet that is written from top to bottom."""

    sheet: Worksheet
    line: int = 0

    def write(self, cells: Iterable[Any], form: Any = None, forms: Mapping[int, Any] | None = None) -> None:
        """Write a line; text is text, whatever it begins with."""
        for at, cell in enumerate(cells):
            shape = (forms or {}).get(at, form)
            if isinstance(cell, str):
                self.sheet.write_string(self.line, at, cell, shape)
            elif isinstance(cell, datetime):
                self.sheet.write_datetime(self.line, at, cell.replace(tzinfo=None), shape)
            elif cell is not None:
                self.sheet.write_number(self.line, at, cell, shape)
        self.line += 1


class LogBook:
    """A workbook with the totals, the log, and what was not heard; a line at a time, so that memory stays small.

    Not for several threads at once.
    """

    def __init__(self, file: BinaryIO, folder: Path, words: Words, zone: ZoneInfo, now: datetime) -> None:
        """folder: for what is written meanwhile."""
        self._book = Workbook(file, {"constant_memory": True, "tmpdir": str(folder), "remove_timezone": True})
        self._words, self._zone, self._now = words, zone, now
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#EEEBE0"})
        self._title = self._book.add_format({"bold": True, "font_size": 14})
        self._tenth = self._book.add_format({"num_format": "#,##0.0"})
        self._whole = self._book.add_format({"num_format": "#,##0"})
        self._forms = self._column_forms()
        self._totals = _Sheet(self._book.add_worksheet(words.head("totals")))
        self._log = self._lines_sheet("log")
        self._unheard = self._lines_sheet("not_heard")

    def totals(self, period: Period) -> None:
        """Write the first sheet."""
        sheet, found = self._totals, period.report
        sheet.sheet.set_column(0, 0, 34)
        sheet.sheet.set_column(1, len(SUMS), 12)
        sheet.write([self._words.heading], self._title)
        sheet.write([])
        sheet.sheet.freeze_panes(1, 1)
        self._table("whole", {self._words.head("programme"): found.whole})
        for name, column in (("classes", "class"), ("levels", "level"), ("languages", "languages")):
            totals: Mapping[str, Total] = getattr(found, name)
            self._table(name, {self._words.cell(column, head): each for head, each in totals.items()})
        self._table("days", {day.isoformat(): each for day, each in found.days.items()})
        self._places("villages", period.villages)

    def add(self, rows: Iterable[Row]) -> None:
        """Write some rows of the log."""
        for row in rows:
            said = claim(row, self._now)
            cells = self._cells(row, said)
            self._log.write(cells, forms=self._forms)
            if said in NOT_HEARD:
                self._unheard.write(cells, forms=self._forms)

    def close(self) -> None:
        """Write the file."""
        for each in (self._log, self._unheard):
            each.sheet.autofilter(0, 0, max(1, each.line - 1), len(COLUMNS) - 1)
        self._book.close()

    def _lines_sheet(self, name: str) -> _Sheet:
        made = _Sheet(self._book.add_worksheet(self._words.head(name)))
        for at, column in enumerate(COLUMNS):
            made.sheet.set_column(at, at, _WIDTHS.get(column, 12))
        made.write([self._words.head(column) for column in COLUMNS], self._bold)
        made.sheet.freeze_panes(1, 0)
        return made

    def _column_forms(self) -> dict[int, Any]:
        forms = {
            "day": {"num_format": "dd/mm/yyyy"},
            "planned": {"num_format": "hh:mm"},
            "began": {"num_format": "dd/mm/yyyy hh:mm:ss"},
            "began_within_s": {"num_format": "0.0"},
        }
        return {COLUMNS.index(column): self._book.add_format(form) for column, form in forms.items()}

    def _cells(self, row: Row, said: Claim) -> list[Any]:
        start = row.start.astimezone(self._zone)
        cell = self._words.cell
        return [
            start.replace(hour=0, minute=0, second=0, microsecond=0),
            (start.hour * 60 + start.minute) / 1_440,
            row.title,
            cell("class", row.play_class.name.lower()),
            cell("level", row.level.name.lower()),
            cell("status", row.status.value),
            row.village,
            row.cluster_name,
            cell("claim", said.value),
            cell("reason", row.reason) if row.reason else None,
            None if row.started_at is None else row.started_at.astimezone(self._zone).replace(microsecond=0),
            None if row.start_bound_ms is None else row.start_bound_ms / 1_000,
            row.sounded_ms // 1_000,
            row.planned_ms // 1_000,
            cell("languages", " ".join(row.languages)) if row.languages else None,
            row.occurrence,
        ]

    def _table(self, name: str, totals: Mapping[str, Total]) -> None:
        self._head(name)
        for head, each in totals.items():
            claims = [each.claims.get(said, 0) for said in Claim]
            minutes = (each.programme_ms, each.heard_ms, each.transmitted_ms)
            self._sums(head, [each.airings, each.clusters, *claims], minutes, each.people)

    def _places(self, name: str, villages: Iterable[Tally]) -> None:
        self._head(name)
        for village in villages:
            self._tally(village.name, village)
            for cluster in village.clusters:
                self._tally(f"    {cluster.name}", cluster)

    def _tally(self, name: str, each: Tally) -> None:
        claims = [each.claims.get(said, 0) for said in Claim]
        people = each.people if each.clusters else None
        self._sums(name, [None, each.airings, *claims], (None, each.heard_ms, each.transmitted_ms), people)

    def _head(self, name: str) -> None:
        self._totals.write([self._words.head(each) for each in (name, *SUMS)], self._bold)

    def _sums(self, head: str, counts: list[int | None], ms: Iterable[int | None], people: int | None) -> None:
        minutes = [None if each is None else each / _MINUTE_MS for each in ms]
        first = 1 + len(counts)
        forms = dict.fromkeys(range(first, first + 3), self._tenth)
        self._totals.write([head, *counts, *minutes, people], self._whole, forms)
