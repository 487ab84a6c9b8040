"""What can be done where two airings meet, in sentences; what was decided, in few words."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from devices.wire.orders import AfterPreemption
from schedules.clashes import Clash, Ways
from schedules.decisions import Choice
from schedules.models import Occurrence
from schedules.outcomes import Outcome
from schedules.resolving import Option
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web.page import Page

CHOICES = {
    Choice.MOVE: N_("one is moved"),
    Choice.SHORTEN: N_("one is shortened"),
    Choice.HIGHER_WINS: N_("the higher class goes first"),
    Choice.QUEUE_AFTER: N_("one waits for the other"),
}
FATES = {
    AfterPreemption.RESUME: N_("then it goes on where it stopped"),
    AfterPreemption.RESTART: N_("then it begins again"),
    AfterPreemption.DROP: N_("the rest is left out"),
}


def where(page: Page, clash: Clash) -> str:
    """In how many clusters they meet, or on which transmitters."""
    if clash.overlap.clusters:
        return page.ngettext("in %(num)d cluster", "in %(num)d clusters", len(clash.overlap.clusters))
    transmitters = ", ".join(sorted(clash.overlap.transmitters))
    return page.gettext("on transmitter %(name)s, which sends one thing at a time", name=transmitters)


def as_is(page: Page, ways: Ways) -> str:
    """What is heard when nothing is done."""
    if ways.as_is is None:
        return page.gettext(N_("What will be heard cannot be foretold: a sound is missing."))
    clash = ways.clash
    heard = sorted(
        zip((clash.first, clash.second), ways.as_is, strict=True),
        key=lambda each: each[1].stretches[0][0] if each[1].stretches else clash.second.expires_at,
    )
    (first, one), (second, other) = heard
    return page.gettext(
        N_("As it is, “%(first)s” comes first (%(one)s), then “%(second)s” (%(other)s)."),
        first=first.title,
        one=_heard(page, one),
        second=second.title,
        other=_heard(page, other),
    )


def sentence(page: Page, clash: Clash, option: Option, left_out: Sequence[str] = ()) -> str:
    """One way out, with what it does to whom. left_out: titles of what a shortened session loses."""
    yields, other = (clash.first, clash.second) if option.yields == clash.first.id else (clash.second, clash.first)
    match option.choice:
        case Choice.MOVE:
            at = _at(page, yields, option.start)
            return page.gettext(N_("Move “%(title)s” to %(time)s"), title=yields.title, time=at)
        case Choice.SHORTEN:
            return _shortened(page, yields, option, left_out)
        case Choice.HIGHER_WINS:
            return _higher(page, yields, other, option)
        case _:
            return _queued(page, yields, other, option)


async def left_out(page: Page, session: AsyncSession, ways: Ways) -> list[str]:
    """The titles of what the shorter session would lose."""
    option = next((each for each in ways.options if each.items is not None), None)
    if option is None:
        return []
    row = ways.clash.first if option.yields == ways.clash.first.id else ways.clash.second
    view = await page.runtime.announcements.get(session, row.announcement_id or "")
    return [item.title for item in view.items][option.items :]


def _shortened(page: Page, row: Occurrence, option: Option, left_out: Sequence[str]) -> str:
    return page.gettext(
        N_(
            "Shorten “%(title)s” to its first %(items)s items, so that it ends at %(time)s. Left out: %(left)s. "
            "The shorter session has to be approved before it is heard."
        ),
        title=row.title,
        items=option.items,
        time=page.clock(option.start + option.lasts, seconds=True),
        left=", ".join(f"“{title}”" for title in left_out),
    )


def _higher(page: Page, row: Occurrence, other: Occurrence, option: Option) -> str:
    assert option.outcome is not None
    fate = page.gettext(FATES[option.fate]) if option.fate is not None and row.start_at < other.start_at else ""
    said = page.gettext(
        N_("“%(other)s” goes first. Of “%(title)s” is heard: %(heard)s"),
        other=other.title,
        title=row.title,
        heard=_heard(page, option.outcome),
    )
    return f"{said}; {fate}" if fate else said


def _queued(page: Page, row: Occurrence, other: Occurrence, option: Option) -> str:
    at = page.clock(option.start, seconds=option.late is not None)
    if option.late is None:
        return page.gettext(
            N_("“%(title)s” is planned for %(time)s, when “%(other)s” has ended"),
            title=row.title,
            time=at,
            other=other.title,
        )
    return page.gettext(
        N_("“%(title)s” waits at the speakers and begins at %(time)s, when “%(other)s” has ended"),
        title=row.title,
        time=at,
        other=other.title,
    )


def _heard(page: Page, outcome: Outcome) -> str:
    if not outcome.stretches:
        return page.gettext(N_("nothing"))
    begin, end = outcome.stretches[0][0], outcome.stretches[-1][1]
    span = f"{page.clock(begin, seconds=True)}–{page.clock(end, seconds=True)}"
    if outcome.whole or outcome.total_ms is None:
        return span
    heard, total = (formats.length(ms) for ms in (outcome.heard_ms, outcome.total_ms))
    return page.gettext(N_("%(heard)s of %(total)s, %(span)s"), heard=heard, total=total, span=span)


def _at(page: Page, row: Occurrence, at: datetime) -> str:
    """The time, with its day where that is another."""
    if page.local(at).date() == page.local(row.start_at).date():
        return page.clock(at)
    return f"{page.clock(at)}, {formats.short_day(page.local(at).date(), page.locale)}"
