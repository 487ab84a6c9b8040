"""Enrolment as the application does it: what a device file says here, codes made by people, codes brought by boards."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from devices.claiming import IssuedCode, claim, issue_code
from devices.devicefile import Sound
from devices.enrolment import described, trust_fingerprint
from server import audit
from server.acts import Act
from server.auth.permissions import Permission
from server.fleet import sound_of
from server.runtime import Runtime
from server.settings import EMBEDDED

CA_NAME = "ca.crt"
SPEAKER_STORAGE = "/var/lib/loa"
"""Where a speaker on a Linux board keeps its flash."""
REAL_SOUND = "sound"


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A code with what somebody at the board compares."""

    issued: IssuedCode
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a board is told: its device file without a seed, and the authority of the broker's certificate (PEM)."""

    device_file: dict[str, Any]
    authority: str | None
    fingerprint: str


async def sound_for(runtime: Runtime, session: AsyncSession, commune_id: str) -> Sound:
    """What the device files of a commune share."""
    broker = runtime.settings.broker
    url = broker.device_url or broker.url
    if url == EMBEDDED:
        url = f"mqtt://{await asyncio.to_thread(socket.getfqdn)}:{broker.port}"
    return sound_of(
        await runtime.programme.rules(session, commune_id),
        runtime.clock(),
        broker_url=url,
        content_url=runtime.settings.public_url,
        storage_root=SPEAKER_STORAGE,
        ca_file="" if broker.device_ca_file is None else CA_NAME,
    )


def authority_text(runtime: Runtime) -> str | None:
    """The authority of the broker's certificate, which goes beside every device file. Raises Refused."""
    source = runtime.settings.broker.device_ca_file
    return None if source is None else _read(source)


def _read(source: Path) -> str:
    try:
        return source.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("server.certificate_missing", path=str(source)) from error


async def make_code(act: Act, device_id: str, cluster_ids: list[str], transmitter_khz: int | None) -> CodeShown:
    """A code in somebody's name. Raises as `issue_code`, and Forbidden."""
    runtime = act.runtime
    issued = await issue_code(
        act.session,
        keys=runtime.keys,
        clock=runtime.clock,
        device_id=device_id,
        cluster_ids=cluster_ids,
        transmitter_khz=transmitter_khz,
        made_by=act.who.id,
    )
    act.require(Permission.MANAGE_CLUSTERS, issued.commune_id)
    await act.done("make_enrolment_code", f"device/{device_id}", issued.commune_id)
    return CodeShown(issued, await trust_fingerprint(act.session, issued.commune_id))


async def take_board(runtime: Runtime, *, typed: str, public: bytes, proof: bytes, model: str) -> Answer:
    """Enrol a board by its code. Raises as `claim`."""
    authority = await asyncio.to_thread(authority_text, runtime)
    async with runtime.database.writing() as session:
        enrolled = await claim(
            session, keys=runtime.keys, clock=runtime.clock, typed=typed, public=public, proof=proof, model=model
        )
        device = enrolled.device
        sound = await sound_for(runtime, session, device.commune_id)
        file = (await described(session, [enrolled]))[device.id].to_map(sound)
        file["player"]["output"] = REAL_SOUND
        fingerprint = await trust_fingerprint(session, device.commune_id)
        await audit.record(
            session, runtime.clock, None, "enrol_device", f"device/{device.id}", place_id=device.commune_id
        )
    return Answer(file, authority, fingerprint)
