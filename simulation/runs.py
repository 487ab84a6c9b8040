"""Many seeds: lived through one after the other or side by side, and summed up."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulation.template import Template, make_template
from simulation.world import Outcome, live

_template: Template | None = None


@dataclass(slots=True)
class Summary:
    """What came of all of them."""

    seeds: int = 0
    simulated_days: float = 0
    airings: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.simulated_days += outcome.days
        self.airings += outcome.airings
        self.faults.update(outcome.faults)
        if outcome.violations:
            self.broken.append(outcome)

    def to_json(self) -> dict[str, Any]:
        return {
            "seeds": self.seeds,
            "simulated_days": self.simulated_days,
            "airings": self.airings,
            "faults": dict(sorted(self.faults.items())),
            "violations": [
                {"seed": outcome.seed, **violation._asdict()}
                for outcome in self.broken
                for violation in outcome.violations
            ],
        }


def run(seeds: Sequence[int], days: float, plant: str, workers: int) -> Iterator[Outcome]:
    """The outcome of each seed, as it comes."""
    if workers <= 1 or len(seeds) == 1:
        template = make_template()
        try:
            for seed in seeds:
                yield live(template, seed, days, plant, diary=len(seeds) == 1)
        finally:
            template.close()
        return
    # Fresh processes, not forks: each with a world of its own, and the same seed of string hashes.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _begin) as pool:
        asked = [(seed, days, plant) for seed in seeds]
        yield from pool.imap_unordered(_one, asked, chunksize=1)


def hashes_are_seeded() -> bool:
    """Whether sets of text go in the same order in every process: without that a seed would not replay."""
    return os.environ.get("PYTHONHASHSEED") == "0"


def _begin() -> None:
    global _template  # noqa: PLW0603 - a worker has one template for all its worlds
    _template = make_template()


def _one(asked: tuple[int, float, str]) -> Outcome:
    assert _template is not None
    return live(_template, *asked)
