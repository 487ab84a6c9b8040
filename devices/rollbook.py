"""Writes what the roll took into the database, for thousands of devices at a time."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Database
from devices.repository import places
from devices.repository import steady as rows
from devices.roll import Roll, behind, group_of
from devices.steady import Drawn, SlotRow, StateRow, condensed

MAX_DEVICES = 2_000
"""Devices in one transaction, so that on SQLite it keeps other writers waiting for some 20 ms at most."""
CONDENSE_AT_ONCE = 200
"""Devices condensed before others get a turn on the event loop: about 2 ms."""

Condensed = Mapping[str, tuple[StateRow, list[SlotRow]]]

GoLongWay = Callable[[str, bytes], None]
"""Given the device and the bytes of a heartbeat that cannot go the short way after all."""


class RollBook:
    """One writes at a time: the caller sees to it that nobody else writes states of these devices meanwhile."""

    def __init__(self, database: Database, roll: Roll, go_long_way: GoLongWay) -> None:
        self._database, self._roll, self._go_long_way = database, roll, go_long_way

    async def write(self) -> None:
        """Write what waits of so many devices. Raises what the database raises; then it waits on."""
        drawn = self._roll.draw(MAX_DEVICES)
        if drawn:
            await self._write(drawn)

    async def write_of(self, device_ids: Collection[str]) -> None:
        """Write what waits of these devices. Raises what the database raises; then it waits on."""
        drawn = self._roll.draw_of(device_ids)
        if drawn:
            await self._write(drawn)

    async def _write(self, drawn: Sequence[Drawn]) -> None:
        try:
            condensed_rows = await _condensed(drawn)
            async with self._database.writing() as session:
                right = await _write(session, drawn, condensed_rows)
        except BaseException:
            self._roll.put_back(drawn)
            raise
        self._roll.written(each for each in drawn if each.device_id in right)
        for device_id, envelope in self._roll.give_up(each for each in drawn if each.device_id not in right):
            self._go_long_way(device_id, envelope)


async def _condensed(drawn: Sequence[Drawn]) -> Condensed:
    made = {}
    for index, each in enumerate(drawn):
        if index % CONDENSE_AT_ONCE == CONDENSE_AT_ONCE - 1:
            await asyncio.sleep(0)
        made[each.device_id] = condensed(each)
    return made


async def _write(session: AsyncSession, drawn: Sequence[Drawn], made: Condensed) -> set[str]:
    """The devices of which everything was still as their heartbeats took it to be; only they are written."""
    abreast = await _abreast(session, drawn)
    states = [state for state, _ in made.values() if state.device_id in abreast]
    if not states:
        return set()
    right = await rows.move_states(session, states)
    await rows.add_to_slots(session, [slot for device_id in right for slot in made[device_id][1]])
    return right


async def _abreast(session: AsyncSession, drawn: Sequence[Drawn]) -> set[str]:
    """The devices that lack no order of the logs they share with others."""
    groups = {group_of(each) for each in drawn}
    lines = await places.lineages(session, {commune_id for commune_id, _ in groups})
    heads = await rows.heads(session, {log for line in lines.values() for log in line})
    late = behind(groups, lines, heads)
    return {each.device_id for each in drawn if group_of(each) not in late}
