"""Who may approve what: the rule of a place and a class, and whether somebody may by it (pure).

Source: commune leadership approves before air; which of them, and how, each province rules for itself (Huế, Vĩnh Phúc).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from base.errors import Conflict, Forbidden, Refused
from devices.wire.orders import PlayClass
from schedules.approval_models import ApproverRule

APPROVER, ADMINISTRATOR = "approver", "administrator"
ROLES = (APPROVER, ADMINISTRATOR)
"""Whom a rule may name: the roles that may approve at all."""
CLASSES = (PlayClass.BACKGROUND, PlayClass.NORMAL, PlayClass.PRIORITY)
"""What is approved before it is heard; emergencies are countersigned after."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who wants to approve. roles: those that hold in the announcement's place."""

    id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """What it takes to approve a class in a place. roles: none means any that may approve. place_id: whose rule."""

    roles: frozenset[str] = frozenset()
    other_than_author: bool = False
    signed: bool = False
    place_id: str = ""

    def check(self, who: Approver, title: str, authors: Collection[str]) -> None:
        """Raise Forbidden, which says who can: approve_by_approver, approve_by_administrator, approve_own."""
        if self.roles and not self.roles & who.roles:
            if APPROVER in self.roles:
                raise Forbidden("schedules.approve_by_approver", title=title)
            raise Forbidden("schedules.approve_by_administrator", title=title)
        if self.other_than_author and who.id in authors:
            raise Forbidden("schedules.approve_own", title=title)

    def check_signed(self, title: str, *, is_signed: bool) -> None:
        """Raise Conflict("schedules.approve_unsigned") when its signed PDF is asked for and missing."""
        if self.signed and not is_signed:
            raise Conflict("schedules.approve_unsigned", title=title)


def terms(rules: Iterable[ApproverRule], path: Sequence[str], play_class: int) -> Terms:
    """What holds in a place: the rule of the nearest of `path`, which goes upwards, that has one for the class."""
    by_place = {rule.place_id: rule for rule in rules if rule.play_class == play_class}
    found = next((by_place[place] for place in path if place in by_place), None)
    if found is None:
        return Terms()
    return Terms(frozenset(found.roles), found.other_than_author, found.signed, found.place_id)


def check_rule(play_class: int, roles: Collection[str]) -> None:
    """Raise Refused for what no rule can say: approver_rule_wrong."""
    if play_class not in CLASSES or not set(roles) <= set(ROLES) or len(roles) > len(ROLES):
        raise Refused("schedules.approver_rule_wrong")
