"""Limits on trying codes of enrolment."""

import pytest

from server.errors import TooMany
from server.limits import EnrolmentLimiter
from server.settings import LimitSettings


async def allowed(limiter: EnrolmentLimiter, *addresses: str) -> list[bool]:
    found = []
    for address in addresses:
        try:
            await limiter.attempt(address)
        except TooMany:
            found.append(False)
        else:
            found.append(True)
    return found


@pytest.mark.parametrize(
    ("limits", "addresses", "expected"),
    [
        ({"address_enrolments_per_minute": 2}, "aaab", [True, True, False, True]),
        ({"address_enrolments_per_hour": 2}, "aaab", [True, True, False, True]),
        ({"enrolments_per_hour": 2}, "abcd", [True, True, False, False]),
    ],
)
async def test_codes_are_tried_seldom_from_one_address_and_from_all_together(
    limits: dict[str, int], addresses: str, expected: list[bool]
):
    assert await allowed(EnrolmentLimiter(LimitSettings(**limits)), *addresses) == expected


async def test_one_address_that_is_shut_out_uses_up_nothing_of_the_others():
    limiter = EnrolmentLimiter(LimitSettings(address_enrolments_per_minute=1, enrolments_per_hour=3))
    assert await allowed(limiter, *"aaaaaaa") == [True] + [False] * 6
    assert await allowed(limiter, *"bcd") == [True, True, False]
