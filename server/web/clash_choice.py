"""What was chosen about clashes in the form of a new schedule: as a field says it, and done when it is saved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict
from base.times import from_ms, to_ms
from devices.wire.orders import AfterPreemption
from schedules.deciding import Asked
from schedules.decisions import Choice
from schedules.models import Occurrence, Schedule
from schedules.resolving import Option
from server.auth.permissions import Permission
from server.web.page import Page

PREFIX = "clash-"
OWN, OTHER = "own", "other"
"""The schedule in the making, and what it meets."""
MOST = 10
"""Decisions one form may carry."""
_PICKED = re.compile(r"(move|shorten|higher_wins|queue_after)\.(\w{1,26})\.(\d{1,14})\.(resume|restart|drop|)")


@dataclass(frozen=True, slots=True)
class Picked:
    """An option as a field says it. who: the one that yields."""

    choice: Choice
    who: str
    start: datetime
    fate: AfterPreemption | None

    def asked(self, yields: str, *, always: bool) -> Asked:
        """The same of an airing."""
        return Asked(self.choice, yields, self.start, self.fate, always)


def value(option: Option, who: str) -> str:
    """An option as a field of a form says it."""
    return f"{option.choice.value}.{who}.{to_ms(option.start)}.{option.fate.value if option.fate else ''}"


def picked(text: str) -> Picked:
    """What `value` gave. Raises Conflict("schedules.option_gone") for anything else."""
    read = _PICKED.fullmatch(text)
    if read is None:
        raise Conflict("schedules.option_gone")
    fate = AfterPreemption(read[4]) if read[4] else None
    return Picked(Choice(read[1]), read[2], from_ms(int(read[3])), fate)


def plan(row: Occurrence) -> str:
    """What an airing is called by: its schedule, or itself."""
    return row.schedule_id or row.id


async def decide_chosen(page: Page, session: AsyncSession, made: Schedule, said: Mapping[str, object]) -> list[str]:
    """Do what was chosen of each clash, in the transaction that made the schedule. Gives the decisions' ids.

    Raises Conflict("schedules.option_gone") for what is not possible, or not any more.
    """
    chosen = {name.removeprefix(PREFIX): str(text) for name, text in said.items() if name.startswith(PREFIX) and text}
    if len(chosen) > MOST:
        raise Conflict("schedules.option_gone")
    return [await _decide(page, session, made, other, picked(text)) for other, text in chosen.items()]


async def _decide(page: Page, session: AsyncSession, made: Schedule, other: str, chosen: Picked) -> str:
    """Of two that meet more than once, for always."""
    if chosen.choice is Choice.SHORTEN:
        page.me.require(Permission.WRITE_ANNOUNCEMENT, made.place_id)
    desk = page.runtime.programme.clash_desk
    met = await desk.of_place(session, made.place_id, page.now, made.planned_until or page.now, page.now)
    same = [clash for clash in met if {plan(clash.first), plan(clash.second)} == {made.id, other}]
    if not same:
        raise Conflict("schedules.option_gone")
    one, two = same[0].first, same[0].second
    yields = one if (plan(one) == made.id) is (chosen.who == OWN) else two
    asked = chosen.asked(yields.id, always=len(same) > 1)
    kept = await desk.decide(session, made.place_id, one.id, two.id, asked, now=page.now, user_id=page.me.id)
    return kept.decision.id
