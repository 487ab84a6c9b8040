"""`loa text`, `loa schedule`: what they print for scripts, and what they refuse."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import LIMIT_S, ROOT, done, environment, loa


def said(folder: Path, lines: bytes, *options: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "server", "text", "spoken", "-", *options],
        cwd=folder,
        env=environment(folder, {}),
        input=lines,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.decode()


def test_the_spoken_form_and_nothing_else_is_printed(tmp_path: Path) -> None:
    assert done(tmp_path, "text", "spoken", "Họp lúc 17h30") == "Họp lúc mười bảy giờ ba mươi phút\n"
    assert not (tmp_path / "data").exists()


def test_a_line_comes_for_each_line_read_whatever_is_in_it(tmp_path: Path) -> None:
    written = "Bão số 3\r\n\n57-NQ/TW\nBấm \xa0phím 1".encode() + b"\n\xff\xfe 2"
    assert said(tmp_path, written).split("\n")[:4] == [
        "Bão số ba",
        "",
        "năm mươi bảy, nghị quyết Trung ương",
        "Bấm phím một",
    ]
    assert said(tmp_path, written).count("\n") == 5


def test_a_dictionary_of_ones_own_wins(tmp_path: Path) -> None:
    words = tmp_path / "words.tsv"
    words.write_text("# của xã\nTT\tthị trấn\n", encoding="utf-8")
    assert said(tmp_path, b"TT 5", "--dictionary", str(words)) == "thị trấn năm\n"
    words.write_text("TT thị trấn\n", encoding="utf-8")
    ended = loa(tmp_path, "text", "spoken", "x", "--dictionary", str(words))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no tab" in ended.stderr


def test_why_names_what_was_changed_and_by_which_rule(tmp_path: Path) -> None:
    assert done(tmp_path, "text", "spoken", "--why", "Họp 2/9/2025").split("\t")[:2] == ["date", "2/9/2025"]


def test_too_long_a_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ended = loa(tmp_path, "text", "spoken", "ba " * 40_000)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "at most 100000" in ended.stderr


RULE = ("schedule", "preview", "--dtstart", "20260101T053000", "--tz", "Asia/Ho_Chi_Minh", "--json")


def test_a_rule_gives_its_next_times_on_the_clock_of_its_zone(tmp_path: Path) -> None:
    shown = done(tmp_path, *RULE, "--rrule", "FREQ=MONTHLY;BYDAY=2TU", "--count", "2")
    assert json.loads(shown) == ["2026-01-13T05:30:00+07:00", "2026-02-10T05:30:00+07:00"]


def test_exceptions_additions_and_holidays_count(tmp_path: Path) -> None:
    more = ("--exdate", "20260102T053000", "--rdate", "20260105T190000", "--skip-holidays", "--count", "4")
    shown = json.loads(done(tmp_path, *RULE, "--rrule", "FREQ=DAILY", *more))
    assert shown[0] == "2026-01-03T05:30:00+07:00", "1 January is a holiday, the 2nd is left out"
    assert "2026-01-05T19:00:00+07:00" in shown


def test_lunar_days_follow_the_vietnamese_calendar(tmp_path: Path) -> None:
    span = ("--from", "2026-02-01", "--to", "2026-03-31")
    shown = done(tmp_path, "schedule", "preview", "--lunar", "1,15", *span, "--json")
    assert json.loads(shown) == ["2026-02-02", "2026-02-17", "2026-03-03", "2026-03-19"]
    assert "2026-02-17  1/1\n" in done(tmp_path, "schedule", "preview", "--lunar", "1", *span)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((*RULE, "--rrule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"), 1, "never has a day 31"),
        ((*RULE, "--rrule", "FREQ=SOMETIMES"), 1, "rule"),
        ((*RULE, "--rrule", "FREQ=DAILY", "--tz", "Asia/Atlantis"), 1, "Atlantis"),
        ((*RULE, "--rrule", "FREQ=DAILY", "--count", "0"), 1, "The limit is 10000"),
        (RULE, 2, "either"),
        (("schedule", "preview", "--lunar", "1"), 2, "--from"),
        (("schedule", "preview", "--rrule", "FREQ=DAILY"), 2, "--dtstart"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, words: tuple[str, ...], code: int, told: str) -> None:
    ended = loa(tmp_path, *words)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_commands_run_where_nothing_of_loa_is(tmp_path: Path) -> None:
    assert tmp_path != ROOT
    assert done(tmp_path, *RULE, "--rrule", "", "--count", "1") == '["2026-01-01T05:30:00+07:00"]\n'
