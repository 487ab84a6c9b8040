"""A device on a duty cycle has its link when it said it would, and misses nothing it was to play."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wire.config import Config, Hours
from devices.wire.orders import PlayClass, Repeat
from devices.wire.playing import Charge
from devices.wire.reports import ReceiptState
from firmware_sim import events
from firmware_sim.clock import Reading
from firmware_sim.duty import OVERTIME_MS, SPREAD_MS, START_MS, Duty
from tests.unit.firmware_sim.rig import HOUR, T0, TONE, Rig, play, speech

MINUTE = 60_000
LOCAL_7 = 7 * 60
MORNING, EVENING = (330, 345), (1_080, 1_110)
PLAN = Config(Hours((), LOCAL_7), online=(MORNING, EVENING))
AT_0530 = T0 + (330 - LOCAL_7) * MINUTE + 24 * HOUR
"""Half past five in the morning, seven hours east of Greenwich."""


def _rig(wall_ms: int = AT_0530 - HOUR, **options: object) -> Rig:
    rig = Rig(defaults=PLAN, wall_ms=wall_ms, **options)
    rig.link()
    return rig


def test_the_plan_is_told_in_minutes_of_the_utc_day():
    rig = _rig()
    rig.run(3_000)
    assert rig.heartbeats()[-1].wake == ((660, 690), (1_350, 1_365))
    duty = Duty(lambda: 0.0)
    duty.use(Config(Hours((), LOCAL_7), online=((400, 440),)), Charge.FULL)
    assert duty.wake == ((0, 20), (1_420, 1_440))


def test_it_says_until_when_it_will_be_silent_and_goes():
    rig = _rig()
    rig.run(START_MS - 1)
    assert rig.links == []
    rig.run(2)
    assert rig.links == [(AT_0530 - HOUR + START_MS, False)]
    assert rig.heartbeats()[-1].quiet_until_ms == AT_0530
    beats = len(rig.heartbeats())
    rig.run(50 * MINUTE)
    assert len(rig.heartbeats()) == beats


def test_it_comes_back_for_each_of_its_spans():
    rig = _rig()
    rig.run(25 * HOUR + MINUTE)
    up = [at for at, is_up in rig.links if is_up]
    down = [at for at, is_up in rig.links if not is_up][1:]
    assert len(up) == 3
    for came, start in zip(up, (AT_0530, AT_0530 + 750 * MINUTE, AT_0530 + 24 * HOUR), strict=True):
        assert start <= came <= start + SPREAD_MS
    assert down[:2] == [AT_0530 + 15 * MINUTE, AT_0530 + 780 * MINUTE]


def test_nothing_is_missed_while_the_link_is_down():
    rig = _rig()
    item = play(AT_0530 - 10 * MINUTE)
    rig.order(item, issued_ms=AT_0530 - HOUR, expires_ms=AT_0530 + HOUR)
    rig.run(HOUR + 10 * MINUTE)
    assert [heard[2] for heard in rig.sounded()] == [item.occurrence]
    assert rig.states(item.occurrence)[-1] == (ReceiptState.PLAYED, ""), "told when the link was back"


def test_content_on_its_way_keeps_the_link_a_while_longer_and_no_more():
    rig = _rig(AT_0530 + MINUTE, fetches=False)
    rig.order(play(AT_0530 + 8 * HOUR, parts=(speech(),)), issued_ms=AT_0530, expires_ms=AT_0530 + 20 * HOUR)
    rig.run(HOUR)
    assert rig.links == [(AT_0530 + 15 * MINUTE + OVERTIME_MS, False)]


def test_when_the_content_is_there_the_link_goes_down_at_once():
    rig = _rig(AT_0530 + MINUTE, fetch_ms=18 * MINUTE)
    rig.order(play(AT_0530 + 8 * HOUR, parts=(speech(),)), issued_ms=AT_0530, expires_ms=AT_0530 + 20 * HOUR)
    rig.run(HOUR)
    assert rig.links == [(AT_0530 + 19 * MINUTE, False)]


def test_an_emergency_that_sounds_keeps_the_link_and_its_end_is_heard():
    rig = _rig(AT_0530 + 8 * MINUTE)
    siren = play(None, play_class=PlayClass.EMERGENCY, repeat=Repeat(0, 0), parts=(TONE,))
    rig.order(siren, issued_ms=rig.wall_ms, expires_ms=AT_0530 + 20 * HOUR)
    rig.run(15 * MINUTE)
    assert rig.links == []
    rig.run(8 * MINUTE)
    assert rig.links == [(AT_0530 + 30 * MINUTE, False)]
    assert rig.speaker.playing == (siren.occurrence,), "and it goes on without"


def test_without_a_sure_clock_the_link_stays():
    rig = Rig(defaults=PLAN, sure=False)
    rig.link()
    rig.run(5 * HOUR)
    assert rig.links == []


def test_a_config_without_spans_brings_the_link_back():
    rig = _rig()
    rig.run(30 * MINUTE)
    assert not rig.links[-1][1]
    rig.order(replace(PLAN, online=()), issued_ms=rig.wall_ms, expires_ms=rig.wall_ms + HOUR)
    assert rig.links[-1][1]


def test_nearly_empty_it_keeps_the_first_span_of_the_day_alone():
    rig = _rig()
    rig.feed(events.Health(power="solar", battery_pct=10))
    rig.run(25 * HOUR + MINUTE)
    up = [at for at, is_up in rig.links if is_up]
    assert len(up) == 2
    assert up[1] - up[0] >= 23 * HOUR
    assert rig.heartbeats()[-1].wake == ((1_350, 1_365),)


span = st.tuples(st.integers(0, 1_439), st.integers(1, 1_440)).filter(lambda pair: pair[0] < pair[1])


@settings(max_examples=150)
@given(st.lists(span, min_size=1, max_size=4), st.integers(-720, 840), st.integers(0, 3 * 86_400_000))
def test_it_is_never_down_in_a_span_for_longer_than_its_spread_nor_up_outside(
    spans: list[tuple[int, int]], offset: int, start_ms: int
):
    duty = Duty(Random(7).random)
    duty.use(Config(Hours((), offset), online=tuple(spans)), Charge.FULL)
    mono = 10 * START_MS
    for _ in range(60):
        now = Reading(T0 + start_ms + mono, mono)
        up = duty.decide(now, busy=False)
        minute = ((now.wall_ms // MINUTE) + offset) % 1_440
        began = ((now.wall_ms - SPREAD_MS) // MINUTE + offset) % 1_440
        inside = any(low <= minute < high for low, high in spans)
        settled = any(low <= began and minute < high and began <= minute for low, high in spans)
        assert not up or inside
        assert up or not settled
        due = duty.next_mono_ms(now)
        assert due is not None
        assert due > mono
        if not up:
            assert now.wall_ms < duty.next_start_ms(now) <= now.wall_ms + 24 * HOUR
        mono = due


@pytest.mark.parametrize("late_s", [0, 20])
def test_a_clock_that_is_set_back_and_forth_changes_the_link_with_it(late_s: int):
    rig = _rig()
    rig.run(20 * MINUTE)
    rig.wall_ms = AT_0530 + 5 * MINUTE + late_s * 1_000
    rig.run(2 * MINUTE)
    assert rig.links[-1][1]
