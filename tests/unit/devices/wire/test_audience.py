from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.audience import MAX_CLUSTERS, MAX_PLACES, Audience, Listener
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from tests.unit.devices.wire.strategies import audiences

HERE = Listener("bn-s01", frozenset({"bn-v01", "bao-nhai", "lao-cai"}), frozenset({"schools"}))


@given(audiences)
def test_an_audience_is_read_back(audience: Any):
    assert Audience.from_fields(Fields(audience.to_map(), "to")) == audience


@pytest.mark.parametrize(
    "audience",
    [
        Audience(),
        Audience(places=("bn-v01",)),
        Audience(places=("lao-cai",)),
        Audience(zones=("schools", "markets")),
        Audience(clusters=("bn-s02", "bn-s01")),
        Audience(places=("bn-v02",), zones=("markets",), clusters=("bn-s01",)),
        Audience(but=("bn-s02",)),
    ],
)
def test_a_cluster_is_meant_by_everyone_or_by_any_name_it_bears(audience: Any):
    assert audience.includes(HERE)


@pytest.mark.parametrize(
    "audience",
    [
        Audience(places=("bn-v02",)),
        Audience(places=("bn-s01",)),
        Audience(zones=("bn-v01",)),
        Audience(clusters=("bn-v01",)),
        Audience(but=("bn-s01",)),
        Audience(clusters=("bn-s01",), but=("bn-s01",)),
    ],
)
def test_a_cluster_is_not_meant_by_other_names_nor_when_taken_out(audience: Any):
    assert not audience.includes(HERE)


@given(audiences, st.sampled_from(["a", "b"]))
def test_taking_out_wins_over_everything(audience: Any, cluster: Any):
    without = Audience(audience.places, audience.zones, audience.clusters, (*audience.but, cluster))
    assert not without.includes(Listener(cluster, frozenset(audience.places), frozenset(audience.zones)))


def test_an_empty_map_means_everyone():
    assert Audience.from_fields(Fields({}, "to")).everyone
    assert Audience().to_map() == {}


@pytest.mark.parametrize(
    "value",
    [
        {"places": ["x"] * (MAX_PLACES + 1)},
        {"zones": ["x"] * (MAX_PLACES + 1)},
        {"clusters": ["x"] * (MAX_CLUSTERS + 1)},
        {"but": ["x"] * (MAX_CLUSTERS + 1)},
        {"places": "bn-v01"},
        {"places": ["BN"]},
        {"clusters": [1]},
        {"but": None},
        {"zones": [["x"]]},
    ],
)
def test_an_audience_outside_its_limits_is_refused(value: Any):
    with pytest.raises(BadMessage, match="bad_field"):
        Audience.from_fields(Fields(value, "to"))
