"""The public holidays that hold in a place, and its own corrections of them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from schedules.calendar_vn import NAME_LENGTH, Override
from schedules.free_days import YEARS, Airing, Day
from server.acts import acting
from server.api.shapes import PROBLEMS, Moment, Name, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.governing import put_holiday
from server.i18n import negotiate

router = APIRouter(prefix="/places/{place_id}/holidays", tags=["policy"], responses=PROBLEMS)

Governor = Annotated[Who, Depends(allow(Permission.ADMINISTER))]
SHOWN = 200
"""Airings of each kind an effect names."""


class HolidayIn(Strict):
    """A day that is a holiday in this place and all below it, or (`free` false) that is none there."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
    free: bool = True


class DayOut(Shown):
    """A holiday, or a day that is none here. national: what the nation celebrates; place_id: who corrected it."""

    day: date
    name: str
    free: bool
    national: str
    place_id: str


class HeardOut(Shown):
    """An airing that falls away, or that is new."""

    schedule_id: str
    title: str
    start: Moment


class DifferenceOut(Shown):
    """What a correction would do up to the horizon: the first airings of each kind, and how many there are."""

    gone: list[HeardOut]
    gone_count: int
    new: list[HeardOut]
    new_count: int


class FollowedOut(Shown):
    """What a correction did."""

    called_off: int
    added: int


@router.get("")
async def year(
    place_id: Name,
    who: Viewer,
    runtime: RuntimeOf,
    request: Request,
    year: Annotated[int, Query(ge=YEARS.start, lt=YEARS.stop)],
) -> list[DayOut]:
    """The holidays of a year, and the days taken out of them, in order of time."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found: list[Day] = await runtime.programme.free_days.year(session, place_id, year, negotiate(request))
    return [DayOut.model_validate(each) for each in found]


@router.post("/{day}/effect")
async def effect(place_id: Name, day: date, body: HolidayIn, who: Governor, runtime: RuntimeOf) -> DifferenceOut:
    """What correcting a day would do to what is planned; nothing changes."""
    who.require(Permission.ADMINISTER, place_id)
    override = Override(day, body.name, body.free)
    async with runtime.database.reading() as session:
        found = await runtime.programme.free_days.difference(session, place_id, day, override, runtime.clock())
    return DifferenceOut(
        gone=_heard(found.gone), gone_count=len(found.gone), new=_heard(found.new), new_count=len(found.new)
    )


@router.put("/{day}")
async def correct(place_id: Name, day: date, body: HolidayIn, who: Governor, runtime: RuntimeOf) -> FollowedOut:
    """Correct a day; what is planned follows. Twice is once."""
    return await _put(runtime, who, place_id, day, Override(day, body.name, body.free))


@router.delete("/{day}")
async def take_back(place_id: Name, day: date, who: Governor, runtime: RuntimeOf) -> FollowedOut:
    """Take the place's correction of a day back. Twice is once."""
    return await _put(runtime, who, place_id, day, None)


async def _put(runtime: RuntimeOf, who: Who, place_id: str, day: date, override: Override | None) -> FollowedOut:
    async with acting(runtime, who) as act:
        done = await put_holiday(act, place_id, day, override)
    called_off, added = sum(len(each.called_off) for each in done), sum(len(each.added) for each in done)
    return FollowedOut(called_off=called_off, added=added)


def _heard(found: list[Airing]) -> list[HeardOut]:
    return [HeardOut.model_validate(each) for each in found[:SHOWN]]
