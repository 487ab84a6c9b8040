"""What the demo counts as success, and the figures it gives to scripts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.demo.summary import Summary, percentile

GOOD = Summary(
    smart_total=3,
    smart_online=3,
    wireless_total=2,
    wireless_reachable=2,
    receipts={"played": 3, "transmitted": 2},
    first_sound_s=7.5,
    starts_ms=[12, 2, 7],
    broker="Mosquitto",
)


def test_all_played_all_transmitted_and_no_error_is_success() -> None:
    assert GOOD.ok


@pytest.mark.parametrize(
    "wrong",
    [
        {"errors": ["server: broken"]},
        {"smart_online": 2},
        {"wireless_reachable": 1},
        {"receipts": {"played": 2, "transmitted": 2, "missed": 1}},
        {"receipts": {"played": 3, "transmitted": 1}},
        {"receipts": {}},
    ],
)
def test_anything_less_is_not(wrong: dict[str, object]) -> None:
    assert not replace(GOOD, **wrong).ok  # type: ignore[arg-type]


def test_a_demo_that_never_saw_its_fleet_is_no_success() -> None:
    assert not Summary().ok


def test_a_fleet_without_wireless_clusters_can_succeed() -> None:
    assert replace(GOOD, wireless_total=0, wireless_reachable=0, receipts={"played": 3}).ok


def test_skew_is_measured_from_the_first_cluster_and_every_state_is_named() -> None:
    shown = GOOD.to_json()
    assert shown["start_skew_ms"] == {"p50": 5, "p99": 10}
    assert shown["receipts"] == {
        "played": 3,
        "transmitted": 2,
        "missed": 0,
        "rejected": 0,
        "preempted": 0,
        "cancelled": 0,
        "interrupted": 0,
        "waiting": 0,
    }
    assert Summary().to_json()["start_skew_ms"] == {"p50": None, "p99": None}


@given(st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_enough_do_not_exceed_and_no_smaller_one_does(
    values: list[int], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * share
    assert sum(value < found for value in values) < len(values) * share
