"""What an airing breaks of a commune's policy, among the airings that stand (pure)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from schedules.airtime import Ears, blocks, local_day, sounding
from schedules.allowances import Allowance, Kind, Limit
from schedules.conflicts import Slot
from schedules.recurrence.times import span

_MINUTE = timedelta(minutes=1)

Figure = int | str


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule and by how much it is broken. figure, limit: blocks, minutes, percent; of the hours, as text."""

    kind: Kind
    rule: str
    source: str
    figure: Figure
    limit: Figure


def broken_alone(slot: Slot, allowance: Allowance) -> list[Broken]:
    """The rules it breaks whatever else is heard."""
    today = allowance.at(slot.start)
    return [*hours_broken(slot, today), *_volume(slot, today)]


def broken_limits(
    slot: Slot, hearing: Sequence[tuple[Ears, Sequence[Slot]]], allowance: Allowance
) -> dict[Broken, frozenset[str]]:
    """The limits it breaks for some clusters beside what stands for them; of each only the worst figure."""
    found: dict[Broken, frozenset[str]] = {}
    for limit in allowance.at(slot.start).limits:
        counted = [(count(limit, slot, standing, allowance), group.clusters) for group, standing in hearing]
        over = [(figure, clusters) for figure, clusters in counted if figure > limit.most]
        if over:
            worst = max(figure for figure, _ in over)
            broken = Broken(limit.kind, limit.name, limit.source, worst, limit.most)
            found[broken] = frozenset[str]().union(*(clusters for _, clusters in over))
    return found


def on_days_over(slots: Sequence[Slot], days: Mapping[str, date], allowance: Allowance) -> set[str]:
    """Of one listener's airings, those of the local days (`days`) on which all together break a limit.

    Where the whole day keeps every limit nobody is to blame, in whatever order its airings were written.
    """
    by_day: dict[date, list[Slot]] = {}
    for slot in slots:
        by_day.setdefault(days[slot.occurrence], []).append(slot)
    found = blocks(slots, allowance.block_gap)
    begin = Counter(days[block.slots[0].occurrence] for block in found)
    over = {day for day, each in by_day.items() if _over(allowance, day, Kind.DAY_MINUTES, _minutes(sounding(each)))}
    for block in found:
        own = {days[slot.occurrence] for slot in block.slots}
        count_of_day = begin[days[block.slots[0].occurrence]]
        for day in own:
            long = _over(allowance, day, Kind.BLOCK_MINUTES, _minutes(block.lasts))
            if long or _over(allowance, day, Kind.BLOCKS, count_of_day):
                over |= own
    return {slot.occurrence for day in over for slot in by_day[day]}


def _over(allowance: Allowance, day: date, kind: Kind, figure: int) -> bool:
    return any(figure > limit.most for limit in allowance.on(day).limits if limit.kind is kind)


def _minutes(lasts: timedelta) -> int:
    return ceil(lasts / _MINUTE)


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
        begin, end = _day(slot.start, zone)
        return _minutes(sounding([slot, *(each for each in standing if begin <= each.start < end)]))
    found = blocks([*standing, slot], allowance.block_gap)
    own = next(block for block in found if slot in block.slots)
    if limit.kind is Kind.BLOCK_MINUTES:
        return _minutes(own.lasts)
    begin, end = _day(own.start, zone)
    return sum(begin <= block.start < end for block in found)


def _day(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return span(local_day(at, zone), 1, zone)
