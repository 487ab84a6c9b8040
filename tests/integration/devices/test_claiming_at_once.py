"""Boards that bring one code at the same moment, on both databases."""

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.errors import LoaError
from devices.enrolment import Enrolled
from devices.models import Device
from tests.integration.devices.test_claiming import bring, issue
from tests.support.speakers import SmallSite


async def test_of_two_boards_at_once_one_is_taken(site: SmallSite):
    made = await issue(site)
    boards = [Ed25519PrivateKey.generate() for _ in range(4)]
    done = await asyncio.gather(*(bring(site, made.code, board) for board in boards), return_exceptions=True)
    taken = [each for each in done if isinstance(each, Enrolled)]
    assert len(taken) == 1
    assert {each.code for each in done if isinstance(each, LoaError)} == {"devices.code_used"}
    async with site.database.reading() as session:
        assert (await session.get(Device, "s2")).public == taken[0].device.public
