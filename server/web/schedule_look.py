"""What a schedule in the making would bring: its next times, what the policy forbids, whom it meets, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from base.errors import LoaError
from devices.wire.orders import AfterPreemption
from schedules import lunar
from schedules.allowances import Kind
from schedules.authoring import Look, Meets, Stop, Wanted
from schedules.calendar_vn import Holidays
from schedules.clashes import Clash
from schedules.decisions import Choice
from schedules.planning import in_place
from schedules.plans import Preempted
from schedules.recurrence import Rule, check_happens
from schedules.resolving import Option
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web import audience, clash_choice, clash_words, fields
from server.web.announcements import find
from server.web.audience import Chosen
from server.web.page import Page
from server.web.recurring import in_words
from server.web.rule_form import RuleForm

SHOWN = 6

STOPS = {
    Kind.HOURS: N_("%(time)s is outside the permitted hours %(rule)s (%(source)s)."),
    Kind.BLOCKS: N_(
        "At %(time)s it would make %(figure)s programme blocks; “%(rule)s” (%(source)s) permits %(limit)s."
    ),
    Kind.BLOCK_MINUTES: N_(
        "At %(time)s the block would last %(figure)s minutes; “%(rule)s” (%(source)s) permits %(limit)s."
    ),
    Kind.DAY_MINUTES: N_(
        "With this at %(time)s the day would have %(figure)s minutes; “%(rule)s” (%(source)s) permits %(limit)s."
    ),
    Kind.VOLUME: N_("%(figure)s %% is too loud at %(time)s: “%(rule)s” (%(source)s) permits %(limit)s %%."),
}


@dataclass(frozen=True, slots=True)
class Time:
    """One of the next times. lunar: as in "15/8"; holiday: its name, where it is one."""

    at: datetime
    lunar: str
    holiday: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be taken up with one press: the name and value it sends."""

    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A rule of the policy that is broken. offers: what is permitted instead."""

    text: str
    where: str
    times: int
    longest: int | None
    offers: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One of the options that are kept with the schedule."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Met:
    """Another airing it meets. name: of the field in which one of the ways is chosen."""

    name: str
    clash: Clash
    title: str
    where: str
    times: int
    as_is: str
    ways: tuple[Way, ...]
    offers: tuple[Button, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Preview:
    """All of it, or why there is nothing to show."""

    words: str = ""
    times: tuple[Time, ...] = ()
    more: bool = False
    forbidden: tuple[Forbidden, ...] = ()
    more_forbidden: int = 0
    met: tuple[Met, ...] = ()
    more_met: int = 0
    problem: str = ""


async def look(
    page: Page, session: AsyncSession, form: RuleForm, said: ImmutableMultiDict[str, object], chosen: Chosen
) -> Preview:
    """The preview of what a form says; writes nothing."""
    if not form.first_day or not any(form.times):
        return Preview()
    try:
        rule = in_place(form.rule(page.zone), await audience.load(session, page))
        check_happens(rule)
        found = await _judged(page, session, rule, said, chosen)
    except LoaError as error:
        return Preview(problem=page.error_text(error))
    times = rule.upcoming(page.now, SHOWN + 1)
    met = [await _met(page, session, form, each, said) for each in found.meets] if found is not None else []
    return Preview(
        words=in_words(page, rule),
        times=tuple(_time(page, at, rule.holidays) for at in times[:SHOWN]),
        more=len(times) > SHOWN,
        forbidden=tuple(_forbidden(page, form, each) for each in found.stops) if found is not None else (),
        more_forbidden=found.more_stops if found is not None else 0,
        met=tuple(met),
        more_met=found.more_meets if found is not None else 0,
    )


def preempted(said: Mapping[str, object]) -> Preempted:
    """What becomes of it when something more urgent interrupts it. Raises Refused."""
    then = fields.member(AfterPreemption, said.get("preempted", AfterPreemption.RESUME.value))
    minutes = fields.whole_or_none(said, "stale")
    return Preempted(then, None if minutes is None else minutes * 60)


async def _judged(
    page: Page, session: AsyncSession, rule: Rule, said: Mapping[str, object], chosen: Chosen
) -> Look | None:
    """None while nothing is chosen to be announced, or nobody to hear it."""
    announcement = str(said.get("announcement", "") or "")
    if not announcement or chosen.audience is None:
        return None
    wanted = Wanted(
        (await find(page, session, announcement)).announcement.id,
        rule,
        audience.needed(chosen),
        fields.whole(said, "volume"),
        preempted(said),
    )
    return await page.runtime.programme.author.look(session, wanted, page.now)


def _time(page: Page, at: datetime, holidays: Holidays) -> Time:
    day = page.local(at).date()
    dated = lunar.lunar_date(day)
    leap = page.gettext(N_("leap month")) if dated is not None and dated.leap else ""
    text = "" if dated is None else f"{dated.day}/{dated.month} {leap}".strip()
    return Time(at, text, holidays.name(day, page.locale) or "")


def _forbidden(page: Page, form: RuleForm, stop: Stop) -> Forbidden:
    found = stop.violation
    text = page.gettext(
        STOPS[found.kind],
        time=_day_and_time(page, stop.at),
        rule=found.rule,
        source=found.source,
        figure=found.figure,
        limit=found.limit,
    )
    where = page.ngettext("in %(num)d cluster", "in %(num)d clusters", len(found.clusters))
    longest = None if stop.longest is None else int(stop.longest.total_seconds() // 60)
    return Forbidden(text, where, stop.times, longest, tuple(_offers(page, form, stop)))


def _offers(page: Page, form: RuleForm, stop: Stop) -> Sequence[Button]:
    limit = stop.violation.limit
    if stop.violation.kind is Kind.VOLUME:
        softer = int(limit) // 10 * 10
        return [Button("volume_to", str(softer), f"{softer} %")]
    near = (each for each in (stop.before, stop.after) if each is not None)
    return [found for at in near if (found := use(page, form, stop.at, at)) is not None]


def use(page: Page, form: RuleForm, was: datetime, at: datetime) -> Button | None:
    """A button that gives it another time; what recurs keeps its days."""
    own, local = page.local(was), page.local(at)
    if own.date() != local.date() and form.repeat != "once":
        return None
    label = page.clock(at) if own.date() == local.date() else _day_and_time(page, at)
    return Button("use", f"{own:%H:%M}>{local:%Y-%m-%dT%H:%M}", label)


async def _met(page: Page, session: AsyncSession, form: RuleForm, meets: Meets, said: Mapping[str, object]) -> Met:
    name = f"{clash_choice.PREFIX}{clash_choice.plan(meets.other)}"
    left = await clash_words.left_out(page, session, meets.ways)
    # A row that is never written: what it announces may be what it meets, and only this tells the two apart.
    meets.own.title = page.gettext(N_("this new schedule"))
    ways, offers = [], []
    for option in meets.ways.options:
        text = clash_words.sentence(page, meets.clash, option, left)
        if option.yields == meets.own.id and _is_moved(option, meets):
            button = use(page, form, meets.own.original_at or meets.own.start_at, option.start)
            offers += [] if button is None else [Button(button.name, button.value, text)]
        elif option.yields == meets.own.id and option.choice is Choice.SHORTEN:
            continue  # its own content is changed where it is composed
        else:
            ways.append(Way(clash_choice.value(option, _who(option, meets)), text))
    return Met(
        name,
        meets.clash,
        meets.other.title,
        clash_words.where(page, meets.clash),
        meets.times,
        clash_words.as_is(page, meets.ways),
        tuple(ways),
        tuple(offers),
        str(said.get(name, "")),
    )


def _is_moved(option: Option, meets: Meets) -> bool:
    return option.late is None and option.choice is not Choice.HIGHER_WINS and option.start != meets.own.start_at


def _who(option: Option, meets: Meets) -> str:
    return clash_choice.OWN if option.yields == meets.own.id else clash_choice.OTHER


def _day_and_time(page: Page, at: datetime) -> str:
    return f"{page.clock(at)}, {formats.short_day(page.local(at).date(), page.locale)}"
