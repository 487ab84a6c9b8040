"""`loa schedule import` and `export`: a place's schedules as an iCalendar file, all of it or nothing."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.serve import Config

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from schedules.ical import Event
    from server.runtime import Runtime

LISTED = timedelta(days=366)
"""How far ahead days are listed that no rule of a file can say."""

Place = Annotated[str, typer.Option(help="The place whose schedules they are, e.g. bao-nhai.")]


def export_file(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="The file to write; - for standard output.")],
    place: Place,
    language: Annotated[str, typer.Option(help="Of the words that describe each rule: vi or en.")] = "vi",
    config: Config = None,
) -> None:
    """Write a place's running schedules; Loa reads the file back unchanged."""
    data = asyncio.run(_export(place, language, config))
    if str(file) == "-":
        sys.stdout.buffer.write(data)
    else:
        file.write_bytes(data)


def import_file(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="The file to read; - for standard input.")],
    place: Place,
    user: Annotated[str, typer.Option(help="Whose schedules they will be: a name to sign in with.")],
    announcement: Annotated[
        str, typer.Option(help="What they announce; else the announcement that is called what the event is.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    config: Config = None,
) -> None:
    """Make a schedule of each event. Those that are there already are passed over; one wrong event and none is made."""
    from schedules.ical import MAX_BYTES

    if str(file) == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with file.open("rb") as opened_file:
            data = opened_file.read(MAX_BYTES + 1)
    lines, whole = asyncio.run(_import(data, _Asked(place, user, announcement, dry_run), config))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    if not whole:
        sys.stderr.write("loa: nothing was imported\n")
        raise typer.Exit(1)


async def _export(place: str, language: str, config: Path | None) -> bytes:
    from schedules.ical import write_calendar
    from server.commands._open import opened_to_read

    async with opened_to_read(config) as here, here.database.reading() as session:
        now = here.clock()
        through = (now + LISTED).date()
        events = await here.programme.calendars.events(session, place, now, through)
    return write_calendar(events, name=place, now=now, through=through, language=language)


@dataclass(frozen=True, slots=True)
class _Asked:
    place: str
    user: str
    announcement: str
    dry_run: bool


async def _import(data: bytes, asked: _Asked, config: Path | None) -> tuple[list[str], bool]:
    """What is said of each event, and whether all is well; if not, nothing is kept."""
    from base.errors import NotFound
    from server.auth import repository
    from server.commands._open import opened
    from server.i18n import translate_error

    async with opened(config) as here, here.database.writing() as session:
        person = await repository.user_by_login(session, asked.user)
        if person is None:
            raise NotFound("server.user_unknown", user_id=asked.user)
        read = await here.programme.calendars.read(session, asked.place, data)
        lines = [f"refused  {each.title}: {translate_error('en', each.error)}" for each in read.problems]
        lines += [await _made(here, session, event, asked, person.id) for event in read.events]
        whole = not any(line.startswith("refused") for line in lines)
        if asked.dry_run or not whole:
            await session.rollback()
    return lines, whole


async def _made(here: "Runtime", session: "AsyncSession", event: "Event", asked: _Asked, user_id: str) -> str:
    """Make a schedule of an event; gives the line that says what was done."""
    from base.errors import Refused
    from devices.wire.audience import Audience
    from server import audit
    from server.i18n import translate_error

    calendars, place = here.programme.calendars, asked.place
    try:
        about = await calendars.announcement_for(session, place, event.title, asked.announcement)
        if await calendars.is_there(session, place, about, event.rule):
            return f"already  {event.title}"
        made = await here.programme.create_schedule(
            session, announcement_id=about, title=event.title, rule=event.rule, audience=Audience(), user_id=user_id
        )
    except Refused as refusal:
        return f"refused  {event.title}: {translate_error('en', refusal)}"
    await audit.record(session, here.clock, user_id, "create_schedule", f"schedule/{made.id}", place_id=place)
    return f"made     {event.title}: {made.id}"
