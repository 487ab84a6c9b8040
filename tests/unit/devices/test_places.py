from collections.abc import Callable
from dataclasses import dataclass

import pytest

from base.errors import NotFound
from devices.places import PlaceTree


@dataclass(frozen=True)
class Row:
    id: str
    kind: str
    parent_id: str | None = None
    zone_name: str | None = None


TREE = PlaceTree.of(
    [
        Row("village", "village", "commune"),
        Row("commune", "commune", "province", "Asia/Bangkok"),
        Row("other-commune", "commune", "province"),
        Row("province", "province", "country"),
        Row("country", "country", None, "Asia/Ho_Chi_Minh"),
        Row("nowhere", "country"),
    ]
)


def test_path_runs_from_the_place_to_the_country() -> None:
    assert TREE.path("village") == ("village", "commune", "province", "country")
    assert TREE.path("country") == ("country",)


def test_commune_of_a_village_and_of_itself_but_none_above() -> None:
    assert TREE.commune_of("village") == "commune"
    assert TREE.commune_of("commune") == "commune"
    assert TREE.commune_of("province") is None


def test_zone_is_inherited_from_the_nearest_place_that_has_one() -> None:
    assert TREE.zone_name("village") == "Asia/Bangkok"
    assert TREE.zone_name("other-commune") == "Asia/Ho_Chi_Minh"
    assert TREE.zone_name("nowhere") == "UTC"


def test_descendants_are_all_below_and_not_the_place_itself() -> None:
    assert set(TREE.descendants("province")) == {"commune", "other-commune", "village"}
    assert TREE.descendants("village") == ()


def test_contains_is_true_of_a_place_itself_and_what_lies_below_only() -> None:
    assert TREE.contains("commune", "village")
    assert TREE.contains("commune", "commune")
    assert not TREE.contains("other-commune", "village")
    assert not TREE.contains("village", "commune")


@pytest.mark.parametrize("ask", [TREE.path, TREE.commune_of, TREE.zone_name, TREE.descendants])
def test_an_unknown_place_is_refused(ask: Callable[[str], object]) -> None:
    with pytest.raises(NotFound, match=r"devices\.place_unknown"):
        ask("atlantis")
