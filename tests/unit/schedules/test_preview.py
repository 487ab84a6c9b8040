from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from base.errors import Refused
from schedules.calendar_vn import Override, with_overrides
from schedules.preview import lunar_days, rule_times

ZONE = "Asia/Ho_Chi_Minh"


def times(rrule: str, count: int = 5, start: str = "20260101T053000", zone: str = ZONE, **more: Any) -> list[str]:
    return [airing.at.isoformat() for airing in rule_times(rrule, start, zone, count, **more)]


def test_the_next_times_are_local_with_their_offset():
    assert times("FREQ=DAILY", 2) == ["2026-01-01T05:30:00+07:00", "2026-01-02T05:30:00+07:00"]


def test_over_a_zone_change_the_clock_stays_and_the_offset_moves():
    found = times("FREQ=DAILY", 3, "20260328T023000", "Europe/Berlin")
    assert found == ["2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]


def test_exceptions_and_additions_are_days_or_times_in_any_spelling():
    found = times(
        "FREQ=DAILY;COUNT=4",
        exdates=["20260102T053000,20260103"],
        rdates=["2026-01-10T09:00", "20260111T020000Z"],
    )
    assert [text[5:16] for text in found] == ["01-01T05:30", "01-04T05:30", "01-10T09:00", "01-11T09:00"]


@pytest.mark.parametrize(
    ("until", "last"),
    [("20260103", "01-03"), ("20260103T053000", "01-03"), ("20260103T052900", "01-02"), ("20260102T223000Z", "01-03")],
)
def test_until_is_a_day_or_a_moment(until: str, last: str):
    assert times(f"FREQ=DAILY;UNTIL={until}", 9)[-1][5:10] == last


def test_until_leaves_out_the_later_times_of_its_day():
    found = times("FREQ=DAILY;BYHOUR=5,17;UNTIL=20260102T120000", 9)
    assert [text[5:13] for text in found] == ["01-01T05", "01-01T17", "01-02T05"]


def test_holidays_are_skipped_or_named():
    found = rule_times("FREQ=DAILY", "20260101T053000", ZONE, 2, language="en")
    assert [airing.holiday for airing in found] == ["New Year's Day", "Day off (substituted from 01/10/2026)"]
    assert times("FREQ=DAILY", 1, skip_holidays=True) == ["2026-01-03T05:30:00+07:00"]


def test_a_communes_own_holidays_count():
    ours = with_overrides([Override(date(2026, 1, 3), "Hội làng")])
    assert times("FREQ=DAILY", 1, skip_holidays=True, holidays=ours)[0].startswith("2026-01-04")


def test_without_a_rule_it_is_once():
    assert times("") == ["2026-01-01T05:30:00+07:00"]


def test_a_start_in_utc_goes_by_the_clock_of_the_zone():
    assert times("FREQ=DAILY", 1, "20251231T223000Z") == ["2026-01-01T05:30:00+07:00"]


@pytest.mark.parametrize(
    "rrule",
    [
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=7",
        "FREQ=HOURLY;INTERVAL=7",
        "FREQ=MINUTELY;INTERVAL=20",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=DAILY;UNTIL=20260110T000000",
    ],
)
def test_the_times_are_those_of_dateutil(rrule: str):
    start = datetime.fromisoformat("2026-01-01T05:30")
    theirs = [at.replace(tzinfo=ZoneInfo(ZONE)).isoformat() for at in rrulestr(rrule, dtstart=start)[:40]]
    assert times(rrule, 40) == theirs


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "rule_never_day"),
        ({"rrule": "FREQ=SOMETIMES"}, "rule_invalid"),
        ({"dtstart": "20260101"}, "day_wrong"),
        ({"dtstart": "20260230T050000"}, "day_wrong"),
        ({"dtstart": "soon"}, "day_wrong"),
        ({"dtstart": "20260101T053015"}, "event_seconds"),
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"count": 0}, "days_count"),
        ({"count": 10_001}, "days_count"),
        ({"rrule": "FREQ=DAILY;UNTIL=20251231"}, "days_reversed"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, object], code: str):
    asked = {"rrule": "FREQ=DAILY", "dtstart": "20260101T053000", "zone": ZONE, "count": 3} | given
    with pytest.raises(Refused) as refusal:
        rule_times(**asked)
    assert refusal.value.code == f"schedules.{code}"


def test_lunar_days_between_two_days_inclusive():
    found = lunar_days("1,15", "2026-02-17", "20260303")
    assert [(each.day.isoformat(), str(each.lunar)) for each in found] == [
        ("2026-02-17", "1/1/2026"),
        ("2026-03-03", "15/1/2026"),
    ]
    assert [each.day for each in lunar_days("10/3", "2026-01-01", "2026-12-31")] == [date(2026, 4, 26)]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("1,40", "2026-01-01", "2026-02-01"), "lunar_wrong"),
        (("1", "2026-02-01", "2026-01-01"), "days_reversed"),
        (("1", "2026-02-01T05:00", "2026-03-01"), "day_wrong"),
    ],
)
def test_lunar_days_that_cannot_be_are_refused(given: tuple[str, str, str], code: str):
    with pytest.raises(Refused) as refusal:
        lunar_days(*given)
    assert refusal.value.code == f"schedules.{code}"
