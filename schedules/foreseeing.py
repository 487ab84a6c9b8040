"""What would stand against airings that are not planned yet: policy, clashes, content that cannot be heard."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from base.errors import Conflict, Refused
from schedules.airing_slots import AiringSlots
from schedules.conflicts import Overlap, Slot, overlaps
from schedules.content import Content
from schedules.copying import name_of
from schedules.decisions import must_decide
from schedules.drafts import Problem
from schedules.models import AnnouncementState
from schedules.plans import Planned
from schedules.violations import check, refuse


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two airings that would meet. wins: of them, the one of higher class; None: equals."""

    first: Planned
    second: Planned
    wins: Planned | None
    to_decide: bool


@dataclass(frozen=True)
class Foresight:
    """All airings of some days as they would be, of which those named in `fresh` are new or changed."""

    slots: AiringSlots
    airings: Sequence[Planned]
    fresh: Collection[str]

    @property
    def _new(self) -> list[Planned]:
        return [each for each in self.airings if name_of(each) in self.fresh]

    def violations(self) -> Iterator[Problem]:
        """What the policy does not permit, with the nearest time it would."""
        by_name = {name_of(each): each for each in self.airings}
        found = {name: self.slots.of(each) for name, each in by_name.items()}
        for violation in check(found.values(), self.slots.ground.allowance, self.fresh):
            if violation.occurrence in self.fresh:
                airing = by_name[violation.occurrence]
                slot = found[violation.occurrence]
                yield from _problem(airing, partial(refuse, violation, slot, self.slots.ground.allowance))

    def meetings(self) -> tuple[Meeting, ...]:
        """Where the new ones meet others, in order of time."""
        by_name = {name_of(each): each for each in self.airings}
        found = {name: self.slots.of(each) for name, each in by_name.items()}
        return tuple(
            _meeting(each, by_name, found)
            for each in overlaps(found.values())
            if each.first in self.fresh or each.second in self.fresh
        )

    def undecided(self) -> Iterator[Problem]:
        """Priority against priority: a person has to say, and here says so by moving one of them."""
        for meeting in self.meetings():
            if meeting.to_decide:
                mine = meeting.second if name_of(meeting.second) in self.fresh else meeting.first
                other = meeting.first if mine is meeting.second else meeting.second
                yield from _problem(mine, partial(self._check_apart, mine, other))

    def unheard(self) -> Iterator[Problem]:
        """Announcements of the new ones that nobody approved, that were put away, or that have no sound; each once."""
        for announcement, airing in {each.announcement: each for each in reversed(self._new)}.items():
            yield from _problem(airing, partial(_check_heard, self.slots.contents[announcement]))

    def nobody(self) -> Iterator[Problem]:
        """New ones for whom no cluster is left."""
        for airing in self._new:
            if not self.slots.ground.meant(airing.audience):
                yield Problem(airing.plan, Refused("schedules.nobody_meant"), airing.original)

    def _check_apart(self, mine: Planned, other: Planned) -> None:
        zone, contents = self.slots.ground.rules.zone, self.slots.contents
        raise Conflict(
            "schedules.draft_clash",
            title=contents[mine.announcement].announcement.title[:80],
            time=f"{mine.start.astimezone(zone):%H:%M}",
            other=contents[other.announcement].announcement.title[:80],
            other_time=f"{other.start.astimezone(zone):%H:%M}",
        )


def names(airings: Iterable[Planned]) -> frozenset[str]:
    """What slots call them."""
    return frozenset(map(name_of, airings))


def _check_heard(content: Content) -> None:
    """Raise Refused for what was put away, has no sound, or was not approved."""
    title = content.announcement.title[:80]
    if content.announcement.state is AnnouncementState.ARCHIVED:
        raise Conflict("schedules.draft_archived", title=title)
    if not content.parts(content.announcement.play_class):
        raise Refused("schedules.draft_silent", title=title)
    if not content.may_air:
        raise Conflict("schedules.draft_not_approved", title=title)


def _problem(airing: Planned, check_it: Callable[[], None]) -> Iterator[Problem]:
    """What a check refuses of an airing, if it does."""
    try:
        check_it()
    except Refused as refusal:
        yield Problem(airing.plan, refusal, airing.original)


def _meeting(overlap: Overlap, by_name: dict[str, Planned], slots: dict[str, Slot]) -> Meeting:
    wins = None if overlap.wins is None else by_name[overlap.wins]
    to_decide = must_decide(slots[overlap.first], slots[overlap.second])
    return Meeting(by_name[overlap.first], by_name[overlap.second], wins, to_decide)
