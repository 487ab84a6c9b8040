"""`loa schedule hear`: what a cluster will hear on a day, by the rules its speaker follows; nothing is written."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from server.commands.serve import Config


def hear(
    *,
    cluster: Annotated[str, typer.Argument(help="The cluster, e.g. bn-s01.")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="YYYY-MM-DD, by the commune's clock.")],
    as_json: Annotated[bool, typer.Option("--json", help="A list of what is heard and what is not.")] = False,
    config: Config = None,
) -> None:
    """Print what a cluster will hear on a day, as far as it is planned."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter("DATE is a day such as 2026-03-10") from error
    found = asyncio.run(_hear(cluster, wanted, config))
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    sys.stdout.writelines(_line(each) for each in found)


async def _hear(cluster: str, day: date, config: Path | None) -> list[dict[str, Any]]:
    from server.commands._open import opened_to_read

    async with opened_to_read(config) as here, here.database.reading() as session:
        view = await here.devices.cluster(session, cluster)
        zone = await here.programme.zone(session, view.cluster.commune_id)
        found = await here.programme.hear(session, cluster, day)
        names = {each.occurrence for each in found.heard} | {name for name, _, _ in found.silent}
        titles = {name: (await here.programme.occurrence(session, name)).title for name in names}
    return list(_lines(found, titles, zone))


def _lines(found: Any, titles: dict[str, str], zone: Any) -> Iterator[dict[str, Any]]:
    from base.times import from_ms

    for each in found.heard:
        yield {
            "from": from_ms(each.from_ms).astimezone(zone).isoformat(timespec="seconds"),
            "to": from_ms(each.to_ms).astimezone(zone).isoformat(timespec="seconds"),
            "occurrence": each.occurrence,
            "title": titles[each.occurrence],
            "state": None if each.state is None else each.state.value,
            "reason": each.reason,
        }
    for name, state, reason in found.silent:
        said = {"occurrence": name, "title": titles[name], "state": state.value, "reason": reason}
        yield {"from": None, "to": None, **said}


def _line(each: dict[str, Any]) -> str:
    span = f"{each['from'][11:19]}–{each['to'][11:19]}" if each["from"] else "not heard        "
    return f"{span}  {each['title']}  {each['reason']}".rstrip() + "\n"
