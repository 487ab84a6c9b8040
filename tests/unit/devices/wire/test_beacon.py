from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.beacon import Beacon
from devices.wire.canonical import decode_canonical, encode_map
from devices.wire.errors import BadMessage
from devices.wire.haves import MAX_SEQ
from tests.unit.devices.wire.strategies import beacons, mangled, reason_for

BEACON = Beacon("bao-nhai", 7, 3, bytes(32), 1_767_225_600_000)


@given(beacons)
def test_a_beacon_is_read_back(beacon: Any):
    assert Beacon.from_map(decode_canonical(encode_map(beacon.to_map()))) == beacon


def test_an_empty_log_and_one_that_needs_nothing_any_more_have_a_beacon():
    for head, floor in ((0, 1), (7, 8)):
        assert Beacon.from_map(BEACON.to_map() | {"head": head, "floor": floor}).floor == floor


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", None),
        ("log", "Bao Nhai"),
        ("log", None),
        ("head", -1),
        ("head", MAX_SEQ + 1),
        ("head", True),
        ("floor", 0),
        ("floor", 9),
        ("floor", 3.0),
        ("tip", bytes(20)),
        ("tip", "0" * 32),
        ("at", -1),
        ("at", None),
    ],
)
def test_a_beacon_with_a_field_out_of_limits_is_refused(field: str, value: Any):
    with pytest.raises(BadMessage, match="bad_field"):
        Beacon.from_map(BEACON.to_map() | {field: value})


def test_a_beacon_of_another_version_is_refused_as_such():
    with pytest.raises(BadMessage, match="unknown_version"):
        Beacon.from_map(BEACON.to_map() | {"v": 2})


@given(st.data())
def test_no_beacon_makes_a_reader_stumble(data: Any):
    assert reason_for(Beacon.from_map, data.draw(mangled(BEACON.to_map()))) in {"bad_field", "unknown_version", None}
