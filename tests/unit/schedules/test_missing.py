"""Who loses what when an announcement lacks a language."""

from hypothesis import given
from hypothesis import strategies as st

from devices.models import PlaceKind
from devices.views import PlaceNode
from schedules.missing import Missing, Need, missing

TAGS = ["vi", "hmn", "tyz", "ium"]


def village(name: str, population: int) -> PlaceNode:
    return PlaceNode(name, PlaceKind.VILLAGE, "bao-nhai", None, name, population)


NAM_TON, COC_PHUC, NA_LUOT = village("nam-ton", 210), village("coc-phuc", 200), village("na-luot", 300)


def told(found: tuple[Missing, ...]) -> dict[str, dict[str, Need]]:
    return {one.language: {lack.village.id: lack.need for lack in one.lacks} for one in found}


def test_a_village_with_none_of_its_languages_stands_apart_from_one_that_hears_another_of_its_own():
    heard = [(NAM_TON, ("hmn",)), (COC_PHUC, ("hmn", "vi")), (NA_LUOT, ("vi", "hmn"))]
    found = missing(heard, ["vi"])
    assert told(found) == {"hmn": {"nam-ton": Need.NOTHING, "coc-phuc": Need.FIRST, "na-luot": Need.FURTHER}}
    assert [lack.village.id for lack in found[0].lacks] == ["nam-ton", "coc-phuc", "na-luot"]
    assert found[0].people == 710
    assert found[0].villages(Need.FIRST) == (COC_PHUC,)


def test_nothing_is_missing_where_every_language_is_there_or_none_was_named():
    assert missing([(NAM_TON, ("hmn", "vi")), (COC_PHUC, ("und",)), (NA_LUOT, ())], ["vi", "hmn"]) == ()
    assert missing([(COC_PHUC, ("und",))], ["vi"]) == ()


def test_each_language_of_a_village_left_with_nothing_would_help_it():
    assert told(missing([(NAM_TON, ("ium", "hmn"))], ["vi"])) == {
        "hmn": {"nam-ton": Need.NOTHING},
        "ium": {"nam-ton": Need.NOTHING},
    }


def test_vietnamese_can_be_missing_too():
    assert told(missing([(NA_LUOT, ("vi",)), (NAM_TON, ("hmn", "vi"))], ["hmn"])) == {
        "vi": {"na-luot": Need.NOTHING, "nam-ton": Need.FURTHER}
    }


def test_a_village_counts_once_as_its_worst_off_cluster():
    found = missing([(NAM_TON, ("vi", "hmn")), (NAM_TON, ("hmn",)), (NAM_TON, ("hmn", "vi"))], ["vi"])
    assert told(found) == {"hmn": {"nam-ton": Need.NOTHING}}
    assert found[0].people == 210


def test_first_comes_what_leaves_most_people_with_nothing():
    heard = [(NA_LUOT, ("vi", "tyz")), (NAM_TON, ("hmn", "vi")), (COC_PHUC, ("ium",))]
    assert [one.language for one in missing(heard, ["vi"])] == ["ium", "hmn", "tyz"]


@given(
    clusters=st.lists(
        st.tuples(st.sampled_from([NAM_TON, COC_PHUC, NA_LUOT]), st.lists(st.sampled_from(TAGS), max_size=4)),
        max_size=8,
    ),
    spoken=st.sets(st.sampled_from(TAGS)),
)
def test_recording_all_that_is_missing_leaves_nothing_missing(
    clusters: list[tuple[PlaceNode, list[str]]], spoken: set[str]
):
    found = missing(clusters, spoken)
    named = {one.language for one in found}
    assert not named & spoken
    assert named | (spoken & {tag for _, tags in clusters for tag in tags}) == {
        tag for _, tags in clusters for tag in tags
    }
    assert missing(clusters, spoken | named) == ()
    assert all(len({lack.village for lack in one.lacks}) == len(one.lacks) > 0 for one in found)
