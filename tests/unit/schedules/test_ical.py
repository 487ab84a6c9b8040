"""What is written to an iCalendar file comes back unchanged, and means the same to other programs."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.calendar_vn import Override, with_overrides
from schedules.ical import Event, Read, read_calendar, write_calendar
from schedules.recurrence import BranchDays, EveryDays, LunarDay, LunarDays, OnHolidays, Pick, Rule

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
THROUGH = date(2026, 12, 31)
OWN = re.compile(rb"X-LOA[^\r]*\r\n([ ][^\r]*\r\n)*")
"""The lines that only Loa reads."""


def rule(rrule: str = "", **more: Any) -> Rule:
    given = {"first_day": date(2026, 1, 5), "last_day": None, "times": ("05:30",), "zone": VIETNAM, "takes_hours": True}
    return Rule(rrule, **(given | more))


def written(*events: Event) -> bytes:
    return write_calendar(events, name="Đồng Văn", now=NOW, through=THROUGH, language="vi")


def reread(found: Rule, *, own: bool = True) -> Read:
    data = written(Event("a", "Bản tin; sáng, \\ “mới”", found, timedelta(minutes=3)))
    return read_calendar(data if own else OWN.sub(b"", data), VIETNAM)


def year(*rules: Rule) -> list[datetime]:
    return sorted(at for found in rules for at in found.expand(NOW, NOW + timedelta(days=364)))


RULES = [
    rule(first_day=date(2026, 9, 2)),
    rule("FREQ=DAILY"),
    rule("FREQ=DAILY", times=("05:30", "11:00", "17:15")),
    rule("FREQ=DAILY;COUNT=5", times=("05:30", "17:00")),
    rule("FREQ=DAILY;COUNT=5", last_day=date(2026, 1, 7)),
    rule("FREQ=WEEKLY;BYDAY=TU,TH", last_day=date(2026, 6, 30)),
    rule("FREQ=WEEKLY;BYDAY=TU,TH", last_day=date(2026, 6, 30), zone=BERLIN),
    rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE;WKST=SU"),
    rule("FREQ=MONTHLY;BYMONTHDAY=-1"),
    rule("FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31"),
    rule("FREQ=MONTHLY;BYDAY=1MO,-1FR"),
    rule("FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2"),
    rule("FREQ=YEARLY;BYWEEKNO=20"),
    rule("FREQ=HOURLY;INTERVAL=5", times=("00:30",)),
    rule("FREQ=DAILY;BYHOUR=5,17;BYMINUTE=0,30;BYSETPOS=2,3", times=("05:00",)),
    rule("FREQ=DAILY", zone=BERLIN, times=("02:30",), first_day=date(2026, 3, 28)),
    rule("FREQ=DAILY", zone=BERLIN, times=("02:30",), first_day=date(2026, 3, 29)),
    rule("FREQ=WEEKLY;BYDAY=MO", added=(Pick(date(2026, 1, 7)), Pick(date(2026, 1, 8), "09:00"))),
    rule("FREQ=DAILY", times=("05:30", "17:00"), removed=(Pick(date(2026, 1, 7)), Pick(date(2026, 1, 8), "17:00"))),
    rule(
        "FREQ=DAILY",
        times=("05:30", "17:00"),
        added=(Pick(date(2026, 1, 9), "12:00"),),
        removed=(Pick(date(2026, 1, 9)),),
    ),
    rule("FREQ=WEEKLY;BYDAY=MO", removed=(Pick(date(2026, 1, 5)),)),
    rule("", added=(Pick(date(2026, 2, 1)), Pick(date(2026, 1, 1)))),
    rule("FREQ=DAILY", on_holidays=OnHolidays.SKIP),
    rule("FREQ=DAILY", on_holidays=OnHolidays.ONLY, times=("05:30", "17:00")),
    rule("FREQ=DAILY", on_holidays=OnHolidays.EVE),
    rule("FREQ=WEEKLY;BYDAY=TU", on_holidays=OnHolidays.BEFORE),
    rule(pattern=LunarDays((LunarDay(0, 1), LunarDay(0, 15)))),
    rule(pattern=LunarDays((LunarDay(0, 30),)), on_holidays=OnHolidays.SKIP, removed=(Pick(date(2026, 4, 16)),)),
    rule(pattern=EveryDays(5, date(2026, 1, 3))),
    rule(pattern=EveryDays(5, date(2026, 1, 3)), last_day=date(2026, 5, 1), times=("05:30", "17:00")),
    rule(pattern=BranchDays((5, 11))),
]


@pytest.mark.parametrize("kept", RULES)
def test_a_rule_comes_back_as_it_was(kept: Rule):
    found = reread(kept)
    assert found.problems == ()
    [event] = found.events
    assert event == Event("a", "Bản tin; sáng, \\ “mới”", kept, timedelta(minutes=3))


@pytest.mark.parametrize("kept", RULES)
def test_without_what_only_loa_reads_it_still_falls_at_the_same_times(kept: Rule):
    found = reread(kept, own=False)
    assert found.problems == ()
    assert year(*(event.rule for event in found.events)) == year(kept)


@pytest.mark.parametrize("kept", [found for found in RULES if found.zone is VIETNAM])
def test_another_programs_library_gives_the_same_times(kept: Rule):
    # icalendar's own reading of the properties, expanded by dateutil.
    given: set[datetime] = set()
    for component in icalendar.Calendar.from_ical(written(Event("a", "x", kept))).walk("VEVENT"):
        start = component["DTSTART"].dt.replace(tzinfo=VIETNAM)
        text = component["RRULE"].to_ical().decode() if "RRULE" in component else "FREQ=DAILY;COUNT=1"
        if "BYWEEKNO" in text:
            text += ";BYDAY=MO"  # dateutil takes the whole week where RFC 5545 takes the weekday of the start
        falls = {at.astimezone(UTC) for at in rrulestr(text, dtstart=start).xafter(start, count=400, inc=True)}
        added = {each.dt.astimezone(UTC) for each in component["RDATE"].dts} if "RDATE" in component else set()
        gone = {each.dt.astimezone(UTC) for each in component["EXDATE"].dts} if "EXDATE" in component else set()
        given |= (falls | added) - gone
    end = NOW + timedelta(days=60)
    assert sorted(at for at in given if NOW <= at < end) == [at for at in year(kept) if at < end]


SINGLE = st.builds(Pick, st.dates(date(2026, 1, 1), date(2026, 6, 1)), st.sampled_from(["", "05:00", "23:59"]))


@st.composite
def plain_rules(draw: st.DrawFn) -> Rule:
    first = draw(st.dates(date(2026, 1, 1), date(2026, 3, 1)))
    lasts = draw(st.none() | st.integers(100, 200))
    rrules = [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO,SU",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1,15",
        "FREQ=DAILY;INTERVAL=3",
    ]
    return Rule(
        draw(st.sampled_from(rrules)),
        first,
        first + timedelta(days=lasts) if lasts else None,
        tuple(draw(st.lists(st.times().map(lambda at: f"{at:%H:%M}"), min_size=1, max_size=3, unique=True))),
        draw(st.sampled_from([VIETNAM, BERLIN, ZoneInfo("America/New_York")])),
        added=tuple(draw(st.lists(SINGLE, max_size=2))),
        removed=tuple(draw(st.lists(SINGLE, max_size=2))),
    )


@settings(max_examples=60)
@given(kept=plain_rules())
def test_any_rule_comes_back_and_means_the_same(kept: Rule):
    assert [event.rule for event in reread(kept).events] == [kept]
    others = reread(kept, own=False)
    assert sorted(set(year(*(event.rule for event in others.events)))) == year(kept)


def test_what_another_program_moved_is_read_as_it_now_stands():
    data = written(Event("a", "x", rule("FREQ=DAILY")))
    moved = data.replace(b"T053000", b"T060000")
    [event] = read_calendar(moved, VIETNAM).events
    assert event.rule.times == ("06:00",)
    assert event.uid == "a-0530"


def test_an_event_another_program_deleted_from_a_group_stays_deleted():
    data = written(Event("a", "x", rule("FREQ=DAILY", times=("05:30", "17:00"))))
    first = data.index(b"BEGIN:VEVENT")
    second = data.index(b"BEGIN:VEVENT", first + 1)
    [event] = read_calendar(data[:first] + data[second:], VIETNAM).events
    assert event.rule.times == ("17:00",)


def test_a_rule_about_holidays_is_read_with_the_communes_holidays():
    kept = rule("FREQ=DAILY", on_holidays=OnHolidays.SKIP)
    ours = with_overrides([Override(date(2026, 3, 10), "Hội làng")])
    [event] = read_calendar(written(Event("a", "x", kept)), VIETNAM, ours).events
    assert event.rule == kept
    [gone] = set(year(kept)) - set(year(event.rule))
    assert gone.astimezone(VIETNAM).date() == date(2026, 3, 10)


def test_a_kept_rule_that_never_falls_is_left_with_the_reason():
    never = rule("FREQ=DAILY;COUNT=2", on_holidays=OnHolidays.SKIP)
    data = written(Event("a", "x", never))
    ours = with_overrides([Override(date(2026, 1, 5), "Hội làng"), Override(date(2026, 1, 6), "Hội làng")])
    found = read_calendar(data, VIETNAM, ours)
    assert found.events == ()
    assert [(problem.uid, problem.error.code) for problem in found.problems] == [("a", "schedules.rule_never_left")]


def test_the_file_has_its_zones_and_says_the_rule_in_words():
    text = written(Event("a", "x", rule("FREQ=DAILY", zone=BERLIN))).decode()
    assert "TZID:Europe/Berlin" in text
    assert "Hằng ngày lúc 05:30" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_a_rule_that_falls_on_no_day_leaves_no_event():
    assert b"VEVENT" not in written(
        Event("a", "x", rule("FREQ=DAILY;COUNT=1", removed=(Pick(date(2026, 1, 5)),), on_holidays=OnHolidays.SKIP))
    )
