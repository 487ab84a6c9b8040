"""Airings of plans, not planned yet, as the slots that clashes and limits are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass

from schedules.conflicts import Slot
from schedules.content import Content
from schedules.copying import name_of
from schedules.dispatch import lasts
from schedules.ground import Ground
from schedules.plans import Planned


@dataclass(frozen=True, slots=True)
class AiringSlots:
    """The clusters of a place, and what its announcements sound."""

    ground: Ground
    contents: Mapping[str, Content]

    def of(self, airing: Planned) -> Slot:
        """Under `copying.name_of`; of no length while a sound is missing."""
        content, meant = self.contents[airing.announcement], self.ground.meant(airing.audience)
        play_class = content.announcement.play_class
        gateways = frozenset(self.ground.transmitters[each] for each in meant if each in self.ground.transmitters)
        end = airing.start + lasts(content.parts(play_class))
        return Slot(name_of(airing), airing.start, end, play_class, meant, gateways, airing.volume)
