"""`loa broker …`: what a broker outside needs before the first start."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from server.commands.serve import Config

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Where to write.")]


@app.command()
def prepare(
    folder: Folder, host: Annotated[str, typer.Option(help="The name or address speakers reach the broker by.")]
) -> None:
    """Make FOLDER/tls (an authority and the broker's certificate) where it is missing, and FOLDER/broker, empty.

    The server fills FOLDER/broker with credentials and permissions and keeps them up to date.
    """
    from base.times import utc_now
    from server.certificates import ensure_certificates

    made = ensure_certificates(folder / "tls", host, utc_now())
    (folder / "broker").mkdir(mode=0o750, parents=True, exist_ok=True)
    sys.stderr.write(f"{'Wrote' if made else 'Kept'} the certificate for {host} in {folder / 'tls'}\n")


@app.command("write-files")
def write_files(folder: Folder, config: Config = None) -> None:
    """Write passwd, acl and the server's own password for Mosquitto, for the devices enrolled now."""
    asyncio.run(_write(folder, config))


async def _write(folder: Path, config: Path | None) -> None:
    from server.commands._open import opened
    from server.fleet import write_mosquitto_files

    async with opened(config) as here, here.database.reading() as session:
        changed = await write_mosquitto_files(session, here.keys, folder)
    sys.stderr.write("Written.\n" if changed else "Nothing was different.\n")
