"""The log as files: read back with a reader of CSV and one of XLSX, they say what the rows say, whatever the title."""

import csv
import io
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from devices.models import DeliveryState as State
from devices.models import PlaceKind
from devices.views import PlaceNode
from schedules.asrun import COLUMNS, Claim, Row
from schedules.asrun_files import BOM, SUMS, LogBook, csv_head, csv_rows
from schedules.by_place import by_village
from schedules.log_scope import Scope
from schedules.reporting import Period
from schedules.totals import alone, report, silences
from server.web.report_words import ReportWords
from tests.unit.schedules.asrun_rows import NOW, row
from tests.unit.schedules.day import DAY, VIETNAM, local

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+84 123",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "＝1+1",
    'Tin "nóng", một; hai',
    "hai\ndòng",
    "\u202eتحذير",
    "_x0041_",
    "{=1+1}",
    "https://example.org/",
    "chuông \x07",
    "x" * 200,
)
PLACE = PlaceNode("bao-nhai", PlaceKind.COMMUNE, None, "Asia/Ho_Chi_Minh", "Xã Bảo Nhai", 0)
SCOPE = Scope(
    PLACE, VIETNAM, DAY, DAY, local("00:00"), local("00:00", DAY + timedelta(days=1)), {PLACE.id: PLACE},
    frozenset({PLACE.id}), frozenset({PLACE.id}), None, {},
)  # fmt: skip


def words(locale: str = "vi") -> ReportWords:
    return ReportWords(locale, PLACE.name, DAY, DAY)


def some() -> list[Row]:
    whole: dict[str, Any] = {"spoken": (("", 1_000), ("vi", 300_000), ("hmn", 299_000))}
    return [
        row(cluster="a", started_at=local("05:00") + timedelta(seconds=2.4), start_bound_ms=250, **whole),
        row(cluster="b", state=State.INTERRUPTED, sounded_ms=184_500, reason="power", **whole),
        row(cluster="w", state=State.TRANSMITTED, wireless=True, **whole),
        row("late", cluster="c", state=None, reason="by_hand", start=local("23:59")),
    ]


def book(path: Path, rows: list[Row], locale: str = "vi") -> Any:
    known = [alone(each) for each in rows]
    counted = [(each.cluster, each.village, Claim.PLAYED, 1, each.sounded_ms) for each in rows]
    tallies = by_village(counted, {"a": "Cụm a"}, {"village of a": ("Thôn A", 120)})
    period = Period(SCOPE, report(known, VIETNAM, NOW), silences(known, NOW), tallies, [], [])
    with path.open("wb") as file:
        made = LogBook(file, path.parent, words(locale), VIETNAM, NOW)
        made.totals(period)
        made.add(rows[:1])
        made.add(rows[1:])
        made.close()
    return load_workbook(path)


def test_csv_reads_back_with_heads_and_cells_in_the_readers_words() -> None:
    text = csv_head(words()) + csv_rows(some(), words(), VIETNAM, NOW)
    assert text.startswith(BOM)
    assert text.count("\r\n") == 5
    lines = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert [line["Đã chứng minh"] for line in lines] == [
        "đã phát",
        "phát một phần",
        "đã phát sóng",
        "không có lệnh phát",
    ]
    assert lines[1]["Lý do"] == "mất điện"
    assert (lines[0]["Ngày"], lines[0]["Giờ dự kiến"], lines[0][words().head("began")]) == (
        "2026-03-10",
        "05:00",
        "05:00:02",
    )
    assert (lines[1]["Đã kêu (giây)"], lines[1]["Dự kiến (giây)"]) == ("184", "600")
    assert lines[0]["Ngôn ngữ"] == words().cell("languages", "vi hmn") != "vi hmn"


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_head_has_a_word_of_its_own_in_both_languages(locale: str) -> None:
    heads = [words(locale).head(each) for each in COLUMNS]
    assert len(set(heads)) == len(heads)
    sums = [words(locale).head(each) for each in SUMS]
    assert len(set(sums)) == len(sums)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_csv_cell_is_text_whatever_it_begins_with(title: str) -> None:
    text = csv_rows([row(title=title)], words(), VIETNAM, NOW)
    [cells] = csv.reader(io.StringIO(text, newline=""))
    read = cells[COLUMNS.index("title")]
    assert read.removeprefix("'") == title
    assert not read.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))


def test_a_workbook_has_real_dates_and_numbers_and_a_head_that_stays(tmp_path: Path) -> None:
    read = book(tmp_path / "log.xlsx", some())
    assert read.sheetnames == ["Tổng hợp", "Nhật ký", "Không phát"]
    log = read["Nhật ký"]
    assert log.freeze_panes == "A2"
    lines = [dict(zip(COLUMNS, line, strict=True)) for line in log.iter_rows(min_row=2, values_only=True)]
    first = lines[0]
    assert {type(first["day"]), type(first["began"])} == {datetime}
    assert (str(first["day"]), first["planned"]) == ("2026-03-10 00:00:00", time(5, 0))
    assert (str(first["began"]), first["began_within_s"]) == ("2026-03-10 05:00:02", 0.25)
    assert (first["sounded_s"], first["planned_s"], first["claim"]) == (600, 600, "đã phát")
    assert (str(lines[3]["day"]), lines[3]["planned"]) == ("2026-03-10 00:00:00", time(23, 59))
    assert log.cell(2, 1).number_format == "dd/mm/yyyy"
    unheard = [line[COLUMNS.index("cluster")] for line in read["Không phát"].iter_rows(min_row=2, values_only=True)]
    assert unheard == ["Cụm b", "Cụm c"]


def test_the_sheet_of_totals_gives_the_sums_of_the_report(tmp_path: Path) -> None:
    sheet = book(tmp_path / "log.xlsx", some(), "en")["Totals"]
    lines = [list(line) for line in sheet.iter_rows(values_only=True)]
    assert lines[0][0] == "Xã Bảo Nhai · 10 Mar 2026"
    heads = lines[2]
    [whole] = [dict(zip(heads, line, strict=True)) for line in lines if line[0] == "All of the programme"]
    assert (whole["Airings"], whole["Airings × clusters"]) == (2, 4)
    assert (whole["played"], whole["played in part"], whole["transmitted"], whole["never ordered"]) == (1, 1, 1, 1)
    assert whole["Sounded in all clusters (min)"] == pytest.approx(10 + 184.5 / 60)
    assert whole["Transmitted (min)"] == 10
    [village] = [line for line in lines if line[0] == "Thôn A"]
    assert village[-1] == 120
    assert [line[0] for line in lines].count("2026-03-10") == 1


@pytest.mark.parametrize("title", HOSTILE)
def test_a_workbook_cell_is_text_whatever_it_begins_with(title: str, tmp_path: Path) -> None:
    cell = book(tmp_path / "log.xlsx", [row(title=title)])["Nhật ký"].cell(2, COLUMNS.index("title") + 1)
    assert (cell.data_type, cell.hyperlink) in {("s", None), ("inlineStr", None)}
    assert unescape(cell.value) == title


def test_a_workbook_of_nothing_still_opens(tmp_path: Path) -> None:
    read = book(tmp_path / "log.xlsx", [])
    assert [sheet.max_row for sheet in read.worksheets][1:] == [1, 1]


def test_days_are_named_once_in_the_heading() -> None:
    assert words("en").heading == "Xã Bảo Nhai · 10 Mar 2026"
    assert ReportWords("vi", "X", date(2026, 3, 1), date(2026, 3, 31)).heading == "X · 1/3/2026 – 31/3/2026"
