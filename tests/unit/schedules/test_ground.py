from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Refused
from devices.models import ClusterKind, PlaceKind
from devices.places import PlaceTree
from devices.views import ClusterNode, PlaceNode
from devices.wire.audience import Audience, Listener
from schedules.allowances import Allowance
from schedules.ground import Ground
from schedules.policy import Rules

PLACES = (
    PlaceNode("vn", PlaceKind.COUNTRY, None, "Asia/Ho_Chi_Minh", "Việt Nam", 0),
    PlaceNode("lao-cai", PlaceKind.PROVINCE, "vn", None, "Lào Cai", 0),
    PlaceNode("bao-nhai", PlaceKind.COMMUNE, "lao-cai", None, "Bảo Nhai", 0),
    PlaceNode("v1", PlaceKind.VILLAGE, "bao-nhai", None, "Nà Lượt", 300),
    PlaceNode("v2", PlaceKind.VILLAGE, "bao-nhai", None, "Tả Thào", 50),
)
CLUSTERS = (
    ClusterNode("s1", "Nà Lượt", ClusterKind.SMART, "v1"),
    ClusterNode("s2", "Tả Thào", ClusterKind.SMART, "v2"),
    ClusterNode("w1", "Tả Thào dưới", ClusterKind.WIRELESS, "v2"),
)
ZONES = {"market": frozenset({"s1", "w1"}), "upper": frozenset({"s2", "w1"}), "nobody": frozenset[str]()}
GROUND = Ground(
    place=PLACES[2],
    places={place.id: place for place in PLACES},
    tree=PlaceTree.of(PLACES),
    zones=ZONES,
    clusters=CLUSTERS,
    allowance=Allowance(Rules.of(ZoneInfo("Asia/Ho_Chi_Minh"))),
)
SPEAKERS = {
    "s1": Listener("s1", frozenset({"v1", "bao-nhai", "lao-cai", "vn"}), frozenset({"market"})),
    "s2": Listener("s2", frozenset({"v2", "bao-nhai", "lao-cai", "vn"}), frozenset({"upper"})),
    "w1": Listener("w1", frozenset({"v2", "bao-nhai", "lao-cai", "vn"}), frozenset({"market", "upper"})),
}


def some(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(names)).map(lambda chosen: tuple(sorted(chosen)))


AUDIENCES = st.builds(
    Audience,
    places=some("vn", "lao-cai", "bao-nhai", "v1", "v2"),
    zones=some(*ZONES),
    clusters=some(*SPEAKERS),
    but=some(*SPEAKERS),
)


def test_the_ground_knows_of_each_cluster_what_its_speaker_knows_of_itself() -> None:
    assert GROUND.listeners == SPEAKERS


@given(AUDIENCES)
def test_an_audience_means_here_whom_the_speakers_take_it_to_mean(audience: Audience) -> None:
    assert GROUND.meant(audience) == {name for name, speaker in SPEAKERS.items() if audience.includes(speaker)}
    assert set(GROUND.reach(audience).ids) == GROUND.meant(audience)


def test_people_are_counted_once_a_village() -> None:
    reach = GROUND.reach(Audience())
    assert (reach.people, reach.smart, reach.wireless) == (350, 2, 1)
    assert GROUND.reach(Audience(but=("s1",))).people == 50


def test_taking_everyone_out_means_nobody() -> None:
    with pytest.raises(Refused, match=r"schedules\.nobody_meant"):
        GROUND.check(Audience(but=("s1", "s2", "w1")))
