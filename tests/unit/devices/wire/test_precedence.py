"""Whose order may end what."""

import pytest

from devices.wire.orders import PlayClass
from devices.wire.precedence import height, may_cancel, may_stop

FOLLOWS = ("bao-nhai", "lao-cai", "vn")


def test_the_commune_and_the_devices_own_log_stand_lowest_and_a_stranger_below_them():
    assert [height(log, FOLLOWS) for log in ("d/bn-s01", *FOLLOWS, "elsewhere")] == [0, 0, 1, 2, -1]


@pytest.mark.parametrize("by", [0, 1, 2])
@pytest.mark.parametrize("of", [0, 1, 2])
def test_an_authority_ends_its_own_and_what_stands_below(by: int, of: int):
    assert may_cancel(by, of) is (by >= of)
    assert may_stop(by, of, PlayClass.EMERGENCY) is (by >= of)
    assert may_stop(by, of, PlayClass.PRIORITY)
