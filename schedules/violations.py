"""Which airings a commune's policy does not permit, by which rule, and what it would permit instead (pure)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from base.errors import Refused
from schedules.airtime import NEAR, Ears, ears, local_day
from schedules.allowances import Allowance, Kind
from schedules.conflicts import Slot
from schedules.counting import Broken, Figure, broken_alone, broken_limits, on_days_over
from schedules.permitting import longest, nearest

_MINUTE = timedelta(minutes=1)


class _Standing:
    """The airings that stand for some clusters, found by their days."""

    def __init__(self) -> None:
        self._days: dict[int, list[Slot]] = {}

    def add(self, slot: Slot) -> None:
        self._days.setdefault(slot.start.toordinal(), []).append(slot)

    def near(self, slot: Slot) -> list[Slot]:
        """Those that may share a day or a block with one."""
        day = slot.start.toordinal()
        return [each for at in range(day - NEAR.days, day + NEAR.days + 1) for each in self._days.get(at, ())]


@dataclass(frozen=True, slots=True)
class Violation:
    """An airing a rule forbids, for these clusters. figure, limit: blocks, minutes, percent; of the hours, as text.

    nearest: the nearest permitted beginning within `SEARCH`. longest: how long it may be at its own time. louder than
    permitted it may still sound, at `limit` percent. None: there is no such thing, or it was not looked for.
    """

    occurrence: str
    kind: Kind
    rule: str
    source: str
    figure: Figure
    limit: Figure
    clusters: frozenset[str]
    nearest: datetime | None = None
    longest: timedelta | None = None


def check(
    slots: Iterable[Slot],
    allowance: Allowance,
    new: Collection[str] = (),
    *,
    offer: bool = True,
    earliest: datetime | None = None,
) -> tuple[Violation, ...]:
    """The violations among the airings of some days, in order of time.

    Those in `new` count after all others, so that what stands already is not blamed for them; what is not permitted
    counts for nothing. Limits count what one cluster hears. Give whole local days, and those beside them. Without
    `offer` nothing is looked for that would be permitted: a page of marks needs no more. Nothing before `earliest`.
    """
    asked = {slot.occurrence: slot for slot in slots if not slot.any_hour}
    broken = {
        name: dict.fromkeys(alone, asked[name].clusters)
        for name, alone in ((name, broken_alone(slot, allowance)) for name, slot in asked.items())
        if alone
    }
    within = [slot for slot in asked.values() if not _is_out(broken.get(slot.occurrence, ()))]
    for name, limits in _over_limits(within, allowance, new).items():
        broken[name] = broken.get(name, {}) | limits
    others = [slot for slot in within if not _is_out(broken.get(slot.occurrence, ()))]
    in_order = sorted((asked[name] for name in broken), key=lambda each: (each.start, each.occurrence))
    return tuple(
        found
        for slot in in_order
        for found in _violations(slot, broken[slot.occurrence], others if offer else None, allowance, earliest)
    )


def permit(slots: Sequence[Slot], allowance: Allowance, new: Collection[str] = ()) -> None:
    """Raise Refused for the first violation, with the rule, its source, and what would be permitted."""
    by_name = {slot.occurrence: slot for slot in slots}
    for violation in check(slots, allowance, new):
        refuse(violation, by_name[violation.occurrence], allowance)


def refuse(violation: Violation, slot: Slot, allowance: Allowance) -> None:
    """Raise the Refused that tells of a violation: the same words as `Rules.check` where the hours forbid it."""
    found, zone = violation, allowance.hours.zone
    local = slot.start.astimezone(zone)
    minutes = round(slot.lasts / _MINUTE, 1)
    if found.kind is Kind.VOLUME:
        raise Refused(
            "schedules.too_loud",
            time=f"{local:%H:%M}",
            figure=found.figure,
            limit=found.limit,
            rule=found.rule,
            source=found.source,
        )
    if found.nearest is None and found.kind is Kind.HOURS:
        if allowance.at(slot.start).hours.nearest_permitted(slot.start, slot.lasts) is None:
            raise Refused("schedules.too_long_for_hours", minutes=minutes, rule=found.rule, source=found.source)
        raise Refused("schedules.hours_full", time=f"{local:%H:%M}", rule=found.rule, source=found.source)
    if found.nearest is None:
        raise Refused(
            "schedules.no_time_permitted",
            figure=found.figure,
            limit=found.limit,
            rule=found.rule,
            source=found.source,
        )
    _refuse_with_nearest(found, local, found.nearest.astimezone(zone))


def _refuse_with_nearest(found: Violation, local: datetime, shown: datetime) -> None:
    near = f"{shown:%H:%M}" if shown.date() == local.date() else f"{shown:%H:%M} ({shown.date()})"
    may_last = (found.longest or timedelta()) // _MINUTE
    if found.kind is Kind.HOURS:
        raise Refused(
            "schedules.outside_hours",
            time=f"{local:%H:%M}",
            rule=found.rule,
            source=found.source,
            nearest=near,
            nearest_at=shown.isoformat(timespec="seconds"),
        )
    if found.kind is Kind.BLOCKS:
        raise Refused(
            "schedules.too_many_blocks",
            time=f"{local:%H:%M}",
            figure=found.figure,
            limit=found.limit,
            rule=found.rule,
            source=found.source,
            nearest=near,
        )
    raise Refused(
        "schedules.too_many_minutes",
        time=f"{local:%H:%M}",
        figure=found.figure,
        limit=found.limit,
        rule=found.rule,
        source=found.source,
        longest=may_last,
        nearest=near,
    )


def _is_out(broken: Iterable[Broken]) -> bool:
    """Whether it may not be heard at all, not even softer."""
    return any(rule.kind is not Kind.VOLUME for rule in broken)


def _over_limits(
    slots: Sequence[Slot], allowance: Allowance, new: Collection[str]
) -> dict[str, dict[Broken, frozenset[str]]]:
    """Airing → the limits it breaks. Only days that are over as a whole are gone through one by one."""
    days = {slot.occurrence: local_day(slot.start, allowance.hours.zone) for slot in slots}
    hearing: dict[str, list[tuple[Ears, _Standing]]] = {slot.occurrence: [] for slot in slots}
    asked: set[str] = set()
    for group in ears(slots):
        asked |= on_days_over(group.slots, days, allowance)
        standing = _Standing()
        for slot in group.slots:
            hearing[slot.occurrence].append((group, standing))
    found: dict[str, dict[Broken, frozenset[str]]] = {}
    for slot in sorted(slots, key=lambda each: (each.occurrence in new, each.start, each.occurrence)):
        name = slot.occurrence
        if name in asked:
            broken = broken_limits(slot, [(group, stand.near(slot)) for group, stand in hearing[name]], allowance)
            if broken:
                found[name] = broken
                continue
        for _, standing in hearing[name]:
            standing.add(slot)
    return found


def _violations(
    slot: Slot,
    broken: dict[Broken, frozenset[str]],
    others: Sequence[Slot] | None,
    allowance: Allowance,
    earliest: datetime | None,
) -> Iterator[Violation]:
    near = may_last = None
    if others is not None and _is_out(broken):
        near = nearest(slot, others, allowance, earliest=earliest)
        may_last = longest(slot, others, allowance)
    for rule, clusters in broken.items():
        loud = rule.kind is Kind.VOLUME
        yield Violation(
            slot.occurrence,
            rule.kind,
            rule.rule,
            rule.source,
            rule.figure,
            rule.limit,
            clusters,
            nearest=None if loud else near,
            longest=None if loud else may_last,
        )
