from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.shape import Numbers, Shape, number
from devices.wire.canonical import decode_canonical, encode_map
from devices.wire.errors import BadMessage
from devices.wire.haves import Haves
from devices.wire.reports import ClockReport, ClockState, Heartbeat

BEAT = Heartbeat(
    device="bn-s01",
    boot=3,
    n=20,
    clock=ClockReport(ClockState.SYNCED, 1_795_000_000_123, 40),
    haves={"vn": Haves(3), "lao-cai": Haves(12), "d/bn-s01": Haves(2, ((5, 6),))},
    volume=80,
    battery_pct=71,
    signal_dbm=-71,
    temperature_c=41,
    storage_free_kib=3_000_000,
    storage_total_kib=8_000_000,
    uptime_s=123_456,
    faults=("amplifier",),
    children={"bn-t01": "ok", "bn-t02": "lost"},
    wake=((30, 45),),
)


def payload(beat: Heartbeat) -> bytes:
    return encode_map(beat.to_map())


def moved(beat: Heartbeat, numbers: Numbers) -> Heartbeat:
    return replace(
        beat,
        n=numbers.n,
        uptime_s=numbers.uptime_s,
        signal_dbm=numbers.signal_dbm,
        storage_free_kib=numbers.storage_free_kib,
        temperature_c=numbers.temperature_c,
        clock=replace(beat.clock, now_ms=numbers.clock_ms, bound_ms=numbers.bound_ms),
    )


def shape(beat: Heartbeat) -> Shape:
    made = Shape.of(payload(beat))
    assert made is not None
    return made


all_numbers = st.builds(
    Numbers,
    n=st.integers(0, 2**31 - 1),
    uptime_s=st.integers(0, 2**32 - 1),
    signal_dbm=st.integers(-200, 0),
    storage_free_kib=st.integers(0, 2**40 - 1),
    temperature_c=st.integers(-60, 150),
    clock_ms=st.integers(0, 0xE600_0000_0000 - 1),
    bound_ms=st.integers(0, 2**32 - 1),
)


@given(all_numbers, all_numbers)
def test_whatever_numbers_moved_the_shape_is_the_same_and_they_are_read(before: Numbers, after: Numbers):
    known = shape(moved(BEAT, before))
    raw = known.read(payload(moved(BEAT, after)))
    assert raw is not None
    assert (known.numbers(raw), number(raw[0])) == (after, after.n)


CHANGES: list[dict[str, Any]] = [
    {"device": "bn-s02"},
    {"boot": 4},
    {"clock": replace(BEAT.clock, state=ClockState.DRIFTING)},
    {"haves": {**BEAT.haves, "vn": Haves(4)}},
    {"haves": {}},
    {"playing": ("01KAHR0000000000000000000A",)},
    {"volume": 81},
    {"power": "solar"},
    {"battery_pct": 70},
    {"battery_pct": None},
    {"link": "wifi"},
    {"signal_dbm": None},
    {"temperature_c": None},
    {"storage_total_kib": 1},
    {"faults": ()},
    {"quiet_until_ms": 1_795_000_000_000},
    {"children": {"bn-t01": "ok", "bn-t02": "ok"}},
    {"wake": ((30, 46),)},
    {"wake": ()},
]


@pytest.mark.parametrize("change", CHANGES, ids="-".join)
def test_anything_else_that_changes_is_another_shape(change: dict[str, Any]):
    other = payload(replace(BEAT, n=21, **change))
    assert shape(BEAT).read(other) is None


@pytest.mark.parametrize(
    "numbers",
    [
        {"n": 2**31},
        {"n": 2**40},
        {"uptime_s": 2**32},
        {"signal_dbm": -201},
        {"signal_dbm": 1},
        {"temperature_c": 151},
        {"temperature_c": -61},
        {"storage_free_kib": 2**40 + 1},
        {"storage_free_kib": -1},
    ],
    ids=lambda numbers: "-".join(f"{name}={value}" for name, value in numbers.items()),
)
def test_a_number_beyond_what_a_heartbeat_may_say_is_another_shape(numbers: dict[str, int]):
    assert shape(BEAT).read(payload(replace(BEAT, **numbers))) is None


@pytest.mark.parametrize("clock", [{"now_ms": 253_402_300_800_000}, {"now_ms": -1}, {"bound_ms": 2**33}])
def test_a_clock_beyond_its_limits_is_another_shape(clock: dict[str, int]):
    assert shape(BEAT).read(payload(replace(BEAT, clock=replace(BEAT.clock, **clock)))) is None


@given(st.data())
def test_whatever_bytes_have_the_shape_are_a_canonical_heartbeat_that_says_the_same(data: Any):
    """The whole claim: what the short way takes, the long way would have read and found to say the same."""
    good = payload(BEAT)
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 9)))
    bad = good[:start] + data.draw(st.binary(max_size=9)) + good[end:]
    raw = shape(BEAT).read(bad)
    if raw is not None:
        assert Heartbeat.from_map(decode_canonical(bad)) == moved(BEAT, shape(BEAT).numbers(raw))


@pytest.mark.parametrize(
    "long_form",
    [b"\x18\x14", b"\x19\x00\x14", b"\x1a\x00\x00\x00\x14", b"\x1b" + bytes(7) + b"\x14", b"\xf9\x4d\x00", b"\x34"],
)
def test_a_number_in_another_form_is_another_shape(long_form: bytes):
    good = payload(BEAT)
    bad = good.replace(b"an\x14", b"an" + long_form, 1)
    assert bad != good
    assert shape(BEAT).read(bad) is None


def test_a_text_that_looks_like_a_number_field_moves_nothing():
    sly = replace(BEAT, children={"a": "bup\x05eclock\xa3now"[:16]}, link="an\x01cdbm\x20")
    known = shape(sly)
    good = payload(sly)
    at = good.index(b"an\x01cdbm")
    assert known.read(good) is not None
    assert known.read(good[: at + 2] + b"\x02" + good[at + 3 :]) is None


def test_a_field_nobody_knows_is_part_of_the_shape():
    body = BEAT.to_map() | {"later": [1, {"n": 1}]}
    known = Shape.of(encode_map(body))
    assert known is not None
    assert known.read(encode_map(body | {"n": 21})) is not None
    assert known.read(encode_map(body | {"later": [1, {"n": 2}]})) is None


def test_no_other_bytes_have_a_shape():
    body = BEAT.to_map()
    assert Shape.of(encode_map(body | {"dbm": None})) is None
    with pytest.raises(BadMessage):
        Heartbeat.from_map({**body, "dbm": 5})
    assert Shape.of(encode_map(body | {"dbm": 5})) is None
