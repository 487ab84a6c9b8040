"""A week as hours by days: every airing stands in one cell or is counted as folded away."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.allowances import Allowance
from schedules.marks import layer
from schedules.policy import Rules
from server.web.week_table import DAYTIME, MOST_IN_CELL, MOST_IN_WEEK, Shown, cells

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = date(2026, 3, 9)
MIDNIGHT = datetime(2026, 3, 9, tzinfo=ZONE).astimezone(UTC)
WEEK = [MONDAY + timedelta(days=n) for n in range(7)]
FREE = Allowance(Rules.of(ZONE, ()))
HOURS = Allowance(Rules.of(ZONE, [("05:30", "21:00")]))


def airing(name: str, hours: float, play_class: int = 1) -> Shown:
    start = MIDNIGHT + timedelta(hours=hours)
    return Shown(start, layer(play_class, 1, start), name, "", "", name, "", "", (), "")


def test_an_airing_stands_in_the_hour_and_day_it_begins_by_the_communes_clock():
    hours, table = cells([airing("morning", 5.5), airing("thursday", 3 * 24 + 17)], WEEK, FREE, ZONE)
    assert [each.id for each in table[MONDAY][hours.index(5)].shown] == ["morning"]
    assert [each.id for each in table[WEEK[3]][hours.index(17)].shown] == ["thursday"]


def test_what_began_before_the_week_and_goes_on_stands_at_its_head():
    hours, table = cells([airing("night", -0.5)], WEEK, FREE, ZONE)
    assert [each.id for each in table[MONDAY][hours.index(0)].shown] == ["night"]


def test_outside_the_permitted_hours_a_cell_is_shut_and_half_an_hour_is_told_apart():
    hours, table = cells([airing("mistake", 3.25)], WEEK, HOURS, ZONE)
    assert list(hours) == list(range(3, 21))
    assert [table[MONDAY][hours.index(hour)].open for hour in (3, 5, 6, 20)] == ["shut", "part", "open", "open"]


def test_where_no_hours_are_set_the_daytime_is_shown_and_all_of_it_open():
    hours, table = cells([], WEEK, FREE, ZONE)
    assert hours == DAYTIME
    assert {cell.open for day in WEEK for cell in table[day]} == {"open"}


def test_a_cell_that_is_too_full_keeps_the_highest_layers_in_order_of_time():
    crowd = [airing(f"n{n}", 8 + n / 100) for n in range(6)] + [airing("urgent", 8.9, play_class=2)]
    hours, table = cells(crowd, WEEK, FREE, ZONE)
    cell = table[MONDAY][hours.index(8)]
    assert [each.id for each in cell.shown] == ["n0", "n1", "n2", "urgent"]
    assert cell.more == len(crowd) - MOST_IN_CELL


@pytest.mark.parametrize("many", [10, 1_000, 3_000])
def test_however_many_there_are_the_page_stays_of_a_size(many: int):
    crowd = [airing(str(n), n * 168 / many) for n in range(many)]
    _, table = cells(crowd, WEEK, FREE, ZONE)
    assert sum(len(cell.shown) for day in WEEK for cell in table[day]) <= min(many, MOST_IN_WEEK)


@given(st.lists(st.floats(-2, 167.9), max_size=80))
def test_nothing_is_lost(hours: Sequence[float]):
    crowd = [airing(str(n), hour) for n, hour in enumerate(hours)]
    _, table = cells(crowd, WEEK, HOURS, ZONE)
    flat = [cell for day in WEEK for cell in table[day]]
    assert sum(len(cell.shown) + cell.more for cell in flat) == len(crowd)
