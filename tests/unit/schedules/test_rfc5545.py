"""What a rule falls on equals what the text of RFC 5545 says, in zones with and without daylight saving."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.recurrence import Rule
from tests.unit.schedules.rfc5545_oracle import DAYS, moment, recurrences

A_MINUTE = timedelta(minutes=1)
ZONES = ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "UTC"]

# The examples of RFC 5545, 3.8.5.3, without UNTIL (a schedule has a last day) and without seconds.
OF_THE_RFC = [
    "FREQ=DAILY;COUNT=10",
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=2",
    "FREQ=DAILY;INTERVAL=10;COUNT=5",
    "FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
    "FREQ=DAILY;BYMONTH=1",
    "FREQ=WEEKLY;COUNT=10",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
    "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
    "FREQ=MONTHLY;BYDAY=1FR",
    "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
    "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
    "FREQ=MONTHLY;BYMONTHDAY=-3",
    "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
    "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
    "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
    "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
    "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
    "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
    "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
    "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    "FREQ=HOURLY;INTERVAL=3;COUNT=3",
    "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
    "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
    "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
    "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
    "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
]

# What people ask of a loudspeaker, and what is easily got wrong.
OURS = [
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY;BYDAY=SA,SU",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;BYSETPOS=1",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1",
    "FREQ=WEEKLY;BYMONTH=6,7,8;BYDAY=SA",
    "FREQ=DAILY;INTERVAL=5",
    "FREQ=DAILY;INTERVAL=6;BYMONTH=2,3",
    "FREQ=DAILY;BYMONTHDAY=1,15",
    "FREQ=DAILY;BYMONTHDAY=-1",
    "FREQ=DAILY;BYDAY=MO,SU;BYMONTH=12",
    "FREQ=DAILY;INTERVAL=999",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;INTERVAL=2",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTHDAY=29,30,31",
    "FREQ=MONTHLY;BYMONTHDAY=-31",
    "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
    "FREQ=MONTHLY;BYDAY=5SU",
    "FREQ=MONTHLY;BYDAY=-5MO",
    "FREQ=MONTHLY;BYDAY=1MO,3MO",
    "FREQ=MONTHLY;BYDAY=+2WE",
    "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,1",
    "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1",
    "FREQ=YEARLY",
    "FREQ=YEARLY;INTERVAL=2",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYMONTHDAY=1",
    "FREQ=YEARLY;BYMONTHDAY=-1;BYMONTH=2",
    "FREQ=YEARLY;BYMONTH=5;BYDAY=-1SU",
    "FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
    "FREQ=YEARLY;BYDAY=-1FR",
    "FREQ=YEARLY;BYDAY=53TH",
    "FREQ=YEARLY;BYDAY=SU",
    "FREQ=YEARLY;BYYEARDAY=366",
    "FREQ=YEARLY;BYYEARDAY=-1",
    "FREQ=YEARLY;BYYEARDAY=60,61;BYMONTH=3",
    "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,TU,WE",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=TH,FR",
    "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU",
    "FREQ=YEARLY;BYWEEKNO=20",
    "FREQ=YEARLY;BYWEEKNO=10,20;BYDAY=TU;WKST=SU",
    "FREQ=YEARLY;BYMONTH=1,2;BYDAY=MO,TU;BYSETPOS=2,-2",
    "FREQ=YEARLY;BYDAY=MO;BYSETPOS=10",
    "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2",
    "FREQ=YEARLY;INTERVAL=3;BYMONTH=1,12;BYMONTHDAY=1,31",
    "FREQ=DAILY;BYHOUR=5,17;BYMINUTE=0,30",
    "FREQ=DAILY;BYHOUR=5,17;BYMINUTE=0,30;BYSETPOS=2,3",
    "FREQ=DAILY;BYHOUR=5,17;COUNT=5",
    "FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=6;BYMINUTE=15,45;BYSETPOS=-1",
    "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=2,3",
    "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=29;BYHOUR=1,2,3",
    "FREQ=HOURLY",
    "FREQ=HOURLY;BYHOUR=6,7,8",
    "FREQ=HOURLY;INTERVAL=5",
    "FREQ=HOURLY;INTERVAL=7;BYDAY=MO,TH",
    "FREQ=HOURLY;BYMINUTE=0,30;BYHOUR=5,6",
    "FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=2",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=-1",
    "FREQ=HOURLY;INTERVAL=6;BYYEARDAY=1,-1",
    "FREQ=MINUTELY;INTERVAL=45;BYHOUR=5,6,7",
    "FREQ=MINUTELY;INTERVAL=7;BYMINUTE=0,30;BYDAY=SU",
    "FREQ=MINUTELY;INTERVAL=500",
]

START = datetime.fromisoformat("2026-01-31T02:30")
"""The day of the month that most months lack, and a time that the change to summer time skips."""


def both(
    rule: str, start: datetime, zone: ZoneInfo, days: int, skipped: int = 0
) -> tuple[list[datetime], list[datetime]]:
    """What ours gives and what the oracle gives, over so many days but the first ones that are skipped."""
    until = start.date() + timedelta(days=days)
    end = datetime.combine(until, datetime.min.time(), UTC)
    begin = datetime.combine(start.date() + timedelta(days=skipped - 2), datetime.min.time(), UTC)
    ours = Rule(rule, start.date(), None, (f"{start:%H:%M}",), zone, takes_hours=True).expand(begin, end)
    told = {moment(local, zone) for local in recurrences(rule, start, until + timedelta(days=2))}
    return ours, sorted(at for at in told if begin <= at < end)


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("rule", OF_THE_RFC + OURS)
def test_a_written_rule_is_what_the_rfc_says(rule: str, zone: str):
    days = 1500 if "YEARLY" in rule else 70 if "HOURLY" in rule or "MINUTELY" in rule else 600
    ours, told = both(rule, START, ZoneInfo(zone), days)
    assert ours == told
    later = both(rule, START, ZoneInfo(zone), days, days // 2)
    assert later[0] == later[1]


def lists(numbers: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(numbers, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))


def signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Any rule that the RFC's table allows, but hours and minutes, which `hourly` makes."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    numbered = frequency in {"YEARLY", "MONTHLY"}
    weekday = st.sampled_from(DAYS)
    which = st.sampled_from(["", "", "1", "2", "-1", "5"]) if numbered else st.just("")
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.integers(1, 4)))}
    may = {
        "BYMONTH": lists(st.integers(1, 12)),
        "BYDAY": st.lists(st.tuples(which, weekday).map("".join), min_size=1, max_size=3, unique=True).map(",".join),
        "WKST": weekday,
        "COUNT": st.integers(1, 30).map(str),
    }
    if frequency != "WEEKLY":
        may["BYMONTHDAY"] = lists(signed(31), 5)
    if frequency == "YEARLY":
        may["BYYEARDAY"] = lists(signed(366), 5)
        may["BYWEEKNO"] = lists(st.integers(1, 53) | st.just(-1))
    chosen = draw(st.lists(st.sampled_from(sorted(may)), max_size=3, unique=True))
    parts |= {name: draw(may[name]) for name in chosen}
    if "BYWEEKNO" in parts and "BYDAY" in parts:
        # "First Monday" has no meaning within a week.
        parts["BYDAY"] = parts["BYDAY"][-2:]
    if frequency != "DAILY" and chosen and draw(st.booleans()):
        parts["BYSETPOS"] = draw(lists(signed(4), 2))
    return ";".join(f"{name}={value}" for name, value in parts.items())


@st.composite
def hourly(draw: st.DrawFn) -> str:
    """Rules that name hours."""
    frequency = draw(st.sampled_from(["HOURLY", "MINUTELY", "DAILY", "WEEKLY"]))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.integers(1, 50)))}
    may = {
        "BYHOUR": lists(st.integers(0, 23)),
        "BYMINUTE": lists(st.integers(0, 59)),
        "BYDAY": lists(st.sampled_from(DAYS)),
        "COUNT": st.integers(1, 40).map(str),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(may)), min_size=1, unique=True))
    parts |= {name: draw(may[name]) for name in chosen}
    return ";".join(f"{name}={value}" for name, value in parts.items())


STARTS = st.integers(0, 1095 * 24 * 60).map(lambda passed: datetime.fromisoformat("2023-01-01") + passed * A_MINUTE)


@settings(max_examples=250)
@given(rule=rules(), start=STARTS, zone=st.sampled_from(ZONES), skipped=st.integers(0, 700))
def test_any_rule_of_days_is_what_the_rfc_says_wherever_one_looks(rule: str, start: datetime, zone: str, skipped: int):
    ours, told = both(rule, start, ZoneInfo(zone), 1200, skipped)
    assert ours == told


@settings(max_examples=80)
@given(rule=hourly(), start=STARTS, zone=st.sampled_from(ZONES), skipped=st.integers(0, 30))
def test_any_rule_of_hours_is_what_the_rfc_says_wherever_one_looks(rule: str, start: datetime, zone: str, skipped: int):
    ours, told = both(rule, start, ZoneInfo(zone), 40, skipped)
    assert ours == told


# Where dateutil differs from the text: a position in the first week counts from the start, not from the week's first
# day; a week of the year without a weekday is all of the week, not the weekday of the start.
DATEUTIL_DIFFERS = {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;BYSETPOS=1", "FREQ=YEARLY;BYWEEKNO=20"}


@pytest.mark.parametrize("rule", OF_THE_RFC + OURS)
def test_a_written_rule_is_what_dateutil_says(rule: str):
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    end = START + timedelta(days=3000 if "YEARLY" in rule else 300)
    ours = Rule(rule, START.date(), None, (f"{START:%H:%M}",), zone, takes_hours=True).expand(
        START.replace(tzinfo=zone), end.replace(tzinfo=zone)
    )
    theirs = rrulestr(rule, dtstart=START).between(START, end - A_MINUTE, inc=True)
    assert ([at.astimezone(zone).replace(tzinfo=None) for at in ours] == theirs) != (rule in DATEUTIL_DIFFERS)


def test_rules_that_never_fall_cost_no_more_than_the_days_looked_at():
    # Any engine that looks for a date before it looks at the calendar runs to the year 9999 here.
    never = "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1", "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2"
    for rule in never:
        assert not Rule(rule, date(2026, 1, 6), None, ("05:00",), ZoneInfo("UTC")).ever()


def test_every_two_hours_keeps_to_the_clock_over_a_zone_change():
    zone = ZoneInfo("Europe/Berlin")
    rule = Rule("FREQ=HOURLY;INTERVAL=2", date(2026, 3, 29), None, ("00:00",), zone, takes_hours=True)
    found = rule.expand(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC))
    assert [at.astimezone(zone).hour for at in found] == [0, 3, 4, 6]
