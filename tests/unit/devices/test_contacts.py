from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contacts import (
    EFFICIENCY,
    Carrier,
    Contact,
    Load,
    Reach,
    Remedy,
    Visit,
    forecast,
    in_order_of_sending,
    last_window,
    rate_of,
    to_utc,
    visits_ahead,
    windows,
)

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = timedelta(hours=1)

minutes = st.integers(0, 1_439)
spans = st.lists(st.tuples(minutes, st.integers(1, 120)).map(lambda p: (p[0], min(1_440, p[0] + p[1]))), max_size=3)
loads = st.lists(
    st.builds(
        Load,
        id=st.uuids().map(str),
        size=st.integers(1, 8_000_000),
        light_size=st.integers(1, 4_000_000),
        due=st.integers(0, 14 * 24 * 60).map(lambda m: NOW + timedelta(minutes=m)),
        urgency=st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda load: load.id,
)
visits = st.lists(
    st.integers(0, 14 * 24).map(lambda h: Visit(NOW + timedelta(hours=h), NOW + timedelta(hours=h + 4))), max_size=3
)
contacts = st.builds(
    Contact,
    reach=st.sampled_from(Reach),
    kbit_s=st.floats(1, 4_000),
    spans=spans.map(tuple),
    visits=visits.map(tuple),
)


def online(kbit_s: float = 64, **more: object) -> Contact:
    return Contact(Reach.ONLINE, kbit_s, **more)  # type: ignore[arg-type]


def load(ident: str = "a", *, size: int = 120_000, due: datetime = NOW + HOUR, urgency: int = 1) -> Load:
    return Load(ident, size, size // 2, due, urgency)


def only(contact: Contact, *waiting: Load):
    return forecast(contact, waiting, NOW)[waiting[0].id]


@given(contacts, loads)
@settings(max_examples=60)
def test_a_quicker_link_never_brings_anything_later(contact: Contact, waiting: list[Load]):
    slow = forecast(contact, waiting, NOW)
    quick = forecast(replace(contact, kbit_s=contact.kbit_s * 2), waiting, NOW)
    for each in waiting:
        before, after = slow[each.id].expected_at, quick[each.id].expected_at
        assert before is None or (after is not None and after <= before)


@given(contacts, loads, visits)
@settings(max_examples=60)
def test_another_visit_never_brings_anything_later(contact: Contact, waiting: list[Load], more: list[Visit]):
    few = forecast(contact, waiting, NOW)
    many = forecast(replace(contact, visits=(*contact.visits, *more)), waiting, NOW)
    for each in waiting:
        before, after = few[each.id].expected_at, many[each.id].expected_at
        assert before is None or (after is not None and after <= before)


@given(contacts, loads)
@settings(max_examples=60)
def test_what_is_more_urgent_comes_no_later_and_nothing_comes_before_now(contact: Contact, waiting: list[Load]):
    usual = forecast(contact, waiting, NOW)
    first = waiting[0]
    urgent = forecast(contact, [replace(first, urgency=3), *waiting[1:]], NOW)
    assert all(each.expected_at is None or each.expected_at >= NOW for each in usual.values())
    if usual[first.id].expected_at is not None:
        assert urgent[first.id].expected_at <= usual[first.id].expected_at


@given(contacts, loads)
@settings(max_examples=60)
def test_a_remedy_is_only_proposed_where_one_is_needed_and_can_still_be_taken(contact: Contact, waiting: list[Load]):
    found = forecast(contact, waiting, NOW)
    for each in waiting:
        it = found[each.id]
        assert (it.expected_at is None) == (it.in_time is None)
        if it.in_time:
            assert it.proposals == ()
        for proposal in it.proposals:
            assert proposal.at >= NOW
            if proposal.remedy in {Remedy.LIGHTER, Remedy.EARLIER}:
                assert proposal.at <= each.due


@given(contacts)
@settings(max_examples=60)
def test_windows_follow_each_other_and_begin_no_earlier_than_now(contact: Contact):
    found = list(windows(contact, NOW))
    assert all(NOW <= start < end for start, end in found)
    assert all(before[1] < after[0] or before[1] == after[0] for before, after in pairwise(found))


def test_an_always_open_link_takes_as_long_as_the_bytes_need():
    seconds = 120_000 * 8 / (64_000 * EFFICIENCY)
    it = only(online(), load())
    assert it.carrier is Carrier.LINK
    assert it.expected_at == pytest.approx(NOW + timedelta(seconds=seconds), abs=timedelta(milliseconds=1))
    assert it.in_time


def test_an_open_link_is_given_a_quarter_more_than_reckoned():
    reckoned = timedelta(seconds=120_000 * 8 / (64_000 * EFFICIENCY))
    assert only(online(), load(due=NOW + reckoned * 1.26)).in_time is True
    assert only(online(), load(due=NOW + reckoned * 1.24)).in_time is False


def test_what_does_not_fit_into_one_window_goes_on_in_the_next():
    # 64 kbit/s for a quarter of an hour carry 5.04 MB; the rest comes the day after.
    contact = Contact(Reach.WINDOW, 64, spans=((360, 375),))
    it = only(contact, load(size=6_000_000, due=NOW + 48 * HOUR))
    assert it.carrier is Carrier.WINDOW
    assert NOW + 25 * HOUR < it.expected_at < NOW + 25 * HOUR + timedelta(minutes=15)


def test_emergencies_go_before_what_is_due_first():
    calm, urgent = load("calm", due=NOW + HOUR), load("urgent", due=NOW + 9 * HOUR, urgency=3)
    assert in_order_of_sending([calm, urgent]) == [urgent, calm]


def test_the_lighter_rendition_is_proposed_when_that_one_would_be_in_time():
    due = NOW + timedelta(seconds=120_000 * 8 / (64_000 * EFFICIENCY))
    it = only(online(), load(due=due))
    assert it.in_time is False
    assert {each.remedy for each in it.proposals} == {Remedy.LIGHTER, Remedy.LATER}


def test_going_first_is_proposed_when_only_what_waits_before_it_makes_it_late():
    waiting = load("mine", due=NOW + timedelta(minutes=5)), load("theirs", size=9_000_000, urgency=2)
    it = only(online(), *waiting)
    assert Remedy.EARLIER in {each.remedy for each in it.proposals}


def test_a_silent_device_is_expected_at_no_time_and_a_courier_is_proposed_while_one_can_still_make_it():
    silent = online(silent=True)
    soon, later = only(silent, load(due=NOW + HOUR)), only(silent, load(due=NOW + 24 * HOUR))
    assert (soon.expected_at, soon.in_time, soon.proposals) == (None, None, ())
    assert [each.remedy for each in later.proposals] == [Remedy.COURIER]
    assert later.proposals[0].at == NOW + 20 * HOUR


def test_a_courier_village_is_reached_by_the_first_visit_that_has_not_left():
    gone, next_one = Visit(NOW - HOUR, NOW + 2 * HOUR), Visit(NOW + HOUR, NOW + 4 * HOUR)
    it = only(Contact(Reach.COURIER, 64, visits=(gone, next_one)), load(due=NOW + 6 * HOUR))
    assert (it.carrier, it.expected_at, it.in_time) == (Carrier.COURIER, NOW + 4 * HOUR, True)


def test_a_courier_village_nobody_goes_to_expects_nothing():
    it = only(Contact(Reach.COURIER, 64), load(due=NOW + 48 * HOUR))
    assert (it.carrier, it.expected_at) == (Carrier.COURIER, None)
    assert [each.remedy for each in it.proposals] == [Remedy.COURIER]


def test_local_spans_become_utc_and_are_cut_at_midnight():
    assert to_utc([(330, 345)], 420) == ((1_350, 1_365),)
    assert to_utc([(400, 440)], 420) == ((0, 20), (1_420, 1_440))


def test_the_last_contact_hours_are_those_that_are_over():
    evening, night = Contact(Reach.WINDOW, 64, spans=((240, 299), (300, 360))), ((0, 60), (1_380, 1_440))
    assert last_window(evening, NOW) == (NOW - HOUR, NOW - timedelta(minutes=1))
    assert last_window(Contact(Reach.WINDOW, 64, spans=night), NOW) == (NOW - 6 * HOUR, NOW - 4 * HOUR)
    assert last_window(Contact(Reach.ONLINE, 64), NOW) is None
    assert last_window(Contact(Reach.COURIER, 64), NOW) is None


def test_visits_are_the_routes_departures_in_its_own_zone():
    saturday = 5
    found = visits_ahead([(saturday, 13 * 60)], HANOI, 3 * HOUR, NOW, NOW + timedelta(days=14))
    assert [visit.leaves_at for visit in found] == [NOW + HOUR + timedelta(days=7 * n) for n in range(2)]
    assert found[0].arrives_at == found[0].leaves_at + 3 * HOUR


def test_a_measured_rate_goes_before_what_is_usual():
    assert rate_of("4g", 12) == 12
    assert rate_of("2g", None) == 32
    assert rate_of("smoke", None) == 64
