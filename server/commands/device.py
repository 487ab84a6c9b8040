"""`loa device …`: bring in a site, enrol a device and write its device file, revoke one."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.serve import Config

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from devices.devicefile import Sound
    from server.runtime import Runtime

app = typer.Typer(no_args_is_help=True)

SPEAKER_STORAGE = "/var/lib/loa"
"""Where a speaker on a Linux board keeps its flash."""

Device = Annotated[str, typer.Argument(help="The device's name, e.g. bn-s01.")]


@app.command("import")
def import_(
    site: Annotated[Path, typer.Argument(help="The site's places, clusters and gateways (TOML).", exists=True)],
    config: Config = None,
) -> None:
    """Bring a site's places and clusters into the tables; again, after the file was changed."""
    asyncio.run(_import(site.read_text("utf-8"), config))


@app.command()
def enrol(
    device: Device,
    out: Annotated[Path, typer.Option(help="Where to write the device file; it holds the device's private key.")],
    cluster: Annotated[list[str], typer.Option(help="A cluster it sounds or transmits for; its own first.")],
    khz: Annotated[int | None, typer.Option(help="Its transmitter's frequency, for a gateway.")] = None,
    config: Config = None,
) -> None:
    """Give a device its identity. Enrolling again shuts out whoever holds the old device file."""
    asyncio.run(_enrol(device, cluster, khz, out, config))
    sys.stderr.write(f"Wrote {out}. Bring it to the device and delete it here.\n")


@app.command()
def revoke(device: Device, config: Config = None) -> None:
    """Believe nothing more a device says, and shut it out of the broker."""
    asyncio.run(_revoke(device, config))


async def _import(text: str, config: Path | None) -> None:
    from devices.site import read_site
    from server import audit
    from server.commands._open import opened
    from server.fleet import bring_in

    async with opened(config) as here, here.database.writing() as session:
        site = read_site(text)
        await bring_in(session, site, here.keys, here.clock)
        await audit.record(
            session, here.clock, None, "import_site", f"place/{site.commune_id}", place_id=site.commune_id
        )


async def _enrol(device: str, clusters: list[str], khz: int | None, out: Path, config: Path | None) -> None:
    from server import audit
    from server.commands._open import opened
    from server.fleet import enrol_one, write_private

    async with opened(config) as here:
        async with here.database.writing() as session:
            view = await here.devices.cluster(session, clusters[0])
            commune_id = view.cluster.commune_id
            text = await enrol_one(
                session,
                keys=here.keys,
                clock=here.clock,
                device_id=device,
                commune_id=commune_id,
                cluster_ids=clusters,
                transmitter_khz=khz,
                sound=await _sound(here, session, commune_id),
            )
            await audit.record(session, here.clock, None, "enrol_device", f"device/{device}", place_id=commune_id)
            # Before the commit: an enrolment whose file could not be written must not have happened.
            write_private(out, text)
        await _inform_broker(here)


async def _sound(here: "Runtime", session: "AsyncSession", commune_id: str) -> "Sound":
    from server.fleet import sound_of
    from server.settings import EMBEDDED

    broker = here.settings.broker
    url = broker.device_url or broker.url
    if url == EMBEDDED:
        url = f"mqtt://{socket.getfqdn()}:{broker.port}"
    return sound_of(
        await here.programme.rules(session, commune_id),
        here.clock(),
        broker_url=url,
        content_url=here.settings.public_url,
        storage_root=SPEAKER_STORAGE,
    )


async def _revoke(device: str, config: Path | None) -> None:
    from devices.enrolment import revoke
    from server import audit
    from server.commands._open import opened

    async with opened(config) as here:
        async with here.database.writing() as session:
            await revoke(session, device, clock=here.clock)
            await audit.record(session, here.clock, None, "revoke_device", f"device/{device}")
        await _inform_broker(here)


async def _inform_broker(here: "Runtime") -> None:
    """Write an outside Mosquitto's files; a running server informs its embedded broker by itself."""
    from server.fleet import write_mosquitto_files

    if here.settings.broker.files is not None:
        async with here.database.reading() as session:
            await write_mosquitto_files(session, here.keys, here.settings.broker.files)
