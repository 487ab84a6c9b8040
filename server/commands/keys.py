"""`loa keys …`: the keys by which authorities sign, and how one follows another."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.commands.serve import Config

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from devices.rotation import KeyView
    from server.runtime import Runtime

app = typer.Typer(no_args_is_help=True)

Authority = Annotated[str, typer.Argument(help="The commune, province or country, e.g. bao-nhai.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of lines.")]
Step = Callable[["AsyncSession", "Runtime"], Awaitable[str]]


@app.command("list")
def list_(
    authority: Annotated[str | None, typer.Argument(help="Of one authority; all when not given.")] = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's way to say a flag
    config: Config = None,
) -> None:
    """Show every key with its age; one that ends within 60 days is marked."""
    views, lacking = asyncio.run(_views(authority, config))
    shown = [_plain(view, lacking.get(view.kid)) for view in views]
    sys.stdout.write(json.dumps(shown, indent=1) + "\n" if as_json else "".join(map(_line, shown)))


@app.command()
def announce(authority: Authority, as_json: AsJson = False, config: Config = None) -> None:  # noqa: FBT002 - as above
    """Make the next key and tell every device of it, under the present one."""

    async def step(session: "AsyncSession", here: "Runtime") -> str:
        from devices import rotation

        return f"announce {(await rotation.announce(session, here.keys, here.clock, authority)).epoch}"

    _run(authority, step, as_json=as_json, config=config)


@app.command()
def use(
    authority: Authority,
    force: Annotated[bool, typer.Option(help="Also while devices do not know the key yet.")] = False,  # noqa: FBT002 - as above
    as_json: AsJson = False,  # noqa: FBT002 - as above
    config: Config = None,
) -> None:
    """Sign with the announced key from now on."""

    async def step(session: "AsyncSession", here: "Runtime") -> str:
        from devices import rotation

        return f"use {(await rotation.use(session, here.keys, here.clock, authority, force=force)).epoch}"

    _run(authority, step, as_json=as_json, config=config)


@app.command()
def retire(authority: Authority, as_json: AsJson = False, config: Config = None) -> None:  # noqa: FBT002 - as above
    """Tell every device to trust no key any more that signed before the present one."""

    async def step(session: "AsyncSession", here: "Runtime") -> str:
        from devices import rotation

        return f"retire {(await rotation.retire(session, here.keys, here.clock, authority))[-1].epoch}"

    _run(authority, step, as_json=as_json, config=config)


def _run(authority: str, step: Step, *, as_json: bool, config: Path | None) -> None:
    """One step of a rotation, then how things stand."""
    asyncio.run(_in_one_transaction(authority, step, config))
    list_(authority, as_json, config)


async def _in_one_transaction(authority: str, step: Step, config: Path | None) -> None:
    from server import audit
    from server.commands._open import opened

    async with opened(config) as here, here.database.writing() as session:
        action, epoch = (await step(session, here)).split()
        await audit.record(session, here.clock, None, f"{action}_key", f"key/{authority}#{epoch}", place_id=authority)


async def _views(authority: str | None, config: Path | None) -> tuple[list["KeyView"], dict[str, int]]:
    """The keys, and for each announced one how many devices do not know it yet."""
    from devices import rotation
    from server.commands._open import opened

    async with opened(config) as here, here.database.reading() as session:
        only = None if authority is None else [authority]
        views = await rotation.key_views(session, here.keys, here.clock(), only)
        announced = [view for view in views if view.state is rotation.KeyState.ANNOUNCED]
        return views, {view.kid: len(await rotation.lacking(session, view.key.authority_id)) for view in announced}


def _plain(view: "KeyView", lacking: int | None) -> dict[str, Any]:
    key = view.key
    moments = {"made_at": key.made_at, "signing_from": key.signing_from, "expires_at": key.expires_at}
    return {
        "kid": view.kid,
        "state": view.state.value,
        **{name: moment and moment.isoformat(timespec="seconds") for name, moment in moments.items()},
        "retired_at": key.retired_at and key.retired_at.isoformat(timespec="seconds"),
        "public": key.public.hex(),
        "held": view.held,
        "expires_soon": view.expires_soon,
        "lacking": lacking,
    }


def _line(shown: dict[str, Any]) -> str:
    notes = [
        f"until {shown['expires_at'][:10]}",
        *(["ENDS SOON: announce the next one"] if shown["expires_soon"] else []),
        *(["private half not here"] if not shown["held"] and shown["state"] != "retired" else []),
        *([f"{shown['lacking']} devices do not know it yet"] if shown["lacking"] else []),
    ]
    return f"{shown['kid']}\t{shown['state']}\t{', '.join(notes)}\n"
