"""What a commune's policy says of occurrences that are new or changed, among those that stand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from schedules.airtime import NEAR
from schedules.allowances import Kind
from schedules.conflicts import Slot
from schedules.ground import Ground
from schedules.models import Occurrence, OccurrenceState
from schedules.repository import programme as rows
from schedules.slots import around, heard_slots
from schedules.violations import Violation, check, refuse

REASONS = {
    Kind.HOURS: "outside_hours",
    Kind.BLOCKS: "too_many_blocks",
    Kind.BLOCK_MINUTES: "too_many_minutes",
    Kind.DAY_MINUTES: "too_many_minutes",
}
"""What a violation is called where an occurrence keeps it."""
_COUNTED = {Kind.BLOCKS, Kind.BLOCK_MINUTES, Kind.DAY_MINUTES}


@dataclass(frozen=True, slots=True)
class Judgement:
    """The violations of some occurrences, by occurrence, and the slots they were judged among."""

    violations: dict[str, Violation]
    slots: dict[str, Slot]
    ground: Ground

    def refuse(self) -> None:
        """Raise Refused for the first violation in order of time, with what would be permitted."""
        for name, violation in self.violations.items():
            refuse(violation, self.slots[name], self.ground.allowance)

    def unfit(self) -> dict[str, str]:
        """Occurrence → why it cannot be heard; what is only too loud sounds softer."""
        found = ((name, REASONS.get(violation.kind)) for name, violation in self.violations.items())
        return {name: reason for name, reason in found if reason is not None}


async def judge(
    session: AsyncSession,
    ground: Ground,
    fresh: Sequence[Occurrence],
    gone: Collection[str] = (),
    *,
    offer: bool,
    earliest: datetime | None = None,
) -> Judgement:
    """Judge `fresh` after all that stands but `gone`. offer: look for what would be permitted instead, not before
    `earliest`.

    What is too loud and also not permitted counts as not permitted.
    """
    if not fresh:
        return Judgement({}, {}, ground)
    new = {slot.occurrence: slot for slot in heard_slots(fresh, ground)}
    start, end = around(list(new.values()))
    beside = await rows.standing(session, ground.place.id, start - NEAR, end + NEAR + timedelta(days=1))
    standing = heard_slots([row for row in beside if row.id not in gone], ground)
    slots = {slot.occurrence: slot for slot in standing} | new
    violations: dict[str, Violation] = {}
    for each in check(slots.values(), ground.allowance, new.keys(), offer=offer, earliest=earliest):
        if each.occurrence in new and _outweighs(each, violations.get(each.occurrence)):
            violations[each.occurrence] = each
    return Judgement(violations, slots, ground)


async def over_limits(session: AsyncSession, ground: Ground, due: Sequence[Occurrence]) -> dict[str, str]:
    """Occurrence → why it cannot be heard, by what the policy counts now, for those about to be ordered.

    What the speakers have stands; of what is planned, the first of a day goes before the later.
    """
    if not due or not ground.allowance.limits:
        return {}
    start, end = around(heard_slots(due, ground))
    beside = await rows.standing(session, ground.place.id, start - NEAR, end + NEAR + timedelta(days=1))
    planned = {row.id for row in beside if row.state is OccurrenceState.PLANNED}
    found = check(heard_slots(beside, ground), ground.allowance, planned, offer=False)
    asked = {row.id for row in due}
    return {each.occurrence: REASONS[each.kind] for each in found if each.occurrence in asked and each.kind in _COUNTED}


def _outweighs(found: Violation, known: Violation | None) -> bool:
    return known is None or (known.kind is Kind.VOLUME and found.kind is not Kind.VOLUME)
