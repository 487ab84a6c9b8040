"""A commune's policy names its rules and their sources, and its events lift what they say."""

from datetime import date, timedelta

import pytest

from base.errors import Refused
from schedules.allowances import MAX_EVENTS, MAX_RULES, Allowance, Event, Kind, Limit, VolumeCap
from schedules.policy import Rules
from tests.unit.schedules.day import DAY, VIETNAM, local

SOURCE = "Decision 12/2025"
HOURS = Rules.of(VIETNAM, [["05:00", "07:00"], ["16:30", "19:00"]], SOURCE)
LIMIT = Limit(Kind.BLOCKS, 2, "Blocks a day", SOURCE)
EVENING = VolumeCap("Evenings", Rules.of(VIETNAM, [["18:00", "06:00"]], SOURCE, 40))
TET = Event("Tết", DAY, DAY + timedelta(days=2), frozenset({Kind.BLOCKS, Kind.VOLUME}), "Plan 3")


def test_an_event_lifts_what_it_says_from_its_first_to_its_last_day_and_nothing_else() -> None:
    allowance = Allowance(HOURS, (LIMIT,), (EVENING,), (TET,))
    for day in (DAY, DAY + timedelta(days=2)):
        assert (allowance.on(day).limits, allowance.on(day).caps) == ((), ())
        assert allowance.on(day).hours == HOURS
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=3)):
        assert (allowance.on(day).limits, allowance.on(day).caps) == ((LIMIT,), (EVENING,))


def test_an_event_that_lifts_the_hours_gives_its_own_or_permits_every_hour() -> None:
    late = Rules.of(VIETNAM, [["05:00", "24:00"]])
    own = Event("New Year's Eve", DAY, DAY, frozenset({Kind.HOURS}), "Plan 4", late)
    night = (local("23:00"), local("23:10"))
    assert not HOURS.permitted(*night)
    assert Allowance(HOURS, events=(own,)).at(night[0]).hours.permitted(*night)
    assert Allowance(HOURS, events=(own,)).at(night[0]).hours.source == "Plan 4"
    assert not Allowance(HOURS, events=(own,)).at(local("03:00")).hours.permitted(local("03:00"), local("03:10"))
    every = Event("Flood watch", DAY, DAY, frozenset({Kind.HOURS}), "Plan 5")
    assert Allowance(HOURS, events=(own, every)).at(local("03:00")).hours.permitted(local("03:00"), local("03:10"))


@pytest.mark.parametrize(
    ("start", "end", "loudest"),
    [
        ("05:00", "05:10", 40),
        ("05:55", "06:05", 40),
        ("06:00", "06:10", 90),
        ("17:50", "18:00", 90),
        ("18:30", "18:40", 40),
    ],
)
def test_the_lowest_cap_of_any_hour_it_sounds_in_holds(start: str, end: str, loudest: int) -> None:
    allowance = Allowance(Rules.of(VIETNAM, volume_max=90), caps=(EVENING,))
    assert allowance.volume_at(local(start), local(end)) == loudest


@pytest.mark.parametrize("most", [0, -1, 49, 10**9])
def test_a_limit_no_day_can_have_is_refused(most: int) -> None:
    with pytest.raises(Refused, match="policy_wrong"):
        Limit(Kind.BLOCKS, most, "Blocks", SOURCE)


@pytest.mark.parametrize(("name", "source"), [("", SOURCE), (" ", SOURCE), ("x" * 121, SOURCE), ("Blocks", "")])
def test_a_rule_without_name_or_source_is_refused(name: str, source: str) -> None:
    with pytest.raises(Refused, match="policy_wrong"):
        Limit(Kind.BLOCKS, 2, name, source)


def test_hours_and_volume_are_no_limits_and_a_cap_needs_its_hours() -> None:
    for kind in (Kind.HOURS, Kind.VOLUME):
        with pytest.raises(Refused, match="policy_wrong"):
            Limit(kind, 2, "Hours", SOURCE)
    with pytest.raises(Refused, match="policy_wrong"):
        VolumeCap("Evenings", Rules((), VIETNAM, SOURCE, 40))


def test_a_policy_has_an_end() -> None:
    with pytest.raises(Refused, match="policy_wrong"):
        Allowance(HOURS, (LIMIT,) * (MAX_RULES + 1))
    with pytest.raises(Refused, match="policy_wrong"):
        Allowance(HOURS, events=(TET,) * (MAX_EVENTS + 1))
    for gap in (timedelta(seconds=-1), timedelta(hours=3)):
        with pytest.raises(Refused, match="policy_wrong"):
            Allowance(HOURS, block_gap=gap)
    with pytest.raises(Refused, match="days_reversed"):
        Event("Tết", DAY, date(2026, 3, 9), frozenset(), SOURCE)
