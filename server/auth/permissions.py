"""What each role may do (pure)."""

from collections.abc import Mapping
from enum import StrEnum

from server.auth.models import Role


class Permission(StrEnum):
    """One kind of act; every route asks for one."""

    VIEW = "view"
    WRITE_ANNOUNCEMENT = "write_announcement"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    BROADCAST = "broadcast"
    STOP = "stop"
    EMERGENCY = "emergency"
    DRILL = "drill"
    MANAGE_CLUSTERS = "manage_clusters"
    CARRY = "carry"
    ADMINISTER = "administer"


_OPERATOR = frozenset(
    {
        Permission.VIEW,
        Permission.WRITE_ANNOUNCEMENT,
        Permission.SCHEDULE,
        Permission.BROADCAST,
        Permission.STOP,
        Permission.CARRY,
    }
)

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OPERATOR: _OPERATOR,
    Role.APPROVER: frozenset({Permission.VIEW, Permission.APPROVE, Permission.STOP}),
    Role.TECHNICIAN: frozenset({Permission.VIEW, Permission.MANAGE_CLUSTERS, Permission.CARRY}),
    Role.COURIER: frozenset({Permission.VIEW, Permission.CARRY}),
    Role.EMERGENCY: frozenset({Permission.VIEW, Permission.STOP, Permission.EMERGENCY, Permission.DRILL}),
    Role.ADMINISTRATOR: frozenset(Permission),
}
"""An operator writes and airs but does not approve; only emergency staff start a siren; an administrator may all.
A village digital team carries bundles to its villages and brings their return files back.
A commune may have one person with several roles: each is a grant of its own.
"""
