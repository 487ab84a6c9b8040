import pytest

from base.errors import Refused
from devices.models import ClusterKind, PlaceKind
from devices.site import demo_site, read_site
from tests.support.speakers import SITE


def test_the_demonstration_site_is_bao_nhai() -> None:
    site = demo_site()
    villages = [place for place in site.places if place.kind is PlaceKind.VILLAGE]
    kinds = [cluster.kind for cluster in site.clusters]
    assert (len(villages), kinds.count(ClusterKind.SMART), kinds.count(ClusterKind.WIRELESS)) == (38, 38, 19)
    assert sum(village.population for village in villages) == 14_200
    assert len({village.name for village in villages}) == 38
    assert dict(site.gateways) == {"bn-s04": 54_300, "bn-s17": 58_100, "bn-s29": 62_700}
    assert sum(len(mine) for mine in site.sounds.values()) == 57
    assert all(2 <= cluster.speakers <= 6 for cluster in site.clusters)
    assert len({cluster.code for cluster in site.clusters if cluster.kind is ClusterKind.WIRELESS}) == 19
    assert {cluster.village_id for cluster in site.clusters if cluster.kind is ClusterKind.SMART} == {
        village.id for village in villages
    }


def test_a_cluster_without_languages_speaks_its_communes() -> None:
    assert [cluster.languages for cluster in read_site(SITE).clusters] == [["vi", "tyz"], ["vi"], ["vi"], ["vi"]]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('id = "s1"', 'id = "S 1"', "clusters 1"),
        ('kind = "wireless"', 'kind = "wired"', "clusters 4"),
        ('gateway = "s1"', 'gateway = "s9"', "clusters 4"),
        ('village = "v1"', 'village = "v9"', "clusters 1"),
        ('id = "s2"', 'id = "s1"', "clusters"),
        ("population = 300", 'population = "many"', "villages 1"),
        ("population = 300", "peeple = 300", "villages 1"),
        ('languages = ["vi"]', "", "clusters 2"),
        ("[commune]", "[township]", "commune"),
        ("[country]", "[country", "file"),
        ("khz = 54300", 'khz = "high"', "gateways 1"),
        ("khz = 54300", "", "gateways 1"),
    ],
)
def test_a_wrong_description_is_refused_where_it_is_wrong(old: str, new: str, where: str) -> None:
    assert old in SITE
    with pytest.raises(Refused, match=r"devices\.site_bad") as refused:
        read_site(SITE.replace(old, new, 1))
    assert refused.value.params["where"] == where
