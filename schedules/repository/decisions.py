"""Queries on what was decided of airings that meet."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.ids import new_id
from schedules.decisions import Choice, Decision, Pair, Side, carried
from schedules.models import ClashDecision

MOST = 5_000
"""How many decisions of a place are looked at, the latest of them."""


async def of_place(session: AsyncSession, place_id: str) -> list[Decision]:
    """All that was decided in a place, first to last."""
    query = select(ClashDecision).where(col(ClashDecision.place_id) == place_id)
    found = await session.scalars(query.order_by(col(ClashDecision.id).desc()).limit(MOST))
    return [decision_of(row) for row in found][::-1]


async def latest(session: AsyncSession, place_id: str, limit: int) -> list[ClashDecision]:
    """What was decided last in a place, latest first."""
    query = select(ClashDecision).where(col(ClashDecision.place_id) == place_id)
    return list(await session.scalars(query.order_by(col(ClashDecision.id).desc()).limit(limit)))


async def keep(session: AsyncSession, place_id: str, decisions: Sequence[Decision]) -> list[ClashDecision]:
    """Write decisions down."""
    rows = [
        ClashDecision(
            id=new_id(),
            place_id=place_id,
            sides=[_to_map(side) for side in each.pair.sides],
            choice=each.choice.value,
            yields=each.yields,
            day=each.day,
            by=each.by,
            at=each.at,
        )
        for each in decisions
    ]
    session.add_all(rows)
    await session.flush()
    return rows


async def carry(session: AsyncSession, place_id: str, plans: Iterable[tuple[str, str]]) -> None:
    """What was decided of a plan holds for the one it goes on as; `plans`: each with its new name."""
    named = list(plans)
    known = await of_place(session, place_id) if named else []
    new: list[Decision] = []
    for was, goes_on in named:
        new += carried((*known, *new), was, goes_on)
    if new:
        await keep(session, place_id, new)


def decision_of(row: ClashDecision) -> Decision:
    """A decision as it was taken."""
    one, other = (Side(each["plan"], each["time"], each["play_class"], each["lasts_s"]) for each in row.sides)
    return Decision(Pair.of(one, other), Choice(row.choice), row.yields, row.by, row.at, row.day)


def _to_map(side: Side) -> dict[str, Any]:
    return {"plan": side.plan, "time": side.time, "play_class": side.play_class, "lasts_s": side.lasts_s}
