"""Stations as somebody says them: permitted by place, kept, recorded, and told to whoever looks at what relays them."""

from schedules.changes import ProgrammeChanged
from schedules.models import RelaySource
from schedules.relays import ChangedSource, Station
from server.acts import Act
from server.auth.permissions import Permission


async def add(act: Act, place_id: str, station: Station) -> RelaySource:
    """Keep a new one. Raises Forbidden, and what `Relays.add` does."""
    act.require(Permission.ADMINISTER, place_id)
    made = await act.runtime.programme.relays.add(act.session, place_id, station, act.who.id)
    await _done(act, "add_relay", ChangedSource(made))
    return made


async def change(act: Act, source_id: str, station: Station, *, seen: str) -> ChangedSource:
    """Say something else of one that was looked at. Raises Forbidden, and what `Relays.change` does."""
    await _require(act, source_id)
    changed = await act.runtime.programme.relays.change(act.session, source_id, station, act.who.id, seen=seen)
    await _done(act, "change_relay", changed)
    return changed


async def retire(act: Act, source_id: str) -> ChangedSource:
    """Offer it no more. Raises Forbidden, and what `Relays.retire` does."""
    await _require(act, source_id)
    retired = await act.runtime.programme.relays.retire(act.session, source_id, act.who.id)
    await _done(act, "retire_relay", retired)
    return retired


async def _require(act: Act, source_id: str) -> None:
    source = await act.runtime.programme.relays.get(act.session, source_id)
    act.require(Permission.ADMINISTER, source.place_id)


async def _done(act: Act, action: str, changed: ChangedSource) -> None:
    """Record it; the address is not written down, for it may hold a key."""
    source = changed.source
    told = [ProgrammeChanged(each.place_id, "announcement", each.id) for each in changed.sessions]
    sessions = [each.id for each in changed.sessions]
    await act.done(action, f"relay/{source.id}", source.place_id, *told, name=source.name, sessions=sessions)
