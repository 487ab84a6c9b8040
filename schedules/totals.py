"""The as-run log added up: airings, minutes and people by class, level, language and day (pure)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from devices.wire.orders import Status
from schedules.airtime import local_day
from schedules.asrun import Claim, Row, claim

_HEARD = {Claim.PLAYED, Claim.PARTLY, Claim.BEGAN}

Share = tuple[str, int]
"""A head under which an airing is counted, and the milliseconds of its sound that count there."""
Shares = Callable[[Row], Iterable[Share]]


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


def report(rows: Iterable[Row], zone: ZoneInfo, now: datetime) -> Report:
    """Everything a daily or monthly report says of these rows."""
    known = list(rows)
    actual = [row for row in known if row.status is Status.ACTUAL]
    by_day = grouped(actual, lambda row: [(local_day(row.start, zone).isoformat(), row.sounded_ms)], now)
    return Report(
        days={date.fromisoformat(day): each for day, each in by_day.items()},
        classes=grouped(known, by_class, now),
        levels=grouped(actual, by_level, now),
        languages=grouped(actual, by_language, now),
        whole=total([(row, row.sounded_ms) for row in actual], now),
    )


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
    if not row.spoken or once <= 0:
        return []
    times, rest = divmod(row.sounded_ms, once)
    rest = max(0, rest - row.lead_ms)
    shares = []
    for language, ms in row.spoken:
        shares.append((language, times * ms + min(rest, ms)))
        rest = max(0, rest - ms)
    return shares


def grouped(rows: Iterable[Row], shares: Shares, now: datetime) -> dict[str, Total]:
    """The totals under each head, in the order of the heads' names."""
    found: dict[str, list[tuple[Row, int]]] = {}
    for row in rows:
        for head, ms in shares(row):
            found.setdefault(head, []).append((row, ms))
    return {head: total(found[head], now) for head in sorted(found)}


def total(counted: Sequence[tuple[Row, int]], now: datetime) -> Total:
    """The sums over rows, each with the milliseconds of it that count."""
    claims: Counter[Claim] = Counter()
    reasons: Counter[str] = Counter()
    sums = dict.fromkeys(Claim, 0)
    longest: dict[str, int] = {}
    villages: dict[Claim, dict[str, int]] = {Claim.PLAYED: {}, Claim.TRANSMITTED: {}}
    for row, ms in counted:
        said = claim(row, now)
        claims[said] += 1
        sums[said] += ms
        longest[row.occurrence] = max(longest.get(row.occurrence, 0), ms)
        if said in villages:
            villages[said][row.village] = row.people
        elif row.reason:
            reasons[row.reason] += 1
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
