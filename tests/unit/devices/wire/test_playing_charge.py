"""What a battery that runs low lets sound."""

import pytest

from devices.wire.orders import PlayClass, Status
from devices.wire.playing import Charge
from tests.unit.devices.wire.airings import (
    BACKGROUND,
    EMERGENCY,
    NORMAL,
    PRIORITY,
    TEN_S,
    airing,
    now,
    programme,
    told,
)


@pytest.mark.parametrize(
    ("charge", "play_class", "sounds"),
    [
        (Charge.FULL, BACKGROUND, True),
        (Charge.LOW, BACKGROUND, False),
        (Charge.LOW, NORMAL, False),
        (Charge.LOW, PRIORITY, True),
        (Charge.LOW, EMERGENCY, True),
        (Charge.CRITICAL, PRIORITY, False),
        (Charge.CRITICAL, EMERGENCY, True),
    ],
)
def test_the_less_charge_the_higher_the_class_that_sounds(charge: Charge, play_class: PlayClass, sounds: bool):
    day = programme(airing(1, play_class))
    day.charge = charge
    expected = [("begin", 1, 0)] if sounds else [("end", 1, "missed", "low_battery", 0)]
    assert told(day.advance(now())) == expected


def test_an_exercise_does_not_take_the_last_of_a_battery():
    day = programme(airing(1, EMERGENCY, status=Status.DRILL))
    day.charge = Charge.CRITICAL
    assert told(day.advance(now())) == [("end", 1, "missed", "low_battery", 0)]


def test_what_sounds_breaks_off_when_its_class_is_barred():
    day = programme(airing(1))
    day.advance(now())
    day.charge = Charge.LOW
    assert told(day.advance(now(4_000))) == [("end", 1, "interrupted", "low_battery", 4_000)]


def test_what_sounds_breaks_off_also_while_nobody_knows_the_time():
    day = programme(airing(1))
    day.advance(now())
    day.charge = Charge.CRITICAL
    assert told(day.advance(now(4_000, sure=False))) == [("end", 1, "interrupted", "low_battery", 4_000)]


def test_what_is_due_later_waits_for_the_sun():
    day = programme(airing(1, at=TEN_S))
    day.charge = Charge.CRITICAL
    assert day.advance(now()) == []
    day.charge = Charge.FULL
    assert told(day.advance(now(TEN_S))) == [("begin", 1, 0)]


def test_an_emergency_with_now_sounds_on_the_last_charge_without_a_clock():
    day = programme(airing(1, EMERGENCY, at=None))
    day.charge = Charge.CRITICAL
    assert told(day.advance(now(sure=False))) == [("begin", 1, 0)]
