"""The public holidays of a year as they hold in a place, and its corrections; seen what they do before they hold."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError
from schedules.calendar_vn import Override
from schedules.free_days import YEARS, Day
from server.auth.permissions import Permission
from server.governing import put_holiday
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web import fields
from server.web.governed import governed
from server.web.page import AdminPage, Page, ViewPage, go

router = APIRouter(include_in_schema=False)

_MONDAY, _A_DAY = date(2024, 1, 1), timedelta(days=1)
_SHORT = (N_("Mo"), N_("Tu"), N_("We"), N_("Th"), N_("Fr"), N_("Sa"), N_("Su"))
SHOWN = 50
"""Of each kind of airing a correction touches."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a month's table. kind: free, own (added here or above), out (taken out), or nothing."""

    number: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month as a table of weeks; None where another month's days would stand."""

    name: str
    weeks: tuple[tuple[Cell | None, ...], ...]


@router.get("/holidays")
async def index(page: ViewPage, place: str = "", year: str = "") -> HTMLResponse:
    return await _index(page, place, year)


@router.post("/holidays")
async def correct(page: AdminPage, place: str = "") -> Response:
    """Show what a correction would do; with `seen`, let it hold."""
    said = await page.request.form()
    form = {name: str(said.get(name, ""))[:200] for name in ("day", "name", "free")}
    try:
        day = fields.day(form["day"])
        wanted = None if said.get("remove") else Override(day, form["name"].strip(), form["free"] != "0")
        if not said.get("seen"):
            return await _effect(page, place, day, wanted)
        async with page.act() as act:
            about = await governed(page, act.session, place)
            await put_holiday(act, about.id, day, wanted)
    except LoaError as error:
        return await _index(page, place, form["day"][:4], error, form)
    return go(f"/holidays{about.query}&year={day.year}&done=saved")


async def _effect(page: Page, place: str, day: date, wanted: Override | None) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        about = await governed(page, session, place)
        page.me.require(Permission.ADMINISTER, about.id)
        found = await page.runtime.programme.free_days.difference(session, about.id, day, wanted, page.runtime.clock())
    return page.html(
        "holidays/effect.html",
        about=about,
        day=day,
        wanted=wanted,
        gone=found.gone[:SHOWN],
        new=found.new[:SHOWN],
        counts={"gone": len(found.gone), "new": len(found.new)},
    )


async def _index(
    page: Page, place: str, year: str, error: LoaError | None = None, form: dict[str, Any] | None = None
) -> HTMLResponse:
    wanted = int(year) if year.isdecimal() and len(year) == 4 and int(year) in YEARS else page.today.year
    async with page.runtime.database.reading() as session:
        about = await governed(page, session, place)
        days = await page.runtime.programme.free_days.year(session, about.id, wanted, page.locale)
    blank = {"day": "", "name": "", "free": "1"}
    return page.html(
        "holidays/index.html",
        error=error,
        about=about,
        year=wanted,
        days=days,
        months=_months(wanted, days),
        weekdays=[(formats.week_day(_MONDAY + each * _A_DAY, page.locale), short) for each, short in enumerate(_SHORT)],
        form=form or blank,
        today=page.today,
    )


def _months(year: int, days: list[Day]) -> list[Month]:
    known = {each.day: each for each in days}
    weeks = calendar.Calendar(firstweekday=0)
    return [
        Month(
            f"{number}/{year}",
            tuple(
                tuple(_cell(each, number, known) for each in week) for week in weeks.monthdatescalendar(year, number)
            ),
        )
        for number in range(1, 13)
    ]


def _cell(day: date, month: int, known: dict[date, Day]) -> Cell | None:
    if day.month != month:
        return None
    found = known.get(day)
    if found is None:
        return Cell(day.day, "", "")
    kind = "out" if not found.free else "own" if found.place_id and not found.national else "free"
    return Cell(day.day, kind, found.name)
