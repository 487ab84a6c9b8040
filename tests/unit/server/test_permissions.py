"""Who may do what where."""

from datetime import UTC, datetime

import pytest

from base.errors import Forbidden
from devices.models import Place, PlaceKind
from devices.places import PlaceTree
from server.auth.models import EVERYWHERE, Role, RoleGrant, User
from server.auth.permissions import PERMISSIONS, Permission
from server.auth.who import Who

NOW = datetime(2026, 1, 5, tzinfo=UTC)
TREE = PlaceTree.of(
    [
        Place(id="vn", kind=PlaceKind.COUNTRY, name="Việt Nam"),
        Place(id="lao-cai", kind=PlaceKind.PROVINCE, parent_id="vn", name="Lào Cai"),
        Place(id="bao-nhai", kind=PlaceKind.COMMUNE, parent_id="lao-cai", name="Bảo Nhai"),
        Place(id="bn-v01", kind=PlaceKind.VILLAGE, parent_id="bao-nhai", name="Thôn 1"),
        Place(id="bac-ha", kind=PlaceKind.COMMUNE, parent_id="lao-cai", name="Bắc Hà"),
    ]
)


def _who(*grants: tuple[Role, str]) -> Who:
    user = User(id="u", name="Lý Seo Dìn", login="din", password_hash="x", created_at=NOW)
    return Who(user, [RoleGrant(user_id="u", role=role, place_id=place) for role, place in grants], TREE, b"")


@pytest.mark.parametrize("place", ["bao-nhai", "bn-v01"])
def test_a_grant_covers_its_place_and_all_below(place: str):
    assert _who((Role.OPERATOR, "bao-nhai")).can(Permission.BROADCAST, place)


@pytest.mark.parametrize("place", ["lao-cai", "bac-ha", "vn", "no-such-place"])
def test_a_grant_covers_nothing_above_beside_or_unknown(place: str):
    who = _who((Role.OPERATOR, "bao-nhai"))
    assert not who.can(Permission.BROADCAST, place)
    with pytest.raises(Forbidden):
        who.require(Permission.BROADCAST, place)


def test_a_province_grant_covers_each_of_its_communes():
    who = _who((Role.EMERGENCY, "lao-cai"))
    assert who.can(Permission.EMERGENCY, "bac-ha")
    assert who.can(Permission.EMERGENCY, "bn-v01")


def test_everywhere_covers_even_places_not_there_yet():
    assert _who((Role.ADMINISTRATOR, EVERYWHERE)).can(Permission.ADMINISTER, "no-such-place")


def test_roles_at_one_place_do_not_leak_to_another():
    who = _who((Role.APPROVER, "bao-nhai"), (Role.OPERATOR, "bac-ha"))
    assert not who.can(Permission.APPROVE, "bac-ha")
    assert not who.can(Permission.BROADCAST, "bao-nhai")


def test_who_writes_does_not_approve_and_only_emergency_staff_start_sirens():
    assert Permission.APPROVE not in PERMISSIONS[Role.OPERATOR]
    assert Permission.WRITE_ANNOUNCEMENT not in PERMISSIONS[Role.APPROVER]
    allowed = {role for role in Role if Permission.EMERGENCY in PERMISSIONS[role]}
    assert allowed == {Role.EMERGENCY, Role.ADMINISTRATOR}


def test_every_role_may_look_and_only_the_administrator_may_all():
    assert all(Permission.VIEW in PERMISSIONS[role] for role in Role)
    assert [role for role in Role if PERMISSIONS[role] == frozenset(Permission)] == [Role.ADMINISTRATOR]


def test_nobody_may_anything_without_a_grant():
    assert not any(_who().can_somewhere(permission) for permission in Permission)
