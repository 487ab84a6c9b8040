from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from base.times import to_ms
from devices.roll import Roll, Way, behind
from devices.steady import Drawn, condensed
from devices.uplink import MAX_COUNT, Identity
from devices.wire.envelope import CheckingKey, Kind, seal
from devices.wire.haves import Haves
from devices.wire.reports import ClockReport, ClockState, Heartbeat

NOW = datetime(2026, 11, 21, 5, 3, tzinfo=UTC)
SECRET = bytes(32)
IDENTITY = Identity("bn-s01", "bao-nhai", bytes(32), 1, revoked=False)
TOPIC = "loa/1/d/bn-s01/up/heartbeat"


class Hands:
    """A roll, a clock, and a device that speaks."""

    def __init__(self, **limits: int) -> None:
        self.now = NOW
        self.roll = Roll(lambda: self.now, **limits)

    def beat(self, n: int, **said: Any) -> tuple[Heartbeat, bytes]:
        clock = ClockReport(ClockState.SYNCED, to_ms(self.now), 5)
        beat = Heartbeat(**({"device": "bn-s01", "boot": 1, "n": n, "clock": clock, "haves": {}} | said))
        return beat, seal(Kind.HEARTBEAT, beat.to_map(), CheckingKey.from_secret("bn-s01", SECRET))

    def learn(self, n: int, **said: Any) -> None:
        beat, envelope = self.beat(n, **said)
        self.roll.learn(IDENTITY, beat, envelope, CheckingKey.from_secret("bn-s01", SECRET))

    def take(self, n: int, **said: Any) -> bool:
        return self.roll.take(TOPIC, self.beat(n, **said)[1]) is Way.SHORT


def numbers(drawn: Sequence[Drawn]) -> list[list[int]]:
    return [[each.steady.shape.numbers(said.raw).n for said in each.said] for each in drawn]


def test_only_a_later_heartbeat_of_a_known_device_is_taken():
    hands = Hands()
    assert not hands.take(1)
    hands.learn(1)
    assert not hands.take(1)
    assert hands.take(2, signal_dbm=None, uptime_s=77)
    assert not hands.take(2)
    assert hands.take(300)
    assert not hands.take(299)
    assert hands.roll.waiting == 2


def test_none_overtakes_what_goes_the_long_way():
    hands = Hands()
    hands.learn(1)
    for _ in range(2):
        hands.roll.goes_long_way("bn-s01")
    hands.roll.goes_long_way("bn-s02")
    for _ in range(2):
        assert not hands.take(2)
        hands.roll.came_long_way("bn-s01")
    assert hands.take(2)


def test_a_heartbeat_that_says_something_new_or_is_sealed_by_another_is_not_taken():
    hands = Hands()
    hands.learn(1)
    assert not hands.take(2, volume=5)
    forged = seal(Kind.HEARTBEAT, hands.beat(2)[0].to_map(), CheckingKey.from_secret("bn-s01", bytes(31) + b"\1"))
    assert hands.roll.take(TOPIC, forged) is Way.LONG
    assert hands.roll.take("loa/1/d/bn-s02/up/heartbeat", hands.beat(2)[1]) is Way.LONG
    assert hands.roll.take(TOPIC, b"") is Way.LONG


def test_a_count_that_fits_no_column_is_not_taken():
    hands = Hands()
    hands.learn(1)
    assert hands.take(MAX_COUNT)
    assert not hands.take(MAX_COUNT + 1)


def test_a_device_that_announced_its_silence_goes_the_long_way():
    hands = Hands()
    hands.learn(1)
    hands.learn(2, quiet_until_ms=to_ms(NOW))
    assert not hands.take(3, quiet_until_ms=to_ms(NOW))


def test_who_is_struck_off_is_not_taken_but_what_it_said_stays():
    hands = Hands()
    hands.learn(1)
    assert hands.take(2)
    hands.roll.forget("bn-s01")
    assert not hands.take(3)
    assert numbers(hands.roll.draw(10)) == [[2]]


def test_what_the_database_did_not_take_waits_before_what_came_meanwhile():
    hands = Hands()
    hands.learn(1)
    assert hands.take(2)
    drawn = hands.roll.draw(10)
    assert hands.take(3)
    hands.roll.put_back(drawn)
    again = hands.roll.draw_of(["bn-s01", "bn-s02"])
    assert numbers(again) == [[2, 3]]
    hands.roll.written(again)
    assert hands.roll.waiting == 0
    assert again[0].steady.written_n == 3
    assert hands.roll.draw(10) == []


def test_what_must_go_the_long_way_after_all_goes_in_its_order_and_the_device_is_struck_off():
    hands = Hands()
    hands.learn(1)
    envelopes = [hands.beat(n)[1] for n in (2, 3)]
    assert hands.roll.take(TOPIC, envelopes[0]) is Way.SHORT
    drawn = hands.roll.draw(10)
    assert hands.roll.take(TOPIC, envelopes[1]) is Way.SHORT
    assert hands.roll.give_up(drawn) == [("bn-s01", envelope) for envelope in envelopes]
    assert hands.roll.waiting == 0
    assert not hands.take(4)


def test_what_waits_is_bounded():
    hands = Hands(capacity=2)
    hands.learn(1)
    ways = [hands.roll.take(TOPIC, hands.beat(n)[1]) for n in (2, 3, 4)]
    assert ways == [Way.SHORT, Way.SHORT, Way.NONE]
    hands.roll.written(hands.roll.draw(10))
    assert hands.take(5)


def test_several_heartbeats_come_to_one_state_and_a_row_for_each_ten_minutes():
    hands = Hands()
    same = {"faults": ("amplifier",), "battery_pct": 70, "haves": {"d/bn-s01": Haves(4), "vn": Haves(9)}}
    hands.learn(1, signal_dbm=-60, temperature_c=40, **same)
    said = [(0, -70, 41), (4, -65, 39), (10, -62, 30)]
    for n, (minute, dbm, celsius) in enumerate(said, start=2):
        hands.now = NOW + timedelta(minutes=minute)
        assert hands.take(n, signal_dbm=dbm, temperature_c=celsius, **same)
    (drawn,) = hands.roll.draw(10)
    state, slots = condensed(drawn)
    assert (state.written_n, state.n, state.own_upto, state.heard_at) == (1, 4, 4, hands.now)
    assert (state.signal_dbm, state.temperature_c, state.clock_offset_ms, state.clock_at) == (-62, 30, 0, hands.now)
    floor = NOW.replace(minute=0)
    assert [slot[1:] for slot in slots] == [
        (floor, 2, -70, 70, 41, ("amplifier",)),
        (floor + timedelta(minutes=10), 1, -62, 70, 30, ("amplifier",)),
    ]


def test_a_clock_that_does_not_show_the_present_moves_nothing_but_its_error():
    hands = Hands()
    clock = ClockReport(ClockState.SYNCED, to_ms(NOW) + 500_000, 5)
    hands.learn(1, clock=clock)
    assert hands.take(2, clock=clock)
    state, _ = condensed(hands.roll.draw(1)[0])
    assert (state.clock_at, state.clock_offset_ms) == (None, 500_000)


def test_who_lacks_an_order_of_a_followed_log_is_behind():
    abreast = ("bao-nhai", (("bao-nhai", 7), ("vn", 3)))
    lacking, silent = ("bao-nhai", (("bao-nhai", 7), ("vn", 2))), ("bao-nhai", ())
    elsewhere = ("ta-phin", (("ta-phin", 1),))
    lines = {"bao-nhai": ("bao-nhai", "vn"), "ta-phin": ("ta-phin", "vn")}
    groups = {abreast, lacking, silent, elsewhere}
    assert behind(groups, lines, {"bao-nhai": 7, "vn": 3, "ta-phin": 1}) == {lacking, silent, elsewhere}
    assert behind(groups, lines, {"bao-nhai": 7, "ta-phin": 2}) == {silent, elsewhere}
    assert behind(groups, lines, {}) == set()
