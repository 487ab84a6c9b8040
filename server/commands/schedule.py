"""`loa schedule …`: the programme without any running server; here when a rule comes true."""

import json
import sys
from typing import Annotated, Any

import typer

from server.commands.schedule_files import export_file, import_file
from server.commands.schedule_hear import hear

app = typer.Typer(no_args_is_help=True)


app.command("hear")(hear)
app.command("import")(import_file)
app.command("export")(export_file)


@app.callback()
def schedule() -> None:
    """What plays when."""


@app.command()
def preview(
    *,
    rrule: Annotated[str | None, typer.Option(help="An RFC 5545 rule, e.g. FREQ=WEEKLY;BYDAY=MO,WE.")] = None,
    dtstart: Annotated[str, typer.Option(metavar="YYYYMMDDTHHMMSS", help="The first time, on the zone's clock.")] = "",
    tz: Annotated[str, typer.Option(help="The time zone, e.g. Asia/Ho_Chi_Minh.")] = "Asia/Ho_Chi_Minh",
    count: Annotated[int, typer.Option(help="How many times to show.")] = 10,
    exdate: Annotated[list[str] | None, typer.Option(help="Times or days left out; may be given again.")] = None,
    rdate: Annotated[list[str] | None, typer.Option(help="Times or days added; may be given again.")] = None,
    skip_holidays: Annotated[bool, typer.Option("--skip-holidays", help="Not on Vietnam's public holidays.")] = False,
    lunar: Annotated[str | None, typer.Option(help="Lunar days instead of a rule: 1,15 or 10/3,15/8.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="YYYY-MM-DD, for lunar days.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day, also looked at.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of ISO times (days, for lunar days).")] = False,
) -> None:
    """Print when a rule comes true."""
    if (rrule is None) == (lunar is None):
        raise typer.BadParameter("give either --rrule with --dtstart, or --lunar with --from and --to")
    if lunar is not None:
        if first is None or last is None:
            raise typer.BadParameter("--lunar needs --from and --to")
        _lunar(lunar, first, last, as_json=as_json)
        return
    if not dtstart:
        raise typer.BadParameter("--rrule needs --dtstart")
    left_out, added = exdate or [], rdate or []
    _rule(rrule or "", dtstart, tz, count, exdates=left_out, rdates=added, skip_holidays=skip_holidays, as_json=as_json)


def _rule(*asked: Any, as_json: bool, **more: Any) -> None:
    """The rest is what `rule_times` is asked."""
    from schedules.preview import rule_times

    found = rule_times(*asked, **more)
    if as_json:
        _print([airing.at.isoformat() for airing in found])
        return
    for airing in found:
        sys.stdout.write(f"{airing.at.isoformat()}  {airing.at:%a}  {airing.holiday or ''}".rstrip() + "\n")


def _lunar(wanted: str, first: str, last: str, *, as_json: bool) -> None:
    from schedules.preview import lunar_days

    found = lunar_days(wanted, first, last)
    if as_json:
        _print([dated.day.isoformat() for dated in found])
        return
    for dated in found:
        leap = " (leap month)" if dated.lunar.leap else ""
        sys.stdout.write(f"{dated.day.isoformat()}  {dated.lunar.day}/{dated.lunar.month}{leap}\n")


def _print(found: list[str]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
