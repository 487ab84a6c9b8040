"""What an airing breaks of a commune's policy, among the airings that stand (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from schedules.airtime import Ears, local_day, sessions, sounding
from schedules.allowances import Allowance, Kind, Limit
from schedules.conflicts import Slot

_MINUTE = timedelta(minutes=1)

Figure = int | str


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule and by how much it is broken. figure, limit: sessions, minutes, percent; of the hours, as text."""

    kind: Kind
    rule: str
    source: str
    figure: Figure
    limit: Figure


def all_broken(
    slot: Slot, hearing: Sequence[tuple[Ears, list[Slot]]], allowance: Allowance
) -> dict[Broken, frozenset[str]]:
    """Each rule it breaks, with the clusters it breaks it for; of a limit only the worst figure."""
    today = allowance.at(slot.start)
    found = dict.fromkeys((*hours_broken(slot, today), *_volume(slot, today)), slot.clusters)
    for limit in today.limits:
        counted = [(count(limit, slot, standing, allowance), group.clusters) for group, standing in hearing]
        over = [(figure, clusters) for figure, clusters in counted if figure > limit.most]
        if over:
            worst = max(figure for figure, _ in over)
            broken = Broken(limit.kind, limit.name, limit.source, worst, limit.most)
            found[broken] = frozenset[str]().union(*(clusters for _, clusters in over))
    return found


def hours_broken(slot: Slot, today: Allowance) -> Iterator[Broken]:
    if not today.hours.permitted(slot.start, slot.end):
        local = slot.start.astimezone(today.hours.zone)
        yield Broken(Kind.HOURS, today.hours.text, today.hours.source, f"{local:%H:%M}", today.hours.text)


def _volume(slot: Slot, today: Allowance) -> Iterator[Broken]:
    for cap in today.caps:
        if slot.volume > cap.when.volume_max and cap.holds(slot.start, slot.end):
            yield Broken(Kind.VOLUME, cap.name, cap.when.source, slot.volume, cap.when.volume_max)


def count(limit: Limit, slot: Slot, standing: Sequence[Slot], allowance: Allowance) -> int:
    """The figure of a limit with the airing among those that stand; minutes are rounded up."""
    zone = allowance.hours.zone
    if limit.kind is Kind.DAY_MINUTES:
        day = local_day(slot.start, zone)
        return ceil(sounding([slot, *(s for s in standing if local_day(s.start, zone) == day)]) / _MINUTE)
    found = sessions([*standing, slot], allowance.session_gap)
    own = next(session for session in found if slot in session.slots)
    if limit.kind is Kind.SESSION_MINUTES:
        return ceil(own.lasts / _MINUTE)
    day = local_day(own.start, zone)
    return sum(local_day(session.start, zone) == day for session in found)
