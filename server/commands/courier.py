"""`loa courier …`: prepare bundles, take return files in, see what is on its way."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from server.commands.serve import Config

if TYPE_CHECKING:
    from devices.couriers.returns import TakenReturn
    from devices.couriers.service import BundleView

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@app.command()
def prepare(
    out: Annotated[Path, typer.Option(help="The folder to write the bundle to.", file_okay=False)],
    village: Annotated[list[str] | None, typer.Option(help="A village it is for; several make a route.")] = None,
    device: Annotated[list[str] | None, typer.Option(help="A device it is for.")] = None,
    route: Annotated[str | None, typer.Option(help="A route it is for.")] = None,
    place: Annotated[str, typer.Option(help="The commune.")] = "",
    *,
    whole: Annotated[bool, typer.Option("--whole", help="Everything anew: the speaker lost its memory.")] = False,
    config: Config = None,
) -> None:
    """Prepare a bundle of what these devices are not known to have; prints the file's path."""
    asked = _Asked(place, tuple(village or ()), tuple(device or ()), route, whole)
    path = asyncio.run(_prepare(out, asked, config))
    sys.stdout.write(f"{path}\n")


@app.command("return")
def return_(
    files: Annotated[list[Path], typer.Argument(help="Return files, in any order.", exists=True, dir_okay=False)],
    *,
    json_: Json = False,
    config: Config = None,
) -> None:
    """Take return files in. Ends with 1 when one was refused; the others are taken all the same."""
    results = asyncio.run(_take(files, config))
    if json_:
        sys.stdout.write(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    for each in results:
        if not json_ and each["accepted"]:
            sys.stdout.write(f"{each['file']}: {each['device']}, {each['receipts']} receipts\n")
        elif not each["accepted"]:
            sys.stderr.write(f"loa: {each['file']}: {each['reason']}\n")
    if not all(each["accepted"] for each in results):
        raise typer.Exit(1)


@app.command("list")
def list_(
    place: Annotated[str, typer.Argument(help="The commune.")], *, json_: Json = False, config: Config = None
) -> None:
    """The last fifty bundles of a commune, newest first."""
    rows = asyncio.run(_list(place, config))
    if json_:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
        return
    for row in rows:
        sys.stdout.write(f"{row['id']}  {row['state']:<11}  {row['handed']}/{row['devices']}  {row['label']}\n")


class _Asked(NamedTuple):
    """Whom a bundle is for."""

    place: str
    villages: tuple[str, ...]
    devices: tuple[str, ...]
    route_id: str | None
    whole: bool


async def _prepare(out: Path, asked: _Asked, config: Path | None) -> Path:
    import shutil

    from base.errors import Refused
    from devices.couriers import plans
    from server import audit
    from server.commands._open import opened

    async with opened(config) as here:
        async with here.database.reading() as session:
            found = await here.couriers.devices_of(session, village_ids=asked.villages, route_id=asked.route_id)
            chosen = sorted({*asked.devices, *found})
            if not chosen:
                raise Refused("devices.bundle_nobody")
            commune_id = asked.place or (await here.devices.device(session, chosen[0])).commune_id
            gathered = await here.couriers.gather(session, commune_id, chosen, whole=asked.whole)
            route = None if asked.route_id is None else await plans.route(session, asked.route_id)
        written = await here.couriers.write(gathered)
        async with here.database.writing() as session:
            label = ", ".join(chosen) if route is None else route.name
            row = await here.couriers.save(session, written, label=label, route_id=asked.route_id, user_id=None)
            await audit.record(session, here.clock, None, "prepare_bundle", f"bundle/{row.id}", place_id=commune_id)
        target = out / row.file_name
        await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(shutil.copyfile, here.couriers.file(row), target)
    return target


async def _take(files: list[Path], config: Path | None) -> list[dict[str, Any]]:
    from base.errors import LoaError
    from server import audit
    from server.commands._open import opened
    from server.i18n import translate_error

    results: list[dict[str, Any]] = []
    async with opened(config) as here:
        for path in files:
            try:
                with path.open("rb") as file:
                    async with here.database.reading() as session:
                        read = await here.returns.open(session, file, path.stat().st_size)
                for part in read.parts():
                    async with here.database.writing() as session:
                        await here.returns.file(session, read, part)
                async with here.database.writing() as session:
                    taken = await here.returns.take(session, read, None)
                    what = f"device/{taken.device_id}"
                    await audit.record(session, here.clock, None, "take_return", what, place_id=taken.commune_id)
                results.append(_taken(path, taken))
            except LoaError as error:
                results.append({"file": str(path), "accepted": False, "reason": translate_error("en", error)})
    return results


def _taken(path: Path, taken: "TakenReturn") -> dict[str, Any]:
    return {
        "file": str(path),
        "accepted": True,
        "device": taken.device_id,
        "receipts": taken.receipts,
        "refused": taken.refused,
        "again": taken.again,
        "latest": taken.latest,
        "handed": list(taken.handed),
    }


async def _list(place: str, config: Path | None) -> list[dict[str, Any]]:
    from server.commands._open import opened

    async with opened(config) as here, here.database.reading() as session:
        return [_row(view) for view in await here.couriers.bundles(session, place)]


def _row(view: "BundleView") -> dict[str, Any]:
    it = view.bundle
    return {
        "id": it.id,
        "label": it.label,
        "file": it.file_name,
        "size": it.size,
        "state": view.state.value,
        "prepared_at": it.prepared_at.isoformat(),
        "expires_at": it.expires_at.isoformat(),
        "devices": len(view.devices),
        "handed": view.handed,
        "carriers": [each.carrier for each in view.carriages],
    }
