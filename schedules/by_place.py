"""The as-run log by villages and clusters: what may be said of each, and how long it sounded there (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schedules.asrun import Claim

_HEARD = (Claim.PLAYED, Claim.PARTLY, Claim.BEGAN)

Counted = tuple[str, str, Claim, int, int]
"""Cluster, village, what may be said, of how many airings, and how many milliseconds they sounded in all."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What may be said of the airings of a village or a cluster. id, name: its own; people: of a village."""

    id: str
    name: str
    claims: Mapping[Claim, int]
    heard_ms: int
    transmitted_ms: int
    people: int = 0
    clusters: tuple["Tally", ...] = ()

    @property
    def airings(self) -> int:
        """Of a village: airings times its clusters."""
        return sum(self.claims.values())


def by_village(
    counted: Iterable[Counted], clusters: Mapping[str, str], villages: Mapping[str, tuple[str, int]]
) -> tuple[Tally, ...]:
    """Villages by name, each with its clusters by name. clusters: id → name; villages: id → name, people."""
    found: dict[str, dict[str, list[Counted]]] = {}
    for each in counted:
        found.setdefault(each[1], {}).setdefault(each[0], []).append(each)
    tallies = []
    for village_id, inside in found.items():
        name, people = villages.get(village_id, (village_id, 0))
        parts = [_tally(cluster_id, clusters.get(cluster_id, cluster_id), its) for cluster_id, its in inside.items()]
        whole = _tally(village_id, name, [each for its in inside.values() for each in its])
        ordered = tuple(sorted(parts, key=lambda part: (part.name, part.id)))
        tallies.append(
            Tally(village_id, name, whole.claims, whole.heard_ms, whole.transmitted_ms, people, clusters=ordered)
        )
    return tuple(sorted(tallies, key=lambda each: (each.name, each.id)))


def _tally(about: str, name: str, counted: Iterable[Counted]) -> Tally:
    claims: Counter[Claim] = Counter()
    sounded: Counter[Claim] = Counter()
    for _, _, claim, airings, ms in counted:
        claims[claim] += airings
        sounded[claim] += ms
    heard = sum(sounded[claim] for claim in _HEARD)
    return Tally(about, name, dict(claims), heard, sounded[Claim.TRANSMITTED])
