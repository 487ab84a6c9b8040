"""Links, windows and couriers: when what will reach a device, whether that is in time, what could be done (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY_MIN = 1_440
HORIZON = timedelta(days=60)
"""Nothing is foretold beyond this."""
_LOOK_BACK = timedelta(days=2)
"""Every contact hour was there in so many days, once whole."""
EFFICIENCY = 0.7
"""What a link carries of what it promises: headers, lost packets sent again, and orders beside the sounds."""
LINK_MARGIN = timedelta(minutes=2)
"""A sound that comes this shortly before its time in a contact window is not counted on."""
LINK_SHARE = 0.25
"""An open link is given this much longer than reckoned, at most `LINK_MARGIN`."""
COURIER_MARGIN = timedelta(hours=1)
"""People on mountain paths are late more than links are."""
TRAVEL = timedelta(hours=3)
"""How long a courier is on the way where nobody said otherwise."""

KBIT_S: dict[str, float] = {"2g": 32, "3g": 256, "4g": 2_000, "wifi": 5_000, "ethernet": 10_000, "fibre": 10_000}
"""What to expect of a link nobody measured, in kbit/s: the slow end of each kind in the mountains."""
UNKNOWN_KBIT_S = 64.0

Span = tuple[int, int]
"""Minutes of a day, [from, to)."""


class Reach(StrEnum):
    """How a device is reached: always by its link, by its link at some hours, or only by somebody who goes there."""

    ONLINE = "online"
    WINDOW = "window"
    COURIER = "courier"


class Carrier(StrEnum):
    """What brings something to a device."""

    LINK = "link"
    WINDOW = "window"
    COURIER = "courier"


class Remedy(StrEnum):
    """What can be done about something that will not be there in time.

    LIGHTER: send the lighter rendition. EARLIER: send it before all else that waits. COURIER: somebody carries it and
    leaves by then. LATER: air it no earlier than that.
    """

    LIGHTER = "lighter"
    EARLIER = "earlier"
    COURIER = "courier"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Visit:
    """A planned way of a courier: the bundle must be ready when it leaves."""

    leaves_at: datetime
    arrives_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """How one device is reached.

    spans: minutes of the UTC day in which its link is there; none: always. silent: it ought to be heard and is not, so
    that nobody knows when its link will be back. visits: planned ones, in any order.
    """

    reach: Reach
    kbit_s: float
    spans: tuple[Span, ...] = ()
    visits: tuple[Visit, ...] = ()
    silent: bool = False
    travel: timedelta = TRAVEL


@dataclass(frozen=True, slots=True)
class Load:
    """Something to bring: its bytes, those of its lightest rendition, by when, and how urgent (its play class)."""

    id: str
    size: int
    light_size: int
    due: datetime
    urgency: int = 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A remedy; `at` is when it would be there, or by when the courier must leave, or from when it can be aired."""

    remedy: Remedy
    at: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of one load. expected_at None: nobody can say; in_time is then None too."""

    carrier: Carrier
    expected_at: datetime | None
    in_time: bool | None
    proposals: tuple[Proposal, ...] = ()


def rate_of(link: str, configured_kbit_s: float | None) -> float:
    """kbit/s to reckon with: what somebody measured and wrote down, else what is usual for the kind of link."""
    return configured_kbit_s or KBIT_S.get(link, UNKNOWN_KBIT_S)


def in_order_of_sending(loads: Iterable[Load]) -> list[Load]:
    """Urgent ones first, then what is due first."""
    return sorted(loads, key=lambda load: (-load.urgency, load.due, load.id))


def to_utc(spans: Iterable[Span], offset_min: int) -> tuple[Span, ...]:
    """Minutes of a local day as minutes of the UTC day; what crosses midnight becomes two spans."""
    parts: list[Span] = []
    for low, high in spans:
        start, length = (low - offset_min) % DAY_MIN, high - low
        parts.append((start, min(start + length, DAY_MIN)))
        if start + length > DAY_MIN:
            parts.append((0, start + length - DAY_MIN))
    return tuple(sorted(parts))


def visits_ahead(
    departures: Iterable[tuple[int, int]], zone: ZoneInfo, travel: timedelta, now: datetime, until: datetime
) -> tuple[Visit, ...]:
    """The visits of a route that leave in [now, until], first to last.

    departures: (weekday, minute of the local day), Monday 0.
    """
    first = now.astimezone(zone).date()
    days = (first + timedelta(days=n) for n in range((until - now).days + 2))
    wanted = list(departures)
    moments = [
        datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone).astimezone(UTC)
        for day in days
        for weekday, minute in wanted
        if day.weekday() == weekday
    ]
    return tuple(Visit(at, at + travel) for at in sorted(set(moments)) if now <= at <= until)


def windows(contact: Contact, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When its link is there, from now on, first to last; none for a silent device or one only couriers reach."""
    if contact.reach is Reach.COURIER or contact.silent:
        return
    spans = _merged(contact.spans)
    if not spans:
        yield now, now + HORIZON
        return
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(HORIZON.days + 1):
        for low, high in spans:
            start = midnight + timedelta(days=day, minutes=low)
            end = midnight + timedelta(days=day, minutes=high)
            if end > now:
                yield max(start, now), end


def last_window(contact: Contact, now: datetime) -> tuple[datetime, datetime] | None:
    """The last stretch in which its link was there that is over; those that touch, over midnight too, are one."""
    last: tuple[datetime, datetime] | None = None
    for begin, end in windows(contact, now - _LOOK_BACK):
        if end > now:
            break
        last = (begin if last is None or begin > last[1] else last[0], end)
    return last


def forecast(contact: Contact, loads: Sequence[Load], now: datetime) -> dict[str, Forecast]:
    """Load → what is to be expected, when all of them are to go to one device and are sent in order of sending."""
    queue = in_order_of_sending(loads)
    expected = _by_link(contact, queue, now)
    return {load.id: _forecast(contact, queue, load, expected[load.id], now) for load in queue}


def counted_on(contact: Contact, loads: Sequence[Load], now: datetime) -> dict[str, datetime | None]:
    """Load → from when on it can be counted on to be there, by whatever brings it first; None: nobody can say.

    The same reckoning and the same margins as `forecast`, without what could be done.
    """
    by_hand = _by_courier(contact, now)
    carried = () if by_hand is None else (by_hand + COURIER_MARGIN,)
    arrivals = _by_link(contact, in_order_of_sending(loads), now)
    sent = {name: () if at is None else (at + _link_margin(contact, at, now),) for name, at in arrivals.items()}
    return {name: min((*carried, *by_link), default=None) for name, by_link in sent.items()}


def _forecast(contact: Contact, queue: Sequence[Load], load: Load, by_link: datetime | None, now: datetime) -> Forecast:
    by_hand = _by_courier(contact, now)
    judged = [
        (expected_at, carrier, margin)
        for expected_at, carrier, margin in (
            (by_link, _link_of(contact), _link_margin(contact, by_link, now)),
            (by_hand, Carrier.COURIER, COURIER_MARGIN),
        )
        if expected_at is not None
    ]
    if not judged:
        carrier = Carrier.COURIER if contact.reach is Reach.COURIER else _link_of(contact)
        return Forecast(carrier, None, None, _leave_by(contact, load, now))
    expected_at, carrier, margin = min(judged)
    if any(at + slack <= load.due for at, _, slack in judged):
        return Forecast(carrier, expected_at, in_time=True)
    proposals = (*_quicker(contact, queue, load, now), *_leave_by(contact, load, now))
    return Forecast(
        carrier,
        expected_at,
        in_time=False,
        proposals=(*proposals, Proposal(Remedy.LATER, expected_at + margin)),
    )


def _link_of(contact: Contact) -> Carrier:
    return Carrier.WINDOW if contact.spans else Carrier.LINK


def _link_margin(contact: Contact, expected_at: datetime | None, now: datetime) -> timedelta:
    if contact.spans or expected_at is None:
        return LINK_MARGIN
    return min(LINK_MARGIN, (expected_at - now) * LINK_SHARE)


def _by_courier(contact: Contact, now: datetime) -> datetime | None:
    return min((visit.arrives_at for visit in contact.visits if visit.leaves_at >= now), default=None)


def _by_link(contact: Contact, queue: Sequence[Load], now: datetime) -> dict[str, datetime | None]:
    """When the last byte of each load is there, one load after the other through the windows."""
    bytes_s = max(contact.kbit_s, 0.001) * 1_000 / 8 * EFFICIENCY
    arrivals: dict[str, datetime | None] = {}
    open_windows = windows(contact, now)
    at, end = next(open_windows, (now, now))
    for load in queue:
        left_s: float = load.size / bytes_s
        while at < end and left_s > (room_s := (end - at).total_seconds()):
            left_s -= room_s
            at, end = next(open_windows, (end, end))
        arrivals[load.id] = at + timedelta(seconds=left_s) if at < end else None
        at = arrivals[load.id] or at
    return arrivals


def _quicker(contact: Contact, queue: Sequence[Load], load: Load, now: datetime) -> Iterator[Proposal]:
    """The lighter rendition, or being sent first, as far as that alone makes it come in time."""
    lighter = replace(load, size=min(load.size, load.light_size))
    tried = (
        (Remedy.LIGHTER, [lighter if each is load else each for each in queue]),
        (Remedy.EARLIER, [load, *(each for each in queue if each is not load)]),
    )
    for remedy, changed in tried:
        if changed == list(queue):
            continue
        at = _by_link(contact, changed, now)[load.id]
        if at is not None and at + _link_margin(contact, at, now) <= load.due:
            yield Proposal(remedy, at)


def _leave_by(contact: Contact, load: Load, now: datetime) -> tuple[Proposal, ...]:
    leave_by = load.due - COURIER_MARGIN - contact.travel
    return (Proposal(Remedy.COURIER, leave_by),) if leave_by >= now else ()


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        elif low < high:
            merged.append((low, high))
    return merged
