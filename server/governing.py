"""A place's rules changed by somebody: written, audited, and told to the speakers whose hours or volume they change."""

from datetime import date

from schedules.calendar_vn import Override
from schedules.changes import ProgrammeChanged
from schedules.following import Followed
from schedules.governing import Effect
from schedules.said_policy import SaidPolicy
from server import configs
from server.acts import Act
from server.auth.permissions import Permission

AT_ONCE = 20
"""How many communes are told in the transaction of the change; the others by the next look at all of them."""


async def put_policy(act: Act, place_id: str, said: SaidPolicy | None, *, seen: str | None) -> Effect:
    """Write a place's policy, or take its own away. Raises Forbidden, and what `Governor.put` does."""
    act.require(Permission.ADMINISTER, place_id)
    runtime = act.runtime
    done = await runtime.programme.policies.put(
        act.session, place_id, said, seen=seen, now=runtime.clock(), user_id=act.who.id
    )
    for commune_id in done.communes[:AT_ONCE]:
        await configs.tell_if_due(runtime, act.session, commune_id)
    await act.done(
        "change_policy" if said is not None else "drop_policy",
        f"place/{place_id}",
        place_id,
        ProgrammeChanged(place_id, "policy", place_id),
        stopped=len(done.stops),
        returned=len(done.returns),
        replaced=len(done.louder_or_softer),
    )
    return done


async def put_holiday(act: Act, place_id: str, day: date, override: Override | None) -> list[Followed]:
    """Correct a public holiday, or take the correction back. Raises Forbidden, and what `FreeDays.put` does."""
    act.require(Permission.ADMINISTER, place_id)
    runtime = act.runtime
    done = await runtime.programme.free_days.put(
        act.session, place_id, day, override, now=runtime.clock(), user_id=act.who.id
    )
    await act.done(
        "change_holiday" if override is not None else "drop_holiday",
        f"place/{place_id}",
        place_id,
        ProgrammeChanged(place_id, "holiday", str(day)),
        day=str(day),
        called_off=sum(len(each.called_off) for each in done),
        added=sum(len(each.added) for each in done),
    )
    return done
