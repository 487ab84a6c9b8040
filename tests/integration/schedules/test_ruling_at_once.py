"""Two who write the same rule of a place for the first time, on PostgreSQL: one after the other, or told of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from schedules import approving
from schedules.calendar_vn import Override
from schedules.said_policy import SaidPolicy
from tests.integration.schedules.conftest import COMMUNE, OPERATOR, Room

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""SQLite has one writer at a time."""

PROVINCE, DAY = "lao-cai", date(2026, 5, 5)


async def three(room: Room, work: Callable[[AsyncSession, int], Awaitable[object]]) -> list[object]:
    """Do something three times at once, each in a transaction of its own."""

    async def one(number: int) -> object:
        async with room.database.writing() as session:
            return await work(session, number)

    return list(await asyncio.gather(*(one(each) for each in range(3)), return_exceptions=True))


async def test_of_the_first_policies_of_a_place_one_is_kept_and_the_others_are_told(room: Room):
    async def put(session: AsyncSession, number: int) -> object:
        said = SaidPolicy([], 90 + number, "Quyết định")
        return await room.programme.policies.put(
            session, PROVINCE, said, seen="none", now=room.clock(), user_id=OPERATOR
        )

    told = [each for each in await three(room, put) if isinstance(each, Exception)]
    assert [isinstance(each, Conflict) and each.code for each in told] == ["schedules.stale_policy"] * 2


async def test_the_first_rule_of_approval_and_a_day_corrected_at_once_are_each_written_once(room: Room):
    async def rule(session: AsyncSession, number: int) -> object:
        return await approving.set_rule(session, COMMUNE, 1, roles=(), other_than_author=bool(number), signed=False)

    async def correct(session: AsyncSession, number: int) -> object:
        override = Override(DAY, f"Ngày hội {number}", True)
        return await room.programme.free_days.put(session, COMMUNE, DAY, override, now=room.clock(), user_id=OPERATOR)

    for work in (rule, correct):
        assert [each for each in await three(room, work) if isinstance(each, Exception)] == []
