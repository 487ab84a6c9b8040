"""What a commune's policy and the server's own addresses come to for its speakers, and the telling of it."""

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from devices.models import OrderEntry, PlaceKind
from devices.wire.config import Config
from schedules.policy import Rules
from server.db import on_commit

if TYPE_CHECKING:
    from server.runtime import Runtime

_log = structlog.get_logger(__name__)


def base_of(rules: Rules, now: datetime, public_url: str) -> Config:
    """The config of every device of a place, but for what was set for single ones."""
    return Config(
        hours=rules.wire(now),
        volume_max=rules.volume_max,
        content=(f"{public_url}/content",),
        exchange=(f"{public_url}/exchange",),
    )


async def tell_all(runtime: "Runtime") -> None:
    """Tell every commune whose devices were told something else; most of the time nobody is."""
    async with runtime.database.reading() as session:
        communes = [place.id for place in await runtime.places.all(session) if place.kind is PlaceKind.COMMUNE]
    for commune_id in communes:
        try:
            await _tell_when_due(runtime, commune_id)
        except LoaError as error:
            _log.warning("configs.not_told", place=commune_id, code=error.code)
        except Exception:  # noqa: BLE001 - one commune's trouble must not leave those after it untold
            _log.exception("configs.failed", place=commune_id)


async def tell(runtime: "Runtime", session: AsyncSession, commune_id: str) -> list[OrderEntry]:
    """Order what a commune's devices are to be told now, in the caller's transaction."""
    rules = await runtime.programme.rules(session, commune_id)
    base = base_of(rules, runtime.clock(), runtime.settings.public_url)
    return await runtime.configurer.tell(session, commune_id, base)


async def tell_if_due(runtime: "Runtime", session: AsyncSession, commune_id: str) -> list[OrderEntry]:
    """The same, and nothing where nobody would be told anything new."""
    rules = await runtime.programme.rules(session, commune_id)
    base = base_of(rules, runtime.clock(), runtime.settings.public_url)
    if not await runtime.configurer.is_due(session, commune_id, base):
        return []
    return await runtime.configurer.tell(session, commune_id, base)


async def _tell_when_due(runtime: "Runtime", commune_id: str) -> None:
    async with runtime.database.reading() as session:
        rules = await runtime.programme.rules(session, commune_id)
        base = base_of(rules, runtime.clock(), runtime.settings.public_url)
        if not await runtime.configurer.is_due(session, commune_id, base):
            return
    async with runtime.database.writing() as session:
        await tell(runtime, session, commune_id)
        on_commit(session, runtime.sender.kick)
