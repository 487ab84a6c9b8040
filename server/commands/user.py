"""`loa user …`: people who may sign in, from the command line."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.auth.models import Role
from server.commands.serve import Config

app = typer.Typer(no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The name to sign in with.")]


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    place: Annotated[str, typer.Option(help="The place the role is for, e.g. bao-nhai; * for everywhere.")],
    config: Config = None,
) -> None:
    """Make a person and print a one-time password."""
    sys.stdout.write(f"{asyncio.run(_add(login, name, role, place, config))}\n")


@app.command("reset-password")
def reset_password(login: Login, config: Config = None) -> None:
    """Print a new one-time password; the person is signed out everywhere."""
    sys.stdout.write(f"{asyncio.run(_reset(login, config))}\n")


async def _add(login: str, name: str, role: Role, place: str, config: Path | None) -> str:
    from base.errors import NotFound
    from server import audit
    from server.auth.models import EVERYWHERE
    from server.auth.passwords import hash_password, one_time_password
    from server.auth.users import create_user
    from server.commands._open import opened

    password = one_time_password()
    hashed = await hash_password(password)
    async with opened(config) as here, here.database.writing() as session:
        if place != EVERYWHERE and place not in (await here.places.tree(session)):
            raise NotFound("server.place_unknown", place=place)
        user = await create_user(
            session, here.clock, name=name, login=login, password_hash=hashed, grants=[(role, place)]
        )
        details = {"login": login, "role": role.value, "place": place}
        await audit.record(session, here.clock, None, "create_user", f"user/{user.id}", details=details)
    return password


async def _reset(login: str, config: Path | None) -> str:
    from base.errors import NotFound
    from server import audit
    from server.auth import repository
    from server.auth.passwords import hash_password, one_time_password
    from server.auth.users import set_password
    from server.commands._open import opened

    password = one_time_password()
    hashed = await hash_password(password)
    async with opened(config) as here, here.database.writing() as session:
        user = await repository.user_by_login(session, login)
        if user is None:
            raise NotFound("server.user_unknown", user_id=login)
        await set_password(session, user.id, hashed, must_change=True)
        await audit.record(session, here.clock, None, "reset_password", f"user/{user.id}")
    return password
