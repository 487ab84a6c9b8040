"""Whether sounds will be where they are to be heard in time: bytes still lacking against links and visits (pure).

Assumed: a device needs each sound once, in its first rendition, and does not have what it is not known to have. It is
sent what it lacks one after the other from now on, urgent ones first, then what begins first. Its link carries what
`devices.contacts` reckons with, in its contact hours; couriers leave as planned. A device that ought to be heard and is
not is neither in time nor late: nobody knows.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.contacts import Contact, Load, counted_on

Ready = dict[str, datetime | None]
"""Sound → from when on it can be counted on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sound that is to be heard in these clusters from `start` on. urgency: its play class."""

    occurrence: str
    sound: str
    start: datetime
    urgency: int
    clusters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """In how many clusters the sound will not be in time, and of how many nobody can say."""

    late: int
    unknown: int


@dataclass(frozen=True)
class Ways:
    """What is known of how sounds come to the clusters.

    devices: cluster → what sounds it. size: (sound, device) → bytes, in the first and the lightest rendition.
    held: (device, sound) that is known to be there.
    """

    devices: Mapping[str, str]
    contacts: Mapping[str, Contact]
    size: Callable[[str, str], tuple[int, int]]
    held: Collection[tuple[str, str]]


def predict(
    wanted: Iterable[Wanted], ways: Ways, now: datetime, among: frozenset[str] | None = None
) -> dict[str, Arrival]:
    """Occurrence → where it will not be in time, or nobody knows; those that will be everywhere are left out.

    among: only these clusters are counted; all are sent to. What has begun is not asked about.
    """
    ahead = [each for each in wanted if each.start > now]
    ready = _ready(ahead, ways, now)
    expected: dict[tuple[str, frozenset[str]], tuple[Sequence[datetime], int]] = {}
    found: dict[str, Arrival] = {}
    for each in ahead:
        key = each.sound, each.clusters
        if key not in expected:
            counted = each.clusters if among is None else each.clusters & among
            expected[key] = _expected(each.sound, counted, ways, ready)
        moments, unknown = expected[key]
        late = len(moments) - bisect_right(moments, each.start)
        if late or unknown:
            found[each.occurrence] = Arrival(late, unknown)
    return found


def _ready(ahead: Iterable[Wanted], ways: Ways, now: datetime) -> dict[str, Ready]:
    """Device → when it has what. Devices that are reached alike and lack the same are reckoned once."""
    known: dict[tuple[Contact, tuple[Load, ...]], Ready] = {}
    ready: dict[str, Ready] = {}
    for device, loads in _loads(ahead, ways).items():
        key = ways.contacts[device], loads
        if key not in known:
            known[key] = counted_on(key[0], loads, now)
        ready[device] = known[key]
    return ready


def _loads(ahead: Iterable[Wanted], ways: Ways) -> dict[str, tuple[Load, ...]]:
    """Device → what it lacks, each sound once, by when it is first to be heard."""
    first: dict[tuple[str, frozenset[str]], tuple[datetime, int]] = {}
    for each in ahead:
        start, urgency = first.get((each.sound, each.clusters), (each.start, each.urgency))
        first[each.sound, each.clusters] = min(start, each.start), max(urgency, each.urgency)
    lacking: dict[str, dict[str, tuple[datetime, int]]] = {}
    for (sound, clusters), (start, urgency) in first.items():
        for device in {ways.devices[cluster] for cluster in clusters if cluster in ways.devices}:
            if device in ways.contacts and (device, sound) not in ways.held:
                mine = lacking.setdefault(device, {})
                other = mine.get(sound, (start, urgency))
                mine[sound] = min(start, other[0]), max(urgency, other[1])
    return {
        device: tuple(_load(sound, ways.size(sound, device), *due) for sound, due in sorted(sounds.items()))
        for device, sounds in lacking.items()
    }


def _load(sound: str, sizes: tuple[int, int], due: datetime, urgency: int) -> Load:
    return Load(sound, *sizes, due, urgency)


def _expected(
    sound: str, clusters: Collection[str], ways: Ways, ready: Mapping[str, Ready]
) -> tuple[Sequence[datetime], int]:
    """When it is to be counted on in each cluster that lacks it, in order of time; and where nobody can say."""
    lacking = [
        ready[device][sound]
        for cluster in clusters
        if (device := ways.devices.get(cluster)) is not None and sound in ready.get(device, ())
    ]
    moments = sorted(moment for moment in lacking if moment is not None)
    return moments, len(lacking) - len(moments)
