"""What a seed makes happen: when people act, when faults come in storms, when the world settles and is judged."""

import random
from dataclasses import dataclass, field

from simulation.fault import Kind
from simulation.faults import KINDS

DAY_S = 86_400.0
WAKE_S = 120.0
"""When the first day's work begins: everything is switched on and settled."""
SETTLE_S = 125.0
WATCH_S = 110.0
SETTLES = 0.3
"""How many storms are judged when they end, rather than only with the next: two minutes at the real pace cost most."""
FIRST_HOUR, LAST_HOUR = 5.2, 21.2
ACTS_A_DAY = (("broadcast", 1), ("alarm", 1))
WATCHED = 0.5
ROTATES = 0.3
STORMS_A_DAY = 1.4
IN_STORM = ("broadcast", "broadcast", "broadcast", "alarm", "alarm", "cancel", "stop_all")


@dataclass(frozen=True, slots=True)
class Storm:
    """Faults between two moments, in seconds of the world's clock.

    settles: judged two minutes after it. watched: judged while it lasts, whether the silent are shown.
    """

    begin_s: float
    end_s: float
    kinds: tuple[Kind, ...]
    settles: bool
    watched: bool = False


@dataclass(slots=True)
class Plot:
    """Acts by name, and storms, in the order of time."""

    acts: list[tuple[float, str]] = field(default_factory=list)
    storms: list[Storm] = field(default_factory=list)


def plot_of(source: random.Random, days: float) -> Plot:
    """Invent everything that will be done and suffered."""
    plot = Plot()
    plot.acts += [(WAKE_S + source.random() * 600, "schedule") for _ in range(source.randint(1, 2))]
    for day in range(round(days)):
        for name, number in ACTS_A_DAY:
            plot.acts += [(_moment(source, day), name) for _ in range(source.randint(0, number))]
        if source.random() < 0.25:
            plot.acts.append((_moment(source, day), "stop_all"))
    if source.random() < ROTATES:
        plot.acts.append((_moment(source, 0), "rotate_keys"))
    plot.acts.sort()
    end_s = days * DAY_S
    for _ in range(max(1, round(STORMS_A_DAY * days))):
        plot.storms.append(_storm(source, plot, end_s))
    plot.storms = _apart(sorted(plot.storms, key=lambda storm: storm.begin_s))
    for storm in plot.storms:
        plot.acts += _acts_around(source, storm)
    plot.acts.sort()
    return plot


def _acts_around(source: random.Random, storm: Storm) -> list[tuple[float, str]]:
    """Somebody acts just before a storm or in the middle of it: a fault that meets nothing shows nothing."""
    if source.random() < 0.15:
        return []
    lasts_s = min(storm.end_s - storm.begin_s, 240)
    moment = storm.begin_s + (source.uniform(-20, 0) if source.random() < 0.4 else source.uniform(0, lasts_s))
    return [(max(WAKE_S, moment + 12 * n), source.choice(IN_STORM)) for n in range(source.choice((1, 1, 2)))]


def _moment(source: random.Random, day: int) -> float:
    hours = source.uniform(FIRST_HOUR, LAST_HOUR) if source.random() < 0.9 else source.uniform(0.1, 24)
    return max(WAKE_S, day * DAY_S + hours * 3_600)


def _storm(source: random.Random, plot: Plot, end_s: float) -> Storm:
    """Most storms come by day, and some just before somebody acts."""
    begin_s = _moment(source, source.randrange(max(1, round(end_s / DAY_S))))
    if source.random() < 0.3:
        near, _ = source.choice(plot.acts)
        begin_s = max(WAKE_S, near - source.choice((2, 10, 30)) * source.random())
    kinds = tuple(source.choices(KINDS, weights=[kind.weight for kind in KINDS], k=source.choice((1, 1, 2, 3))))
    long = all(kind.long for kind in kinds) and source.random() < 0.6
    lasts_s = source.uniform(1, 26) * 3_600 if long else source.choice((20, 60, 180, 600)) * (0.5 + source.random())
    stop_s = min(begin_s + lasts_s, end_s)
    watched = all(kind.silences for kind in kinds) and stop_s - begin_s > WATCH_S + 10 and source.random() < WATCHED
    return Storm(begin_s, stop_s, kinds, source.random() < SETTLES, watched)


def _apart(storms: list[Storm]) -> list[Storm]:
    """One at a time: the next begins when the last is over and, if it is judged, judged."""
    kept: list[Storm] = []
    for storm in storms:
        free_s = 0.0 if not kept else kept[-1].end_s + (SETTLE_S + 5 if kept[-1].settles else 5)
        if storm.begin_s >= free_s and storm.end_s > storm.begin_s:
            kept.append(storm)
    return kept
