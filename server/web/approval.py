"""What an announcement's page shows of the rule it is approved by, and of the signed PDF that counts."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from schedules import approving
from schedules.approval_models import BulletinSignature
from schedules.approver import Terms
from schedules.models import Announcement
from schedules.signing.verdict import MAX_BYTES
from server.auth.models import Role
from server.web import repository
from server.web.page import Page


@dataclass(frozen=True, slots=True)
class Approval:
    """What it takes, whose rule says so, and the signed PDF of what the announcement says now."""

    terms: Terms
    place: str
    signature: BulletinSignature | None
    mine: bool
    """Whether this person has a role the rule names."""
    megabytes: int = MAX_BYTES // 1_000_000

    @property
    def is_open(self) -> bool:
        """Whether nothing but the author's name may still keep this person from approving."""
        return self.mine and (self.signature is not None or not self.terms.signed)

    @property
    def roles(self) -> tuple[Role, ...]:
        """Whom the rule names."""
        return tuple(role for role in Role if role.value in self.terms.roles)


async def approval_of(page: Page, session: AsyncSession, it: Announcement) -> Approval:
    """By the nearest rule of place and class."""
    terms = await approving.terms_of(session, it)
    found = await page.runtime.signatures.current(session, it)
    places = await repository.places(session, {terms.place_id} if terms.place_id else set())
    name = places[terms.place_id].name if terms.place_id in places else ""
    mine = not terms.roles or bool(terms.roles & page.me.roles_at(it.place_id))
    return Approval(terms, name, found, mine)
