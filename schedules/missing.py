"""Which languages an announcement lacks for the villages that are to hear it, and how much each village loses (pure).

Decree 49/2024/NĐ-CP, Article 8, has the loudspeakers of a commune speak Vietnamese and the languages of its
minorities. So every language a village has counts, not its first alone: a cluster sounds all it can of them, in its
order. What tells the cases apart is who is left with nothing: a listener is sure to follow only the languages of the
village, and when an announcement has none of these, a cluster sounds the first version, which may be noise to all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from devices.devicefile import UNDETERMINED
from devices.views import PlaceNode


class Need(IntEnum):
    """How much a village loses without a language, the worst first."""

    NOTHING = 0
    """It hears none of its languages."""
    FIRST = 1
    """It is the language it puts first; it hears another of its own."""
    FURTHER = 2
    """It is one of its further languages; it hears another of its own."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A village that is to hear an announcement which lacks a language of it."""

    village: PlaceNode
    need: Need


@dataclass(frozen=True, slots=True)
class Missing:
    """A language an announcement lacks, with the villages that miss it: those that lose most first, then by size."""

    language: str
    lacks: tuple[Lack, ...]

    @property
    def people(self) -> int:
        """The inhabitants of these villages."""
        return sum(lack.village.population for lack in self.lacks)

    def villages(self, need: Need) -> tuple[PlaceNode, ...]:
        """Those that lose so much."""
        return tuple(lack.village for lack in self.lacks if lack.need is need)


def missing(heard: Iterable[tuple[PlaceNode, Sequence[str]]], spoken: Collection[str]) -> tuple[Missing, ...]:
    """What `spoken` lacks for these clusters, each given as its village and its languages in order.

    A village whose clusters differ counts once for a language, as the worst off of them. A cluster whose languages
    nobody named misses none. What leaves most people with nothing comes first.
    """
    found: dict[str, dict[PlaceNode, Need]] = {}
    for village, languages in heard:
        for language, need in _lacking(languages, frozenset(spoken)).items():
            worst = found.setdefault(language, {})
            worst[village] = min(need, worst.get(village, need))
    return tuple(sorted((_missing(language, needs) for language, needs in found.items()), key=_urgency))


def _lacking(languages: Sequence[str], spoken: Collection[str]) -> dict[str, Need]:
    """Language → need, of one cluster."""
    named = [language for language in dict.fromkeys(languages) if language != UNDETERMINED]
    served = any(language in spoken for language in named)
    return {
        language: Need.NOTHING if not served else Need.FURTHER if place else Need.FIRST
        for place, language in enumerate(named)
        if language not in spoken
    }


def _missing(language: str, needs: Mapping[PlaceNode, Need]) -> Missing:
    lacks = [Lack(village, need) for village, need in needs.items()]
    return Missing(
        language, tuple(sorted(lacks, key=lambda each: (each.need, -each.village.population, each.village.id)))
    )


def _urgency(one: Missing) -> tuple[int, int, int, str]:
    with_nothing, without_first = (
        sum(village.population for village in one.villages(need)) for need in (Need.NOTHING, Need.FIRST)
    )
    return -with_nothing, -without_first, -one.people, one.language
