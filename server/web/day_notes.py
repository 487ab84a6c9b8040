"""What is to be said of an airing of a day, in sentences, each with its sign and where something is done about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devices.wire.orders import AfterPreemption, PlayClass
from schedules.conflicts import Overlap
from schedules.marks import Mark
from schedules.missing import Need
from schedules.models import OccurrenceState
from schedules.repository.timetable import OccurrenceRow
from schedules.timetable import Days, Entry
from server.i18n.catalogue import N_
from server.web.marks import MARKS, called_off, href_of
from server.web.page import Page
from server.web.signs import CLASSES, Sign

AFTERWARDS = {
    AfterPreemption.RESUME: N_("then it goes on where it stopped"),
    AfterPreemption.RESTART: N_("then it begins again"),
    AfterPreemption.DROP: N_("the rest of it is left out"),
}
NEEDS = {
    Need.NOTHING: N_("There are villages that hear none of their languages."),
    Need.FIRST: N_("There are villages that do not hear the language they put first."),
    Need.FURTHER: N_("There are villages that hear one of their languages only."),
}
NOT_SURE = Sign("○", N_("not known"), "off")
ONE_ONLY = Sign("○", N_("language missing"), "off")
LEFT_OUT = Sign("‖", N_("paused"), "plan")
MEETS = frozenset({Mark.CLASH, Mark.GIVES_WAY, Mark.DECIDED})
_Rows = Mapping[str, OccurrenceRow]
MEETINGS = 3
"""How many of the airings that one meets are named."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence with its sign. href: the page that does something about it, or shows the other one; may be empty."""

    sign: Sign
    text: str
    href: str = ""


def notes_of(page: Page, found: Days, entry: Entry, rows: _Rows) -> list[Note]:
    """All that is to be said of an entry, the worst first."""
    said = [note for mark in entry.marks for note in _of_mark(page, found, entry, mark, rows)]
    if found.needs.get(entry.row.id) is Need.FURTHER:
        said.append(Note(ONE_ONLY, page.gettext(NEEDS[Need.FURTHER]), _remedy(entry.row, Mark.LANGUAGE)))
    if entry.paused:
        text = page.ngettext(
            "%(num)d cluster is left in peace", "%(num)d clusters are left in peace", len(entry.paused)
        )
        said.append(Note(LEFT_OUT, text, "/programme/pauses"))
    arrival = found.arrivals.get(entry.row.id)
    if arrival is not None and arrival.unknown:
        text = page.ngettext(
            "%(num)d cluster that lacks the sound is not heard from: when it has it nobody can say",
            "%(num)d clusters that lack the sound are not heard from: when they have it nobody can say",
            arrival.unknown,
        )
        said.append(Note(NOT_SURE, text))
    return said


def _of_mark(page: Page, found: Days, entry: Entry, mark: Mark, rows: _Rows) -> Iterator[Note]:
    row = entry.row
    if mark in MEETS:
        yield from _meetings(page, found, row, mark, rows)
    else:
        yield Note(MARKS[mark], _sentence(page, found, entry, mark), _remedy(row, mark))


def _sentence(page: Page, found: Days, entry: Entry, mark: Mark) -> str:
    row = entry.row
    match mark:
        case Mark.NOT_PERMITTED:
            return _not_permitted(page, found, row)
        case Mark.NOT_APPROVED:
            return page.gettext(N_("It, or something in it, is not approved: as it is, nothing will be heard."))
        case Mark.NOT_IN_TIME:
            return page.ngettext(
                "%(num)d cluster is not expected to have the sound in time",
                "%(num)d clusters are not expected to have the sound in time",
                found.arrivals[row.id].late,
            )
        case Mark.LANGUAGE:
            return page.gettext(NEEDS[found.needs[row.id]])
        case _:
            most = found.ground.allowance.volume_at(row.start_at, row.ends_at)
            return page.gettext(N_("Set to %(volume)s %%; permitted are %(most)s %%."), volume=row.volume, most=most)


def _not_permitted(page: Page, found: Days, row: OccurrenceRow) -> str:
    if row.state is OccurrenceState.CANCELLED:
        return called_off(page, row)
    rules = found.ground.hours_at(row.start_at)
    return page.gettext(
        N_("Outside the permitted hours %(hours)s (%(source)s)."), hours=rules.text, source=rules.source
    )


def _remedy(row: OccurrenceRow, mark: Mark) -> str:
    about = mark in {Mark.NOT_APPROVED, Mark.LANGUAGE} and row.announcement_id is not None
    return f"/announcements/{row.announcement_id}" if about else ""


def _meetings(page: Page, found: Days, row: OccurrenceRow, mark: Mark, rows: _Rows) -> Iterator[Note]:
    wanted = [each for each in found.meets[row.id] if _kind(found, row, each) is mark]
    for each in wanted[:MEETINGS]:
        other = rows[each.second if each.first == row.id else each.first]
        yield Note(MARKS[mark], _meeting(page, row, other, each, mark), _where_decided(page, found, other, each))


def _kind(found: Days, row: OccurrenceRow, met: Overlap) -> Mark | None:
    """What one that it meets does to a row; None: it is the one that is heard."""
    if met.wins is None:
        return Mark.DECIDED if (met.first, met.second) in found.settled else Mark.CLASH
    return None if met.wins == row.id else Mark.GIVES_WAY


def _where_decided(page: Page, found: Days, other: OccurrenceRow, met: Overlap) -> str:
    """The page where it is decided, while both are still to begin; else the other one's."""
    ahead = met.start > page.now and other.start_at > page.now
    ours = other.place_id == found.ground.place.id and other.emergency_id is None
    return f"/programme/clashes/{met.first}/{met.second}" if ahead and ours else href_of(other)


def _meeting(page: Page, row: OccurrenceRow, other: OccurrenceRow, overlap: Overlap, mark: Mark) -> str:
    what = page.gettext(
        N_("%(time)s “%(title)s” (%(kind)s)"),
        time=page.clock(other.start_at),
        title=other.title,
        kind=page.gettext(CLASSES[other.play_class]),
    )
    return f"{what}, {where_met(page, overlap)}: {_outcome(page, row, other, mark)}"


def _outcome(page: Page, row: OccurrenceRow, other: OccurrenceRow, mark: Mark) -> str:
    if mark is Mark.DECIDED:
        return page.gettext(N_("it is decided what becomes of them"))
    if mark is Mark.CLASH:
        both_priority = row.play_class == other.play_class == PlayClass.PRIORITY
        return page.gettext(N_("somebody has to decide") if both_priority else N_("one will wait for the other"))
    if other.start_at <= row.start_at:
        return page.gettext(N_("this one waits until it is over"))
    return page.gettext(AFTERWARDS[row.preempted])


def where_met(page: Page, overlap: Overlap) -> str:
    """In how many clusters two meet, or on which transmitter."""
    if overlap.clusters:
        return page.ngettext("in %(num)d cluster", "in %(num)d clusters", len(overlap.clusters))
    transmitters = ", ".join(sorted(overlap.transmitters))
    return page.gettext("on transmitter %(name)s, which sends one thing at a time", name=transmitters)
