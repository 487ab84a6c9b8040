"""An iCalendar file from anybody is taken event by event, and what cannot be taken says why."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Refused
from schedules.errors import MESSAGES
from schedules.ical import MAX_BYTES, MAX_EVENTS, Read, read_calendar
from schedules.ical.lines import kept_lines
from schedules.ical.reading import MAX_PROBLEMS
from schedules.recurrence import Pick

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"


def calendar(*events: str) -> bytes:
    blocks = (f"BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n{event.strip()}\r\nEND:VEVENT\r\n" for event in events)
    return (HEAD + "".join(blocks) + "END:VCALENDAR\r\n").replace("\r\n", "\n").replace("\n", "\r\n").encode()


def read(*events: str) -> Read:
    return read_calendar(calendar(*events), VIETNAM)


DAILY = "UID:a\nSUMMARY:Tin sáng\nDTSTART:20260105T053000\nRRULE:FREQ=DAILY"


def test_a_floating_time_is_the_communes():
    [event] = read(DAILY).events
    assert event.rule.zone is VIETNAM
    assert (event.uid, event.title, event.rule.times, event.rule.first_day) == (
        "a",
        "Tin sáng",
        ("05:30",),
        date(2026, 1, 5),
    )


@pytest.mark.parametrize(
    ("zone", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("SE Asia Standard Time", "Asia/Bangkok"),
        ('"Asia/Ho_Chi_Minh"', "Asia/Ho_Chi_Minh"),
    ],
)
def test_a_named_zone_is_kept(zone: str, key: str):
    [event] = read(DAILY.replace("DTSTART:", f"DTSTART;TZID={zone}:")).events
    assert event.rule.zone.key == key
    assert event.rule.times == ("05:30",)


def test_a_rule_in_utc_stays_in_utc_and_a_single_time_comes_to_the_commune():
    [series] = read(DAILY.replace("053000", "223000Z")).events
    assert (series.rule.zone.key, series.rule.times) == ("UTC", ("22:30",))
    [once] = read("UID:a\nDTSTART:20260104T223000Z").events
    assert (once.rule.zone, once.rule.times, once.rule.first_day) == (VIETNAM, ("05:30",), date(2026, 1, 5))


def test_hours_of_the_rule_become_times_of_day_where_that_says_the_same():
    [event] = read(DAILY.replace("DAILY", "DAILY;BYHOUR=5,17;BYMINUTE=30")).events
    assert (event.rule.rrule, event.rule.times) == ("FREQ=DAILY", ("05:30", "17:30"))


def test_hours_of_the_rule_stay_with_it_where_it_counts_them():
    [event] = read(DAILY.replace("DAILY", "DAILY;COUNT=3;BYHOUR=5,17")).events
    found = event.rule.upcoming(event.rule.begins(), 9)
    assert [at.astimezone(VIETNAM).strftime("%d %H") for at in found] == ["05 05", "05 17", "06 05"]


@pytest.mark.parametrize(
    ("until", "last"),
    [("20260107", "07 17"), ("20260107T110000Z", "07 17"), ("20260107T090000Z", "07 05"), ("20260107T120000", "07 05")],
)
def test_until_ends_the_rule_on_its_day_or_at_its_moment(until: str, last: str):
    [event] = read(DAILY.replace("DAILY", f"DAILY;BYHOUR=5,17;UNTIL={until}")).events
    found = event.rule.upcoming(event.rule.begins(), 99)
    assert found[-1].astimezone(VIETNAM).strftime("%d %H") == last


def test_dates_are_added_and_left_out_in_whatever_zone_they_are_given():
    [event] = read(
        DAILY + "\nEXDATE:20260106T053000,20260107T053000\nEXDATE;TZID=UTC:20260107T223000\n"
        "EXDATE;VALUE=DATE:20260109\nRDATE:20260105T020000Z"
    ).events
    assert event.rule.removed == (
        Pick(date(2026, 1, 6), "05:30"),
        Pick(date(2026, 1, 7), "05:30"),
        Pick(date(2026, 1, 8), "05:30"),
        Pick(date(2026, 1, 9)),
    )
    assert event.rule.added == (Pick(date(2026, 1, 5), "09:00"),)


def test_how_long_it_lasts_is_read_from_either_property():
    assert read(DAILY + "\nDURATION:PT10M").events[0].lasts == timedelta(minutes=10)
    assert read(DAILY + "\nDTEND:20260105T054500").events[0].lasts == timedelta(minutes=15)
    assert read(DAILY).events[0].lasts == timedelta()
    assert read(DAILY + "\nDURATION:-PT10M").events[0].lasts == timedelta()


def test_alarms_to_dos_and_definitions_of_zones_are_passed_over():
    data = calendar(DAILY + "\nBEGIN:VALARM\nTRIGGER:-PT5M\nACTION:DISPLAY\nEND:VALARM")
    # A definition that would run for minutes.
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "RRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    todo = "BEGIN:VTODO\nUID:t\nDUE:20260101T000000\nEND:VTODO\n"
    data = data.replace(b"PRODID:x\r\n", f"PRODID:x\r\n{zone}{todo}".encode())
    found = read_calendar(data, VIETNAM)
    assert len(found.events) == 1
    assert found.problems == ()
    assert not [line for line in kept_lines(data) if "TRIGGER" in line or "SECONDLY" in line or "VTODO" in line]


def test_a_line_folded_in_the_middle_of_a_name_is_whole_again():
    assert kept_lines(b"BEGIN:VCALEN\r\n DAR\r\nBEGIN:VTIM\n\tEZONE\nEND:VTIMEZONE\nEND:VCALENDAR") == [
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
    ]


def test_one_changed_start_of_a_series_is_taken_out_and_stands_alone():
    changed = "UID:a\nSUMMARY:Tin muộn\nRECURRENCE-ID:20260107T053000\nDTSTART:20260107T070000"
    series, alone = read(DAILY, changed).events
    assert series.rule.removed == (Pick(date(2026, 1, 7), "05:30"),)
    assert (alone.title, alone.rule.first_day, alone.rule.times) == ("Tin muộn", date(2026, 1, 7), ("07:00",))


def test_one_cancelled_start_of_a_series_is_only_taken_out():
    cancelled = "UID:a\nSTATUS:CANCELLED\nRECURRENCE-ID:20260107T053000\nDTSTART:20260107T053000"
    [series] = read(DAILY, cancelled).events
    assert series.rule.removed == (Pick(date(2026, 1, 7), "05:30"),)


def test_a_cancelled_event_is_passed_over():
    assert read(DAILY + "\nSTATUS:CANCELLED") == Read((), ())


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("UID:a\nDTSTART;VALUE=DATE:20260105", "event_without_time"),
        ("UID:a\nSUMMARY:no start", "event_unreadable"),
        ("UID:a\nDTSTART:yesterday", "event_unreadable"),
        ("UID:a\nDTSTART:20260105T053000\nDTSTART:20260105T053000", "event_unreadable"),
        (DAILY + "\nRRULE:FREQ=WEEKLY", "event_unreadable"),
        (DAILY + "\nEXRULE:FREQ=WEEKLY", "event_unreadable"),
        (DAILY.replace("RRULE:", "RRULE "), "event_unreadable"),
        (DAILY + "\nRDATE;VALUE=PERIOD:20260106T053000/PT1H", "event_unreadable"),
        (DAILY + "\nRDATE:soon", "event_unreadable"),
        (DAILY + "\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260106T053000", "event_unreadable"),
        (DAILY.replace("053000", "053015"), "event_seconds"),
        (DAILY + "\nRDATE:20260106T053015", "event_seconds"),
        (DAILY.replace("DTSTART:", "DTSTART;TZID=Mars/Olympus:"), "zone_unknown"),
        (DAILY.replace("DTSTART:", "DTSTART;TZID=/etc/passwd:"), "zone_unknown"),
        (DAILY + "\nEXDATE;TZID=Nowhere:20260106T053000", "zone_unknown"),
        (DAILY.replace("DAILY", "WEEKLY;BYDAY=TU"), "event_start_apart"),
        (DAILY.replace("DAILY", "SECONDLY"), "rule_invalid"),
        (DAILY.replace("DAILY", "DAILY;INTERVAL=0"), "rule_invalid"),
        (DAILY.replace("DAILY", "MINUTELY;INTERVAL=10"), "times_count"),
        (DAILY.replace("DAILY", "YEARLY;BYMONTH=2;BYMONTHDAY=31"), "rule_never_day"),
        (DAILY.replace("DAILY", "DAILY;COUNT=1") + "\nEXDATE:20260105T053000", "rule_never_left"),
        (DAILY.replace("DAILY", "DAILY;UNTIL=20251231"), "days_reversed"),
        (DAILY.replace("2026", "9999"), "day_wrong"),
        (DAILY + "\nEXDATE:" + ",".join(["20260106T053000"] * 1001), "days_count"),
    ],
)
def test_what_cannot_be_taken_is_left_with_the_reason(event: str, code: str):
    found = read("UID:b\nDTSTART:20260105T060000", event)
    assert [taken.uid for taken in found.events] == ["b"]
    [problem] = found.problems
    assert (problem.uid, problem.error.code) == ("a", f"schedules.{code}")
    assert "{" not in MESSAGES[problem.error.code].format(**problem.error.params)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "calendar_unreadable"),
        (b"hello", "calendar_unreadable"),
        (b"\xff\xfe\x00B", "calendar_unreadable"),
        (b"BEGIN:VCALENDAR\r\n", "calendar_unreadable"),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "calendar_unreadable"),
        (b"BEGIN:VEVENT\r\n" * 9 + b"END:VEVENT\r\n" * 9, "calendar_unreadable"),
        (calendar(DAILY).replace(b"SUMMARY", b"SUM\0MARY"), "calendar_unreadable"),
        (b"x" * (MAX_BYTES + 1), "calendar_too_large"),
        (calendar(*["UID:a"] * (MAX_EVENTS + 1)), "calendar_too_many"),
        (calendar(*[f"UID:{number}" for number in range(MAX_PROBLEMS + 1)]), "calendar_mostly_wrong"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(data: bytes, code: str):
    with pytest.raises(Refused) as refusal:
        read_calendar(data, VIETNAM)
    assert refusal.value.code == f"schedules.{code}"
    assert "{" not in MESSAGES[refusal.value.code].format(**refusal.value.params)


@pytest.mark.parametrize(
    "kept",
    [
        "X-LOA-RULE:{}",
        "X-LOA-RULE:" + "[" * 3000,
        'X-LOA-RULE:{"version": 1\\, "zone": "../../etc"}',
        (
            'X-LOA-RULE:{"version": 1\\, "rrule": "FREQ=MINUTELY"\\, "first_day": "2026-01-05"\\, '
            '"times": ["05:30"]\\, "zone": "UTC"}\nX-LOA-UID:x\nX-LOA-CHECK:0'
        ),
    ],
)
def test_a_forged_kept_rule_is_not_believed(kept: str):
    [event] = read(f"{DAILY}\n{kept}").events
    assert event.rule.rrule == "FREQ=DAILY"


def test_a_hostile_file_of_rules_that_never_fall_is_put_aside_soon():
    never = DAILY.replace("DAILY", "HOURLY;INTERVAL=168;BYDAY=TU")
    events = [never.replace("UID:a", f"UID:{number}") for number in range(MAX_EVENTS)]
    begins = time.process_time()
    with pytest.raises(Refused) as refusal:
        read(*events)
    assert refusal.value.code == "schedules.calendar_mostly_wrong"
    # A budget of work, not of the clock on the wall: unbounded, this would be minutes.
    assert time.process_time() - begins < 20


@settings(max_examples=150)
@given(
    lines=st.lists(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "BEGIN:VALARM",
                "END:VALARM",
                "UID:a",
                "DTSTART:20260105T053000",
                "DTSTART;TZID=:20260105T053000",
                "DTSTART;VALUE=DATE:20260105",
                "RRULE:FREQ=DAILY;COUNT=2",
                "RRULE:FREQ=DAILY;UNTIL=99999999",
                "RRULE:FREQ=;;",
                "RRULE:UNTIL=20270101T000000Z,20280101T000000Z;FREQ=DAILY",
                "EXDATE:20260105",
                "RDATE:,",
                "DURATION:P",
                "DTEND:20260105",
                "RECURRENCE-ID:20260105T053000",
                "X-LOA-RULE:{}",
                " folded",
                ":",
                'SUMMARY;X="\u0001:y',
            ]
        )
        | st.text(max_size=20),
        max_size=14,
    )
)
def test_whatever_stands_in_a_file_it_is_read_or_refused(lines: list[str]):
    body = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    try:
        found = read_calendar(body.encode("utf-8", "surrogatepass"), VIETNAM)
    except Refused:
        return
    for event in found.events:
        assert event.rule.first(datetime(1990, 1, 1, tzinfo=UTC)) is not None
