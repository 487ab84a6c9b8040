"""The place whose rules a page is about: the commune shown, or one above it, and what this person may do there."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from server.auth.permissions import Permission
from server.web import repository
from server.web.page import Page

MAX_ID = 48


@dataclass(frozen=True, slots=True)
class Governed:
    """A place. line: itself and those above that this person may see, lowest first, each (id, name)."""

    id: str
    name: str
    may_change: bool
    line: tuple[tuple[str, str], ...]
    names: dict[str, str]
    """Of itself and of all above."""

    @property
    def query(self) -> str:
        """What an address needs to stay at this place."""
        return f"?place={self.id}"


async def governed(page: Page, session: AsyncSession, place_id: str = "") -> Governed:
    """The place of that id, or the commune shown. Raises NotFound, Forbidden."""
    wanted = place_id[:MAX_ID] or page.place.id
    if wanted not in page.me.places:
        raise NotFound("server.place_unknown", place=wanted)
    page.me.require(Permission.VIEW, wanted)
    path = page.me.places.path(wanted)
    names = {each: place.name for each, place in (await repository.places(session, set(path))).items()}
    below = page.commune.id if page.commune is not None else wanted
    line = page.me.places.path(below) if wanted in page.me.places.path(below) else path
    known = await repository.places(session, set(line))
    shown = tuple((each, known[each].name) for each in line if page.me.can(Permission.VIEW, each))
    return Governed(wanted, names.get(wanted, wanted), page.me.can(Permission.ADMINISTER, wanted), shown, names)
