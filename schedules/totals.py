"""The as-run log added up: airings, minutes and people by class, level, language and day (pure)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from devices.wire.orders import Status
from schedules.airtime import local_day
from schedules.asrun import NOT_HEARD, Claim, Row, claim

_HEARD = {Claim.PLAYED, Claim.PARTLY, Claim.BEGAN}

Share = tuple[str, int]
"""A head under which an airing is counted, and the milliseconds of its sound that count there."""
Shares = Callable[[Row], Iterable[Share]]


@dataclass(frozen=True, slots=True)
class Alike:
    """Clusters of which the same is known of one airing. row: of any of them; people: village → its inhabitants."""

    row: Row
    clusters: int
    people: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Silence:
    """What of an airing did not sound, was not sent, or is not known, for one reason. row: of any of the clusters."""

    row: Row
    claim: Claim
    clusters: int


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over airings. claims: clusters by what may be said. reasons: why it did not sound to its end, clusters.

    programme_ms: each airing once, as long as it sounded where it sounded longest. heard_ms, transmitted_ms: over all
    clusters. people: inhabitants of the villages where something played to its end; only_transmitted: of those where
    something was sent, and nothing played. Nobody counts twice.
    """

    airings: int
    claims: Mapping[Claim, int]
    reasons: Mapping[str, int]
    programme_ms: int
    heard_ms: int
    transmitted_ms: int
    people: int
    only_transmitted: int

    @property
    def clusters(self) -> int:
        """Airings times the clusters they were planned for."""
        return sum(self.claims.values())


@dataclass(frozen=True, slots=True)
class Report:
    """A span of local days. Exercises and tests are no programme: they are heads of their own among the classes."""

    days: Mapping[date, Total]
    classes: Mapping[str, Total]
    levels: Mapping[str, Total]
    languages: Mapping[str, Total]
    whole: Total


def alone(row: Row) -> Alike:
    """A row by itself."""
    return Alike(row, 1, {row.village_id or row.village: row.people})


def report(known: Sequence[Alike], zone: ZoneInfo, now: datetime) -> Report:
    """Everything a daily or monthly report says of these."""
    actual = [each for each in known if each.row.status is Status.ACTUAL]
    by_day = grouped(actual, lambda row: [(local_day(row.start, zone).isoformat(), row.sounded_ms)], now)
    return Report(
        days={date.fromisoformat(day): each for day, each in by_day.items()},
        classes=grouped(known, by_class, now),
        levels=grouped(actual, by_level, now),
        languages=grouped(actual, by_language, now),
        whole=total([(each, each.row.sounded_ms) for each in actual], now),
    )


def silences(known: Iterable[Alike], now: datetime) -> tuple[Silence, ...]:
    """What did not sound or is not known, and why, first to last; what most clusters missed goes first."""
    counts: Counter[tuple[str, Claim, str]] = Counter()
    rows: dict[tuple[str, Claim, str], Row] = {}
    for each in known:
        said = claim(each.row, now)
        if said in NOT_HEARD:
            key = each.row.occurrence, said, each.row.reason
            counts[key] += each.clusters
            rows[key] = each.row
    found = [Silence(rows[key], key[1], count) for key, count in counts.items()]
    return tuple(sorted(found, key=lambda each: (each.row.start, each.row.occurrence, -each.clusters, each.claim)))


def by_class(row: Row) -> Iterable[Share]:
    """Under its class; an exercise or a test under that."""
    name = row.play_class.name.lower() if row.status is Status.ACTUAL else row.status.value
    return [(name, row.sounded_ms)]


def by_level(row: Row) -> Iterable[Share]:
    """Under the level it comes from."""
    return [(row.level.name.lower(), row.sounded_ms)]


def by_language(row: Row) -> Iterable[Share]:
    """Under each language heard there, with what sounded of its words, counted in the order of sounding."""
    once = row.lead_ms + sum(ms for _, ms in row.spoken)
    if once <= 0:
        return []
    times, rest = divmod(row.sounded_ms, once)
    rest = max(0, rest - row.lead_ms)
    shares: dict[str, int] = {}
    for language, ms in row.spoken:
        shares[language] = shares.get(language, 0) + times * ms + min(rest, ms)
        rest = max(0, rest - ms)
    shares.pop("", None)
    return shares.items()


def grouped(known: Iterable[Alike], shares: Shares, now: datetime) -> dict[str, Total]:
    """The totals under each head, in the order of the heads' names."""
    found: dict[str, list[tuple[Alike, int]]] = {}
    for each in known:
        for head, ms in shares(each.row):
            found.setdefault(head, []).append((each, ms))
    return {head: total(found[head], now) for head in sorted(found)}


def total(counted: Sequence[tuple[Alike, int]], now: datetime) -> Total:
    """The sums over clusters, each with the milliseconds of it that count."""
    claims: Counter[Claim] = Counter()
    reasons: Counter[str] = Counter()
    sums = dict.fromkeys(Claim, 0)
    longest: dict[str, int] = {}
    villages: dict[Claim, dict[str, int]] = {Claim.PLAYED: {}, Claim.TRANSMITTED: {}}
    for each, ms in counted:
        row, said = each.row, claim(each.row, now)
        claims[said] += each.clusters
        sums[said] += ms * each.clusters
        longest[row.occurrence] = max(longest.get(row.occurrence, 0), ms)
        if said in villages:
            villages[said].update(each.people)
        elif row.reason:
            reasons[row.reason] += each.clusters
    played, sent = villages[Claim.PLAYED], villages[Claim.TRANSMITTED]
    return Total(
        airings=len(longest),
        claims=dict(claims),
        reasons=dict(reasons),
        programme_ms=sum(longest.values()),
        heard_ms=sum(sums[said] for said in _HEARD),
        transmitted_ms=sums[Claim.TRANSMITTED],
        people=sum(played.values()),
        only_transmitted=sum(people for village, people in sent.items() if village not in played),
    )
