"""The languages an announcement lacks, as pages tell it: for whom, how bad it is, who can help."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from schedules.ground import Ground
from schedules.missing import Missing, Need
from schedules.service import Lacking
from server.web.audience import Chosen
from server.web.page import Page

SIGNS = {Need.NOTHING: ("■", "bad"), Need.FIRST: ("▲", "late"), Need.FURTHER: ("○", "off")}
"""Symbol and tone of the worst that a language's absence does; the words beside them say the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """A language that is missing. voiced: the computer can speak it; villages: their names, those that lose most first.

    told: how many villages lose how much, in words.
    """

    language: str
    symbol: str
    tone: str
    voiced: bool
    villages: tuple[str, ...]
    people: int
    told: str


@dataclass(frozen=True, slots=True)
class Told:
    """An announcement with its lines. title: of one that stands in the session asked about, otherwise empty."""

    announcement_id: str
    title: str
    lines: tuple[Line, ...]


async def lacking(page: Page, session: AsyncSession, announcement_id: str) -> list[Told]:
    """What an announcement of this commune lacks for all of it; nothing that is complete."""
    return _told(page, announcement_id, await page.runtime.languages.missing(session, announcement_id))


async def lacking_for(
    page: Page, session: AsyncSession, ground: Ground, announcement_id: str, chosen: Chosen
) -> list[Told]:
    """The same for an audience as a form says it; nothing while that is empty or refused."""
    audience = chosen.audience
    if audience is None or not announcement_id:
        return []
    try:
        found = await page.runtime.languages.missing_in(session, ground, announcement_id, audience)
    except Refused:
        return []
    return _told(page, announcement_id, found)


def _told(page: Page, announcement_id: str, found: Sequence[Lacking]) -> list[Told]:
    voiced = {voice.language for voice in page.runtime.audio.voices()}
    return [
        Told(
            each.announcement_id,
            each.title if each.announcement_id != announcement_id else "",
            tuple(_line(page, one, voiced=one.language in voiced) for one in each.missing),
        )
        for each in found
        if each.missing
    ]


def _line(page: Page, one: Missing, *, voiced: bool) -> Line:
    names = tuple(lack.village.name for lack in one.lacks)
    return Line(one.language, *SIGNS[one.lacks[0].need], voiced, names, one.people, _in_words(page, one))


def _in_words(page: Page, one: Missing) -> str:
    nothing, first, further = (len(one.villages(need)) for need in Need)
    counted = [
        page.ngettext(
            "%(num)d village hears none of its languages", "%(num)d villages hear none of their languages", nothing
        ),
        page.ngettext(
            "%(num)d village puts it first and hears another of its languages",
            "%(num)d villages put it first and hear another of their languages",
            first,
        ),
        page.ngettext(
            "%(num)d village hears another of its languages",
            "%(num)d villages hear another of their languages",
            further,
        ),
    ]
    return "; ".join(words for words, num in zip(counted, (nothing, first, further), strict=True) if num)
