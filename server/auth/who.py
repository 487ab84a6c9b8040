"""Someone who is signed in, and the question every route asks: may this person do that there? (pure)"""

from collections.abc import Sequence
from dataclasses import dataclass

from base.errors import Forbidden
from devices.places import PlaceTree
from server.auth.models import EVERYWHERE, Role, RoleGrant, User
from server.auth.permissions import PERMISSIONS, Permission


@dataclass(frozen=True, slots=True)
class Who:
    """A person, what was granted where, and how the request proved it."""

    user: User
    grants: Sequence[RoleGrant]
    places: PlaceTree
    token_hash: bytes
    csrf: str | None = None
    """The session's form secret; None for a program with a bearer token, which no other site can make act."""

    @property
    def id(self) -> str:
        """The user's id."""
        return self.user.id

    def can(self, permission: Permission, place_id: str) -> bool:
        """Whether some grant at that place or above it allows it."""
        return any(self._covers(grant, place_id) for grant in self._allowing(permission))

    def can_somewhere(self, permission: Permission) -> bool:
        """Whether there is any place where it is allowed."""
        return bool(self._allowing(permission))

    def can_everywhere(self, permission: Permission) -> bool:
        """Whether it is allowed in every place there is."""
        return any(grant.place_id == EVERYWHERE for grant in self._allowing(permission))

    def require(self, permission: Permission, place_id: str) -> None:
        """Raise Forbidden("server.not_allowed") unless `can`."""
        if not self.can(permission, place_id):
            raise Forbidden("server.not_allowed", permission=permission.value, place=place_id)

    def roles_at(self, place_id: str) -> frozenset[Role]:
        """The roles this person has there, by grants at that place or above it."""
        return frozenset(grant.role for grant in self.grants if self._covers(grant, place_id))

    def _allowing(self, permission: Permission) -> list[RoleGrant]:
        return [grant for grant in self.grants if permission in PERMISSIONS[grant.role]]

    def _covers(self, grant: RoleGrant, place_id: str) -> bool:
        if grant.place_id in {EVERYWHERE, place_id}:
            return True
        return place_id in self.places and self.places.contains(grant.place_id, place_id)
