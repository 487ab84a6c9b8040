"""What a change of the programme does, in words: differences, meetings, whom, and what happens after giving way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from devices.wire.audience import Audience
from devices.wire.orders import AfterPreemption
from schedules.differences import Aired, Difference
from schedules.dispatch import MARGIN
from schedules.ground import Ground
from schedules.plans import Preempted
from schedules.trying import Meeting
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web.page import Page
from server.web.signs import Sign

SHOWN = 20
"""Lines of one list; how many more there are is told."""
NAMED = 6
"""Villages or clusters of one audience that are named; the others are counted."""

MOVED = Sign("→", N_("moved"), "plan")
CHANGED = Sign("◉", N_("changed"), "plan")
NEW = Sign("○", N_("new"), "play")
GONE = Sign("–", N_("called off"), "off")

THEN = {
    AfterPreemption.RESUME: N_("go on where it stopped"),
    AfterPreemption.RESTART: N_("begin again"),
    AfterPreemption.DROP: N_("leave the rest out"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One difference. was, now: day and time; empty where there is none. notes: what else is different."""

    sign: Sign
    title: str
    was: str
    now: str
    notes: tuple[str, ...]
    ordered: bool


@dataclass(frozen=True, slots=True)
class Meets:
    """Two airings that would sound at once, and what comes of it."""

    at: str
    title: str
    other: str
    where: str
    outcome: str


def names_of(ground: Ground, zones: Mapping[str, str]) -> dict[str, str]:
    """The names of villages, groups and clusters by id; `zones`: those of groups."""
    clusters = {cluster.id: cluster.name for cluster in ground.clusters}
    return clusters | dict(zones) | {place.id: place.name for place in ground.places.values()}


def whom(page: Page, names: Mapping[str, str], audience: Audience) -> str:
    """An audience in words, with its exceptions."""
    meant = (*audience.places, *audience.zones, *audience.clusters)
    said = page.gettext(N_("The whole commune")) if audience.everyone else _some(page, names, meant)
    if not audience.but:
        return said
    return page.gettext(N_("%(whom)s, without %(but)s"), whom=said, but=_some(page, names, audience.but))


def after_giving_way(page: Page, preempted: Preempted) -> str:
    """What becomes of it when something more urgent interrupts it."""
    then = page.gettext(THEN[preempted.then])
    if preempted.then is AfterPreemption.DROP:
        return then
    minutes = int((MARGIN.total_seconds() if preempted.stale_s is None else preempted.stale_s) // 60)
    return page.gettext(N_("%(then)s, at most %(minutes)s minutes after its beginning"), then=then, minutes=minutes)


def lines(page: Page, names: Mapping[str, str], found: Sequence[Difference]) -> list[Line]:
    """The first `SHOWN` differences."""
    return [_line(page, names, each) for each in found[:SHOWN]]


def meetings(page: Page, found: Sequence[Meeting]) -> list[Meets]:
    """The first `SHOWN` meetings."""
    return [
        Meets(
            at=_moment(page, each.start),
            title=each.title,
            other=each.other,
            where=where_they_meet(page, each.clusters),
            outcome=what_comes(page, each.wins),
        )
        for each in found[:SHOWN]
    ]


def where_they_meet(page: Page, clusters: int) -> str:
    """In how many clusters two airings would sound at once; in none, when they only share a transmitter."""
    if clusters:
        return page.ngettext("in %(num)d cluster", "in %(num)d clusters", clusters)
    return page.gettext(N_("on a transmitter, which sends one thing at a time"))


def what_comes(page: Page, wins: str | None) -> str:
    """Which comes first; None: they are equals."""
    if wins is None:
        return page.gettext(N_("one will wait for the other"))
    return page.gettext(N_("“%(title)s” comes first"), title=wins)


def _line(page: Page, names: Mapping[str, str], found: Difference) -> Line:
    was, now = found.before, found.after
    if was is None or now is None:
        one = now or was
        assert one is not None
        at = _moment(page, one.start)
        return Line(GONE if now is None else NEW, one.title, "" if was is None else at, "" if now is None else at,
                    () if now is None else (whom(page, names, now.audience),), one.ordered)  # fmt: skip
    moved = was.start != now.start
    shown = _moment(page, now.start) if _day(page, was) != _day(page, now) else page.clock(now.start)
    notes = tuple(_notes(page, names, was, now))
    return Line(MOVED if moved else CHANGED, now.title, _moment(page, was.start), shown if moved else "", notes,
                was.ordered)  # fmt: skip


def _notes(page: Page, names: Mapping[str, str], was: Aired, now: Aired) -> Sequence[str]:
    notes: list[str] = []
    if was.announcement != now.announcement:
        notes.append(page.gettext(N_("instead of “%(title)s”"), title=was.title))
    if was.audience != now.audience:
        notes.append(page.gettext(N_("for: %(whom)s"), whom=whom(page, names, now.audience)))
    if was.volume != now.volume:
        notes.append(page.gettext(N_("volume %(now)s %%, before %(was)s %%"), now=now.volume, was=was.volume))
    if was.preempted != now.preempted:
        notes.append(page.gettext(N_("if interrupted: %(then)s"), then=after_giving_way(page, now.preempted)))
    return notes


def _some(page: Page, names: Mapping[str, str], ids: Sequence[str]) -> str:
    named = ", ".join(names.get(each, each) for each in ids[:NAMED])
    more = len(ids) - NAMED
    return named if more <= 0 else page.gettext(N_("%(names)s and %(num)s more"), names=named, num=more)


def _moment(page: Page, moment: datetime) -> str:
    day = formats.week_day(page.local(moment).date(), page.locale)
    return f"{day[:1].upper()}{day[1:]}, {page.clock(moment)}"


def _day(page: Page, aired: Aired) -> object:
    return page.local(aired.start).date()
