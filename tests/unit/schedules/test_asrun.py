"""The log says no more than was proved."""

import csv
import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.models import DeliveryState as State
from schedules.asrun import COLUMNS, Claim, claim, csv_text, log_lines
from tests.unit.schedules.asrun_rows import NOW, row
from tests.unit.schedules.day import VIETNAM, local


@pytest.mark.parametrize(
    ("state", "sounded_ms", "said"),
    [
        (State.PLAYED, 600_000, Claim.PLAYED),
        (State.TRANSMITTED, 600_000, Claim.TRANSMITTED),
        (State.INTERRUPTED, 1, Claim.PARTLY),
        (State.PREEMPTED, 1, Claim.PARTLY),
        (State.CANCELLED, 1, Claim.PARTLY),
        (State.INTERRUPTED, 0, Claim.SILENT),
        (State.CANCELLED, 0, Claim.SILENT),
        (State.MISSED, 0, Claim.SILENT),
        (State.REJECTED, 0, Claim.SILENT),
        (None, 0, Claim.NOT_ORDERED),
        (State.ORDERED, 0, Claim.NO_WORD),
        (State.HAS_ORDER, 0, Claim.NO_WORD),
        (State.STORED, 0, Claim.NO_WORD),
    ],
)
def test_what_may_be_said_when_its_time_is_over(state: State | None, sounded_ms: int, said: Claim) -> None:
    assert claim(row(state=state, sounded_ms=sounded_ms), NOW) is said


def test_a_slot_whose_station_was_silent_for_most_of_it_is_not_said_to_have_played() -> None:
    assert claim(row(reason="silent_stream"), NOW) is Claim.PARTLY
    assert claim(row(reason="fallback"), NOW) is Claim.PLAYED
    assert claim(row(reason="silent_stream", wireless=True), NOW) is Claim.TRANSMITTED


def test_one_that_began_and_fell_silent_is_not_said_to_have_played() -> None:
    begun = row(state=State.PLAYING, started_at=local("05:00"), sounded_ms=0)
    assert claim(begun, local("05:05")) is Claim.AHEAD
    assert claim(begun, begun.expires_at) is Claim.BEGAN


def test_before_its_time_is_over_nothing_is_missing() -> None:
    assert claim(row(state=State.ORDERED), local("05:40")) is Claim.AHEAD
    assert claim(row(state=State.ORDERED), local("05:41")) is Claim.NO_WORD


@given(st.sampled_from([*State, None]), st.integers(0, 10**6), st.booleans())
def test_a_wireless_cluster_is_never_said_to_have_played(state: State | None, sounded_ms: int, begun: bool) -> None:
    sent = row(state=state, sounded_ms=sounded_ms, wireless=True, started_at=local("05:00") if begun else None)
    assert claim(sent, NOW) not in {Claim.PLAYED, Claim.PARTLY}


def test_a_line_says_planned_against_played_by_the_clock_on_the_wall() -> None:
    half = row(
        state=State.INTERRUPTED,
        sounded_ms=184_500,
        reason="power",
        started_at=local("05:00") + timedelta(seconds=2),
        start_bound_ms=250,
        spoken=(("vi", 300_000), ("tay", 290_000)),
    )
    [line] = log_lines([half], VIETNAM, NOW)
    assert dict(zip(COLUMNS, line, strict=True)) == {
        "day": "2026-03-10",
        "planned": "05:00",
        "title": "Bản tin sáng",
        "class": "normal",
        "level": "commune",
        "status": "actual",
        "village": "village of a",
        "cluster": "Cụm a",
        "claim": "partly",
        "reason": "power",
        "began": "05:00:02",
        "began_within_s": "0.2",
        "sounded_s": "184",
        "planned_s": "600",
        "languages": "vi tay",
        "occurrence": "news",
    }


def test_lines_are_in_order_of_time_then_village() -> None:
    rows = [row("b", "x", start=local("06:00")), row("a", "z"), row("a", "y")]
    lines = [dict(zip(COLUMNS, line, strict=True)) for line in log_lines(rows, VIETNAM, NOW)]
    assert [(line["occurrence"], line["cluster"]) for line in lines] == [("a", "Cụm y"), ("a", "Cụm z"), ("b", "Cụm x")]


@pytest.mark.parametrize("title", ["=1+1", "+84 123", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_title_is_never_a_formula(title: str) -> None:
    [line] = log_lines([row(title=title)], VIETNAM, NOW)
    [read] = csv.reader(io.StringIO(csv_text([line]), newline=""))
    assert read[2] == f"'{title}"


@given(st.lists(st.text(alphabet="ạb1,;\"'\r\n\t =+-@", max_size=12), min_size=1, max_size=5))
def test_whatever_is_written_is_read_back(cells: list[str]) -> None:
    [read] = csv.reader(io.StringIO(csv_text([cells]), newline=""))
    assert all(came in {cell, f"'{cell}"} for came, cell in zip(read, cells, strict=True))
