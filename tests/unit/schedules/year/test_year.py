"""A simulated year: every planned airing once in each cluster, none outside the rules or in a pause, no past changed.

More years: `python -m tests.unit.schedules.year.test_year 100`.
"""

import sys

import pytest

from tests.unit.schedules.year.life import Life

DAYS = 365


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_year_goes_by_and_nothing_is_missed_doubled_or_out_of_place(seed: int) -> None:
    life = Life(seed)
    life.live(DAYS)
    assert life.wrong()[:5] == []
    assert len(life.speakers.heard) > 4_000
    assert {"this", "following", "all", "copy", "pause", "unpause", "undo", "restart", "clock step"} <= life.did.keys()


if __name__ == "__main__":
    for number in range(1, int(sys.argv[1]) + 1):
        long_life = Life(number)
        long_life.live(DAYS)
        broken = long_life.wrong()
        sys.stdout.write(f"year {number}: {len(long_life.speakers.heard)} heard, {len(broken)} wrong {broken[:3]}\n")
