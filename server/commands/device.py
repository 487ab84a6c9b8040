"""`loa device …`: bring in a site, enrol a device and write its device file, revoke one."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.serve import Config

if TYPE_CHECKING:
    from server.runtime import Runtime

app = typer.Typer(no_args_is_help=True)

Device = Annotated[str, typer.Argument(help="The device's name, e.g. bn-s01.")]


@app.command("import")
def import_(
    site: Annotated[
        Path, typer.Argument(help="The site's places, clusters and gateways (TOML).", exists=True, dir_okay=False)
    ],
    config: Config = None,
) -> None:
    """Bring a site's places and clusters into the tables; again, after the file was changed."""
    asyncio.run(_import(_text_of(site), config))


@app.command()
def enrol(
    device: Device,
    out: Annotated[Path, typer.Option(help="Where to write the device file; it holds the device's private key.")],
    cluster: Annotated[list[str], typer.Option(help="A cluster it sounds or transmits for; its own first.")],
    khz: Annotated[int | None, typer.Option(help="Its transmitter's frequency, for a gateway.")] = None,
    config: Config = None,
) -> None:
    """Give a device its identity. Enrolling again shuts out whoever holds the old device file."""
    sys.stderr.write(asyncio.run(_enrol(device, cluster, khz, out, config)))


@app.command()
def code(
    *,
    device: Device,
    cluster: Annotated[
        list[str] | None, typer.Option(help="What it is for; nothing given: what it is for now.")
    ] = None,
    khz: Annotated[int | None, typer.Option(help="Its transmitter's frequency, for a gateway.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
    config: Config = None,
) -> None:
    """Make a one-time code by which a board enrols itself; it holds for 24 hours, and replaces an earlier one."""
    made = asyncio.run(_code(device, cluster or [], khz, config))
    if json_:
        sys.stdout.write(json.dumps(made) + "\n")
        return
    sys.stdout.write(made["code"] + "\n")
    sys.stderr.write(
        f"At the board: loa speaker enrol --server {made['server']} --code {made['code']} "
        "--config /etc/loa/device.json --board /etc/loa/board.toml\n"
        f"It must then print {made['fingerprint']}. The code holds until {made['expires_at']}.\n"
    )


@app.command()
def revoke(device: Device, config: Config = None) -> None:
    """Believe nothing more a device says, and shut it out of the broker."""
    asyncio.run(_revoke(device, config))


def _text_of(site: Path) -> str:
    from base.errors import Refused

    try:
        return site.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("devices.site_bad", where="file", problem="it is not UTF-8 text") from error


async def _import(text: str, config: Path | None) -> None:
    from devices.site import read_site
    from server import audit
    from server.commands._open import opened
    from server.fleet import bring_in

    site = read_site(text)
    async with opened(config) as here, here.database.writing() as session:
        await bring_in(session, site, here.keys, here.clock)
        await audit.record(
            session, here.clock, None, "import_site", f"place/{site.commune_id}", place_id=site.commune_id
        )


async def _enrol(device: str, clusters: list[str], khz: int | None, out: Path, config: Path | None) -> str:
    """Enrol, write the device file and what belongs beside it; gives the sentences that tell what to do with them."""
    from server import audit
    from server.commands._open import opened
    from server.enrolments import sound_for
    from server.files import write_private
    from server.fleet import enrol_one

    async with opened(config) as here:
        async with here.database.writing() as session:
            view = await here.devices.cluster(session, clusters[0])
            commune_id = view.cluster.commune_id
            sound = await sound_for(here, session, commune_id)
            text = await enrol_one(
                session,
                keys=here.keys,
                clock=here.clock,
                device_id=device,
                commune_id=commune_id,
                cluster_ids=clusters,
                transmitter_khz=khz,
                sound=sound,
            )
            await audit.record(session, here.clock, None, "enrol_device", f"device/{device}", place_id=commune_id)
            # Before the commit: an enrolment whose file could not be written must not have happened.
            authority = _write_authority(here, out)
            write_private(out, text)
        await _inform_broker(here)
    return (
        f"Wrote {' and '.join(str(path) for path in (out, authority) if path is not None)}. "
        "Bring it to the device and delete it here.\n"
        f"The device will look for the broker at {sound.broker_url}, for sounds at {sound.content_urls[0]}.\n"
    )


def _write_authority(here: "Runtime", out: Path) -> Path | None:
    """The authority of the broker's certificate, beside the device file that names it."""
    from server.enrolments import CA_NAME, authority_text
    from server.files import OWNER_ONLY, write_files

    text = authority_text(here)
    if text is None:
        return None
    write_files(out.parent, {CA_NAME: text}, OWNER_ONLY)
    return out.parent / CA_NAME


async def _code(device: str, clusters: list[str], khz: int | None, config: Path | None) -> dict[str, str]:
    from devices.claiming import issue_code
    from devices.enrolment import trust_fingerprint
    from server import audit
    from server.commands._open import opened

    async with opened(config) as here, here.database.writing() as session:
        made = await issue_code(
            session, keys=here.keys, clock=here.clock, device_id=device, cluster_ids=clusters, transmitter_khz=khz
        )
        await audit.record(
            session, here.clock, None, "make_enrolment_code", f"device/{device}", place_id=made.commune_id
        )
        return {
            "device_id": device,
            "code": made.code,
            "expires_at": made.expires_at.isoformat(),
            "fingerprint": await trust_fingerprint(session, made.commune_id),
            "server": here.settings.public_url,
        }


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
