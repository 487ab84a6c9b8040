"""Occurrences as the airings that meet and the orders they would have, for whoever asks what can be done about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import to_ms
from devices.wire.content import Stream
from devices.wire.playing import Airing
from schedules.composition import Item
from schedules.conflicts import Slot
from schedules.content import Content
from schedules.decisions import Side
from schedules.dispatch import bulletin, lasts, longest
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.models import Occurrence
from schedules.outcomes import Contender
from schedules.repository.timetable import OccurrenceRow
from schedules.yielding import Party

_MS = timedelta(milliseconds=1)


def side_of(row: Occurrence | OccurrenceRow, ground: Ground) -> Side:
    """What decisions know an occurrence by: its plan and the time its rule gives it."""
    local = (row.original_at or row.start_at).astimezone(ground.rules.zone)
    lasts_s = round((row.ends_at - row.start_at).total_seconds())
    return Side(row.schedule_id or row.id, f"{local:%H:%M}", row.play_class, lasts_s)


def parties(rows: Sequence[Occurrence], slots: Collection[Slot], ground: Ground) -> dict[str, Party]:
    """Occurrence → the party it is; real emergencies, which no decision binds, are left out."""
    by_id = {slot.occurrence: slot for slot in slots}
    return {
        row.id: Party(by_id[row.id], side_of(row, ground))
        for row in rows
        if row.emergency_id is None and not by_id[row.id].any_hour
    }


@dataclass(frozen=True, slots=True)
class Contending:
    """Makes contenders of occurrences."""

    issuer: Issuer

    async def contenders(
        self, session: AsyncSession, ground: Ground, rows: Sequence[Occurrence], slots: Mapping[str, Slot]
    ) -> dict[str, Contender]:
        """Occurrence → contender, for those whose sounds are known."""
        contents = await self.issuer.contents(session, {row.announcement_id for row in rows})
        found = {}
        for row in rows:
            content = contents.get(row.announcement_id or "")
            if content is not None and content.parts(row.play_class):
                found[row.id] = _contender(row, content, ground, slots[row.id])
        return found


def _contender(row: Occurrence, content: Content, ground: Ground, slot: Slot) -> Contender:
    airing = bulletin(row, content.parts(row.play_class), volume_max=ground.volume_at(row))
    total = longest(airing.play)
    playing = Airing(
        play=airing.play,
        order_id=row.id,
        issued_ms=to_ms(min(row.created_at, row.start_at)),
        expires_ms=to_ms(airing.expires_at),
        total_ms=None if total is None else total // _MS,
        ready=True,
    )
    # A station does not wait for us: what relays it begins at its time or not at all.
    fixed = any(isinstance(part, Stream) for part in airing.play.parts)
    return Contender(slot, playing, items_ms(content, row.play_class), fixed)


def items_ms(content: Content, play_class: int) -> tuple[int, ...]:
    """How much each item adds to a session; the first with all that frames it.

    Empty for what is no session, and for one with a station or music, which have their own length and place.
    """
    if content.composition is None or not all(isinstance(each, Item) for each in content.composition.items):
        return ()
    counts = range(1, len(content.composition.items) + 1)
    upto = [lasts(shortened(content, count).parts(play_class)) // _MS for count in counts]
    return tuple(now - before for before, now in zip((0, *upto), upto, strict=False))


def shortened(content: Content, items: int) -> Content:
    """A session with its first so many items."""
    assert content.composition is not None
    kept = content.composition.items[:items]
    return replace(content, composition=replace(content.composition, items=kept))


def begins_after(row: Occurrence, now: datetime) -> bool:
    """Whether something can still be decided about it."""
    return row.start_at > now and not row.immediate
