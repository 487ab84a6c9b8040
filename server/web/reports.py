"""Reports of a day or a month, and the as-run log: what was planned, and no more than receipts prove of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from devices.wire.orders import Status
from schedules.asrun import Claim, Row, claim
from schedules.by_place import Tally
from schedules.log_scope import Scope, day_of, days_of_month
from schedules.reporting import Wanted
from schedules.totals import Total
from server.auth.permissions import Permission
from server.i18n import formats
from server.web import repository
from server.web.page import Page, ViewPage, go
from server.web.reasons import reason_text
from server.web.report_words import CLAIMS, class_word, level_word
from server.web.signs import Sign, language_word

router = APIRouter(include_in_schema=False)

ROWS = 50
SILENCES = 20
CHOICES = 200
"""How many villages or clusters a page lists; of more, one is named by its id."""
MONTHS = 24
"""How many months back are offered; older ones are reached by their address."""
UNHEARD = (Claim.SILENT, Claim.PARTLY, Claim.NO_WORD, Claim.BEGAN, Claim.NOT_ORDERED)


@dataclass(frozen=True, slots=True)
class When:
    """The day or the month a page is about. text: as an address says it."""

    kind: str
    text: str
    first: date
    last: date

    @property
    def query(self) -> str:
        return f"{self.kind}={self.text}"

    @property
    def before(self) -> str:
        return self._at(self.first - timedelta(days=1))

    @property
    def after(self) -> str:
        return self._at(self.last + timedelta(days=1))

    def _at(self, day: date) -> str:
        return day.isoformat()[:7] if self.kind == "month" else day.isoformat()


@dataclass(frozen=True, slots=True)
class Share:
    """One claim's part of a bar, in per cent. state: as an address says it."""

    state: Claim
    sign: Sign
    count: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """What may be said of all clusters."""

    total: int
    parts: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the log."""

    row: Row
    sign: Sign
    reason: str


def asked(page: Page) -> When:
    """The day or the month in the address; today when none is. Raises Refused("schedules.report_when_wrong")."""
    query = page.request.query_params
    if "month" in query:
        return When("month", query["month"], *days_of_month(query["month"]))
    text = query.get("day", page.today.isoformat())
    return When("day", text, day_of(text), day_of(text))


async def scope_of(page: Page, when: When) -> Scope:
    """The commune in those days."""
    page.me.require(Permission.VIEW, page.place.id)
    async with page.runtime.database.reading() as session:
        return await page.runtime.programme.reports.scope(session, page.place.id, when.first, when.last)


@router.get("/reports")
async def choose(page: ViewPage) -> HTMLResponse:
    """Which day or month."""
    page.me.require(Permission.VIEW, page.place.id)
    months = [page.today.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    days = [page.today - timedelta(days=back) for back in range(8)]
    return page.html("reports/index.html", months=months, days=days)


@router.get("/reports/day")
async def of_day(page: ViewPage) -> Response:
    return await _report(page, "day")


@router.get("/reports/month")
async def of_month(page: ViewPage) -> Response:
    return await _report(page, "month")


@router.get("/reports/log")
async def log(page: ViewPage) -> HTMLResponse:
    """The log, a page at a time; of a village, a cluster, or one thing that may be said."""
    when, query = asked(page), page.request.query_params
    scope = await scope_of(page, when)
    said = Claim(query["claim"]) if query.get("claim") in set(Claim) else None
    wanted = Wanted(
        query.get("village") or None, query.get("cluster") or None, frozenset({said} if said is not None else ())
    )
    reports, after = page.runtime.programme.reports, query.get("after") or None
    async with page.runtime.database.reading() as session:
        found = await reports.page(session, scope, wanted, after=after, limit=ROWS, now=page.now)
    filters = {"village": wanted.village, "cluster": wanted.cluster, "claim": said}
    return page.html(
        "reports/log.html",
        when=when,
        lines=[_line(page, row) for row in found.rows],
        filters=filters,
        claims=CLAIMS,
        villages=sorted((scope.village_of(each)[0], each) for each in _villages(scope)),
        clusters=sorted((each.name, each.id) for each in scope.clusters.values()),
        most=CHOICES,
        query=_query(when, filters),
        next=found.next,
    )


async def _report(page: Page, kind: str) -> Response:
    if kind not in page.request.query_params:
        return go(f"/reports/{kind}?{kind}={page.today.isoformat()[: 7 if kind == 'month' else 10]}")
    when = asked(page)
    scope = await scope_of(page, when)
    async with page.runtime.database.reading() as session:
        found = await page.runtime.programme.reports.period(session, scope, page.now)
        users = {step.user_id for step, _ in found.approvals}
        users |= {each for one in found.emergencies for each in (one.started_by, one.countersigned_by) if each}
        names = await repository.user_names(session, users)
    days = found.report.days
    return page.html(
        "reports/show.html",
        when=when,
        found=found,
        whole=found.report.whole,
        bar=bar_of(found.report.whole),
        tables=_tables(page, found.report.classes, found.report.levels, found.report.languages),
        days=[(formats.short_day(day, page.locale), each, _lacking(each.claims)) for day, each in days.items()],
        links={formats.short_day(day, page.locale): day for day in days},
        silences=[(each, CLAIMS[each.claim], reason_text(page, each.row.reason)) for each in found.silences[:SILENCES]],
        more=max(0, len(found.silences) - SILENCES),
        villages=[(village, _unheard(village)) for village in found.villages[:CHOICES]],
        more_villages=max(0, len(found.villages) - CHOICES),
        names=names,
        drill=Status.DRILL,
        claims=CLAIMS,
    )


def bar_of(total: Total) -> Bar:
    """From the best proof to what is still to come."""
    parts, left = [], 0.0
    for said, sign in CLAIMS.items():
        count = total.claims.get(said, 0)
        if count:
            width = 100 * count / total.clusters
            parts.append(Share(said, sign, count, round(left, 2), round(width, 2)))
            left += width
    return Bar(total.clusters, tuple(parts))


def _tables(
    page: Page, classes: Mapping[str, Total], levels: Mapping[str, Total], languages: Mapping[str, Total]
) -> list[tuple[str, list[tuple[str, Total, int]]]]:
    """Heads in the page's language, with how many clusters somebody has to look at."""

    def lines(totals: Mapping[str, Total], word: Mapping[str, str]) -> list[tuple[str, Total, int]]:
        return [(page.gettext(word[head]), each, _lacking(each.claims)) for head, each in totals.items()]

    return [
        ("class", lines(classes, {each: class_word(each) for each in classes})),
        ("level", lines(levels, {each: level_word(each) for each in levels})),
        ("language", lines(languages, {each: language_word(each) for each in languages})),
    ]


def _lacking(claims: Mapping[Claim, int]) -> int:
    return sum(claims.get(each, 0) for each in UNHEARD)


def _unheard(village: Tally) -> int:
    return _lacking(village.claims)


def _villages(scope: Scope) -> set[str]:
    return {each.village_id for each in scope.clusters.values()}


def _line(page: Page, row: Row) -> Line:
    return Line(row, CLAIMS[claim(row, page.now)], reason_text(page, row.reason))


def _query(when: When, filters: Mapping[str, str | None]) -> str:
    return urlencode({when.kind: when.text} | {name: value for name, value in filters.items() if value})
