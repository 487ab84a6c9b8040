"""The commune of the simulated year: its villages, clusters, transmitter, policy, announcements and plans."""

from datetime import date, timedelta
from random import Random

from devices.wire.audience import Audience, Listener
from schedules.allowances import Allowance, Event, Kind, Limit
from schedules.conflicts import Slot
from schedules.copying import name_of
from schedules.plans import Plan, Planned
from schedules.policy import Rules
from schedules.recurrence import EveryDays, OnHolidays, Pick, Rule
from schedules.recurrence.patterns import parse_lunar
from tests.unit.schedules.day import VIETNAM

FIRST = date(2026, 1, 1)
SOURCE = "Decision 12/2025"
VILLAGES = {"upper": "abc", "lower": "def", "far": "gh"}
MARKET = "adg"
TRANSMITTER = {"g": "gateway", "h": "gateway"}
LISTENERS = {
    cluster: Listener(cluster, frozenset({village, "commune"}), frozenset({"market"} if cluster in MARKET else ()))
    for village, clusters in VILLAGES.items()
    for cluster in clusters
}
AUDIENCES = (
    Audience(),
    Audience(places=("upper",)),
    Audience(places=("lower", "far")),
    Audience(zones=("market",)),
    Audience(clusters=("b", "h")),
    Audience(but=("c",)),
)
MINUTES = {"bulletin": 12, "talk": 20, "notice": 3, "relay": 30, "music": 8}
POLICY = Allowance(
    Rules.of(VIETNAM, [["05:00", "07:30"], ["10:30", "11:30"], ["16:30", "19:30"]], SOURCE),
    (Limit(Kind.BLOCK_MINUTES, 75, "A block", SOURCE), Limit(Kind.DAY_MINUTES, 150, "A day", SOURCE)),
    events=(
        Event("Tết", date(2026, 2, 15), date(2026, 2, 20), frozenset({Kind.HOURS, Kind.DAY_MINUTES}), "Plan 3",
              Rules.of(VIETNAM, [["05:00", "24:00"]])),
    ),
)  # fmt: skip
TIMES = ("05:00", "05:30", "06:10", "06:45", "07:00", "10:45", "11:10", "16:30", "17:00", "17:40", "18:30", "19:00")


def plans() -> dict[str, Plan]:
    """Twelve schedules of many kinds."""

    def plan(name: str, what: str, rrule: str, *times: str, whom: int = 0, pattern: str = "", **more: object) -> Plan:
        kinds = {"lunar": parse_lunar("1,15"), "market": EveryDays(5, FIRST), "": None}
        fields = {"zone": VIETNAM, "pattern": kinds[pattern], **more}
        rule = Rule(rrule, FIRST, None, tuple(times), **fields)  # type: ignore[arg-type]
        return Plan(name, rule, what, AUDIENCES[whom])

    extra = (Pick(FIRST + timedelta(days=40), "06:10"), Pick(FIRST + timedelta(days=200)))
    made = [
        plan("morning", "bulletin", "FREQ=DAILY", "05:00", "17:00"),
        plan("relay", "relay", "FREQ=DAILY", "05:30", on_holidays=OnHolidays.SKIP),
        plan("weekdays", "talk", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "18:30", whom=1),
        plan("second", "notice", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "10:45", whom=2),
        plan("month", "talk", "FREQ=MONTHLY;BYMONTHDAY=-1", "06:45"),
        plan("nth", "notice", "FREQ=MONTHLY;BYDAY=1SU", "11:10", whom=5),
        plan("counted", "notice", "FREQ=DAILY;INTERVAL=3;COUNT=60", "07:00", whom=3),
        plan("moon", "music", "", "06:10", pattern="lunar"),
        plan("market", "notice", "", "10:45", pattern="market", whom=3),
        plan("eve", "notice", "FREQ=DAILY", "19:00", on_holidays=OnHolidays.EVE),
        plan("before", "music", "FREQ=WEEKLY;BYDAY=WE,TH", "16:30", on_holidays=OnHolidays.BEFORE, whom=4),
        plan("extra", "notice", "FREQ=MONTHLY;BYMONTHDAY=5", "17:40", added=extra, whom=2),
    ]
    return {each.id: each for each in made}


def meant(audience: Audience) -> frozenset[str]:
    """The clusters of an audience."""
    return frozenset(name for name, listener in LISTENERS.items() if audience.includes(listener))


def slot_of(airing: Planned) -> Slot:
    """Its length and clusters."""
    clusters = meant(airing.audience)
    through = frozenset(TRANSMITTER[each] for each in clusters if each in TRANSMITTER)
    end = airing.start + timedelta(minutes=MINUTES[airing.announcement])
    return Slot(name_of(airing), airing.start, end, 1, clusters, through, airing.volume)


def a_time(rng: Random) -> str:
    """Mostly a time somebody would choose, sometimes a slip of the hand."""
    return rng.choice(TIMES) if rng.random() < 0.85 else f"{rng.randrange(24):02}:{rng.randrange(0, 60, 5):02}"
