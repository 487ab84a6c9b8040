"""`loa report …`: what was planned and what is proved of it, from the server's own data; nothing is written to it."""

import asyncio
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.commands.serve import Config

if TYPE_CHECKING:
    from schedules.log_scope import Scope
    from schedules.reporting import Period
    from server.runtime import Runtime

app = typer.Typer(no_args_is_help=True)

Place = Annotated[str, typer.Option(help="The commune, or a village or the province, e.g. bao-nhai.")]
AsJson = Annotated[bool, typer.Option("--json", help="The totals as JSON.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the log as CSV.")]
Xlsx = Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help="Write totals and log for a spreadsheet.")]
Language = Annotated[str, typer.Option(help="Of the files: vi or en.")]


@app.callback()
def report() -> None:
    """What was planned, and what is proved of it."""


@app.command()
def day(
    *,
    when: Annotated[str, typer.Argument(metavar="DATE", help="YYYY-MM-DD, by the place's clock.")],
    place: Place,
    as_json: AsJson = False,
    csv: Csv = None,
    xlsx: Xlsx = None,
    language: Language = "vi",
    config: Config = None,
) -> None:
    """Report of a day."""
    from schedules.log_scope import day_of

    wanted = day_of(when)
    asyncio.run(_report((wanted, wanted), place, config, as_json=as_json, csv=csv, xlsx=xlsx, language=language))


@app.command()
def month(
    *,
    when: Annotated[str, typer.Argument(metavar="MONTH", help="YYYY-MM, by the place's clock.")],
    place: Place,
    as_json: AsJson = False,
    csv: Csv = None,
    xlsx: Xlsx = None,
    language: Language = "vi",
    config: Config = None,
) -> None:
    """Report of a month."""
    from schedules.log_scope import days_of_month

    asyncio.run(_report(days_of_month(when), place, config, as_json=as_json, csv=csv, xlsx=xlsx, language=language))


async def _report(
    days: tuple[date, date],
    place: str,
    config: Path | None,
    *,
    as_json: bool,
    csv: Path | None,
    xlsx: Path | None,
    language: str,
) -> None:
    from server.api.reports import report_out
    from server.commands._open import opened_to_read
    from server.i18n.catalogue import LOCALES

    if language not in LOCALES:
        raise typer.BadParameter(f"--language is one of {', '.join(LOCALES)}")
    async with opened_to_read(config) as here:
        reports = here.programme.reports
        async with here.database.reading() as session:
            scope = await reports.scope(session, place, *days)
            found = await reports.period(session, scope, here.clock())
        if csv is not None:
            await _write_csv(here, scope, csv, language)
        if xlsx is not None:
            await _write_xlsx(here, scope, xlsx, language)
    if as_json:
        sys.stdout.write(report_out(found).model_dump_json() + "\n")
    else:
        sys.stdout.writelines(line + "\n" for line in _lines(found))


async def _write_csv(here: "Runtime", scope: "Scope", to: Path, language: str) -> None:
    from server.web.report_files import csv_chunks, words_of

    now = here.clock()
    lots = here.programme.reports.batches(here.database, scope, now)
    with to.open("w", encoding="utf-8", newline="") as file:
        async for chunk in csv_chunks([], lots, words_of(language, scope), scope, now):
            file.write(chunk)


async def _write_xlsx(here: "Runtime", scope: "Scope", to: Path, language: str) -> None:
    from server.web.report_files import words_of, write_book

    with to.open("wb") as file:
        await write_book(here, file, scope, words_of(language, scope), here.clock())


def _lines(found: "Period") -> list[str]:
    """The totals for a person's eyes."""
    whole = found.report.whole
    lines = [
        f"{found.scope.place.name}, {found.scope.first} – {found.scope.last}",
        f"{whole.airings} airings, {whole.clusters} times a cluster; {_minutes(whole.programme_ms)} min of programme",
        "  " + _claims(whole.claims),
    ]
    for title, totals in (("class", found.report.classes), ("level", found.report.levels)):
        lines += [f"{title} {head}: {each.airings} airings, {_claims(each.claims)}" for head, each in totals.items()]
    for head, each in found.report.languages.items():
        lines.append(f"language {head}: {_minutes(each.programme_ms)} min")
    for one in found.silences:
        start = one.row.start.astimezone(found.scope.zone)
        lines.append(
            f"{start:%Y-%m-%d %H:%M}  {one.row.title}: {one.clusters} {one.claim.value} {one.row.reason}".rstrip()
        )
    return lines


def _claims(claims: Any) -> str:
    return ", ".join(f"{count} {said.value}" for said, count in sorted(claims.items())) or "nothing"


def _minutes(ms: int) -> str:
    return f"{ms / 60_000:.1f}"
