"""The rules of a place: what holds, what a change would do, the change itself."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from base.errors import Refused
from server.acts import acting
from server.api.policy_shapes import EffectOut, PolicyIn, PolicyOut, effect_out, policy_out
from server.api.shapes import PROBLEMS, Name
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.errors import PreconditionNeeded
from server.governing import put_policy
from server.runtime import Runtime

CHANGES = PROBLEMS | {412: {"description": "Changed since"}, 428: {"description": "No If-Match"}}
router = APIRouter(prefix="/places/{place_id}/policy", tags=["policy"], responses=CHANGES)

Governor = Annotated[Who, Depends(allow(Permission.ADMINISTER))]
Version = Annotated[str | None, Header(alias="If-Match", description="The ETag of the place's own rules, or “none”")]


@router.get("")
async def in_force(place_id: Name, who: Viewer, runtime: RuntimeOf, response: Response) -> PolicyOut:
    """The rules that hold in a place; the ETag is of its own, `"none"` where it has none."""
    who.require(Permission.VIEW, place_id)
    return await _shown(runtime, place_id, response)


@router.post("/effect")
async def effect(place_id: Name, body: PolicyIn, who: Governor, runtime: RuntimeOf) -> EffectOut:
    """What these rules would do to what is planned; nothing changes."""
    who.require(Permission.ADMINISTER, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.policies.effect(session, place_id, body.said(), runtime.clock())
    return effect_out(found)


@router.put("")
async def put(
    *, place_id: Name, body: PolicyIn, who: Governor, runtime: RuntimeOf, response: Response, if_match: Version = None
) -> EffectOut:
    """Write the place's rules. What no longer fits is called off; what fits again is planned again."""
    seen = _version(if_match)
    async with acting(runtime, who) as act:
        done = effect_out(await put_policy(act, place_id, body.said(), seen=seen))
    await _shown(runtime, place_id, response)
    return done


@router.delete("")
async def inherit(
    *, place_id: Name, who: Governor, runtime: RuntimeOf, response: Response, if_match: Version = None
) -> EffectOut:
    """Take the place's own rules away: those of the nearest place above hold."""
    seen = _version(if_match)
    async with acting(runtime, who) as act:
        done = effect_out(await put_policy(act, place_id, None, seen=seen))
    await _shown(runtime, place_id, response)
    return done


async def _shown(runtime: Runtime, place_id: str, response: Response) -> PolicyOut:
    async with runtime.database.reading() as session:
        found = await runtime.programme.policies.in_force(session, place_id)
    response.headers["ETag"] = f'"{found.version}"'
    return policy_out(found)


def _version(if_match: str | None) -> str:
    """The version an If-Match names. Raises PreconditionNeeded without one, Refused for another kind of tag."""
    if if_match is None:
        raise PreconditionNeeded
    found = re.fullmatch(r'"(none|[0-9a-f]{16})"', if_match.strip())
    if found is None:
        raise Refused("server.input_wrong")
    return found[1]
