"""The activity log: who did what to what, where and when."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from server import audit
from server.api.shapes import PROBLEMS, Limit, Moment, Name, Page, Shown, page_of
from server.auth.guard import allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf

router = APIRouter(prefix="/activity", tags=["activity"], responses=PROBLEMS)

Administrator = Annotated[Who, Depends(allow(Permission.ADMINISTER))]


class EntryOut(Shown):
    """One act; `user_id` null is the system itself."""

    seq: int
    at: Moment
    user_id: str | None
    action: str
    object: str
    place_id: str | None
    details: dict[str, Any]


@router.get("")
async def entries(
    who: Administrator,
    runtime: RuntimeOf,
    place_id: Annotated[Name | None, Query(description="only of this place and below")] = None,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Limit = 50,
) -> Page[EntryOut]:
    """Newest first."""
    places = None if place_id is None and who.can_everywhere(Permission.ADMINISTER) else _places(who, place_id)
    async with runtime.database.reading() as session:
        found = await audit.entries(session, before=before, limit=limit + 1, places=places)
    return page_of(found, [EntryOut.model_validate(entry) for entry in found], limit, "seq")


def _places(who: Who, place_id: str | None) -> frozenset[str]:
    """The place asked for with all below it; without one, all this administrator administers."""
    if place_id is not None:
        who.require(Permission.ADMINISTER, place_id)
        return frozenset({place_id, *who.places.descendants(place_id)})
    mine = {grant.place_id for grant in who.grants if who.can(Permission.ADMINISTER, grant.place_id)}
    return frozenset(mine.union(*(who.places.descendants(each) for each in mine if each in who.places)))
