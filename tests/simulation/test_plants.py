"""Every planted bug is found: the simulation bites."""

from collections.abc import Iterator

import pytest

from simulation.plants import PLANTS
from simulation.template import Template, make_template
from simulation.world import live

DAYS = 3
MOST_SEEDS = 20


@pytest.fixture(scope="module")
def template() -> Iterator[Template]:
    made = make_template()
    yield made
    made.close()


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found_within_twenty_worlds(template: Template, plant: str) -> None:
    # One world after the other: most bugs need one or two.
    found = next((seed for seed in range(1, MOST_SEEDS + 1) if live(template, seed, DAYS, plant).violations), None)
    assert found is not None, f"{plant} broke nothing in {MOST_SEEDS} worlds"
