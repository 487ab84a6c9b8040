"""Every planted bug is found: the simulation bites."""

from collections.abc import Iterator

import pytest

from simulation.plants import PLANTS
from simulation.template import Template, make_template
from simulation.world import live

DAYS = 3
WORLDS = range(1, 201)
"""Those of `make worlds`; a plant is looked for until the first that shows it."""
SHOWN_AT = {
    "no_dedupe": 4,
    "cancel_forgotten": 5,
    "mark_after_sound": 5,
    "order_not_kept": 5,
    "preempt_missed": 5,
    "no_signature_check": 8,
    "stale_burst": 8,
    "double_issue": 12,
    "receipt_dropped": 45,
    "presence_frozen": 45,
}
"""Where to look first, to save time; the others show themselves in the first world."""


@pytest.fixture(scope="module")
def template() -> Iterator[Template]:
    made = make_template()
    yield made
    made.close()


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found(template: Template, plant: str) -> None:
    worlds = (SHOWN_AT.get(plant, 1), *WORLDS)
    found = next((seed for seed in worlds if live(template, seed, DAYS, plant).violations), None)
    assert found is not None, f"{plant} broke nothing in {len(WORLDS)} worlds"
