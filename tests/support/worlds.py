"""Worlds of three days, in two halves, so that two workers can share them; `make worlds` lives through two hundred."""

from simulation.runs import Summary, run
from simulation.story import told

DAYS = 3
HALVES = (range(1, 11), range(101, 111))


def every_invariant_holds(half: int) -> None:
    """Live through one half and tell of the first world in which something broke."""
    summary = Summary()
    for outcome in run(HALVES[half], DAYS, "", workers=1):
        summary.add(outcome)
        assert not outcome.violations, told(outcome)
    assert summary.simulated_days == DAYS * len(HALVES[half])
    assert summary.airings > 20 * len(HALVES[half])
    assert len(summary.faults) > 10
