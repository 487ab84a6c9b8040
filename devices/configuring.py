"""Config orders: what a commune's policy says to all its devices, and what people set for one; told when it differs.

A config replaces the whole of the one before, and of two the later issued holds. So a device that is set by itself is
told again in its own log whenever its commune was told something.
"""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from base.times import Clock, from_ms
from devices import orderlog
from devices.keys import KeyStore
from devices.models import DeviceConfig, OrderEntry
from devices.repository import configs as rows
from devices.repository import log as log_rows
from devices.wire import topics
from devices.wire.audience import Audience
from devices.wire.config import MAX_SPANS, SAVER_PCT, Config

STANDS = timedelta(days=365)
RENEW = timedelta(days=120)
"""How long before its end a config is told again; a device may be away for that long."""
URGENCY = 2
MAX_REMEMBERED = 2_000


class Told(NamedTuple):
    """A config that was ordered: the whole of it, when devices take it to have been issued, and when it ends."""

    config: Config
    issued_at: datetime
    expires_at: datetime


def config_of(base: Config, own: DeviceConfig | None) -> Config:
    """What a device is to do: as its commune, but for what was set for it (pure)."""
    if own is None:
        return base
    low, critical = SAVER_PCT if own.low_pct is None or own.critical_pct is None else (own.low_pct, own.critical_pct)
    return replace(
        base,
        volume_max=base.volume_max if own.volume_max is None else min(own.volume_max, base.volume_max),
        heartbeat_s=base.heartbeat_s if own.heartbeat_s is None else own.heartbeat_s,
        saver_pct=(low, critical),
        online=tuple((span[0], span[1]) for span in own.online),
    )


def check(own: DeviceConfig) -> None:
    """Raise Refused("devices.config_wrong") for what no config order can say (pure)."""
    pair = own.low_pct, own.critical_pct
    spans = [(low, high) for low, high in own.online]
    right = (
        (own.volume_max is None or 0 <= own.volume_max <= 100)
        and (own.heartbeat_s is None or 5 <= own.heartbeat_s <= 3_600)
        and (pair == (None, None) or (None not in pair and 0 <= (pair[1] or 0) <= (pair[0] or 0) <= 100))
        and len(spans) <= MAX_SPANS
        and all(0 <= low < high <= 1_440 for low, high in spans)
    )
    if not right:
        raise Refused("devices.config_wrong", device_id=own.device_id)


class Configurer:
    """Tells devices how to behave. Everything runs in the caller's transaction; nothing commits."""

    def __init__(self, keys: KeyStore, clock: Clock) -> None:
        self._keys, self._clock = keys, clock
        self._read: OrderedDict[str, Told] = OrderedDict()

    async def is_due(self, session: AsyncSession, commune_id: str, base: Config) -> bool:
        """Whether `tell` would tell anybody anything; only reads."""
        if not await rows.has_devices(session, commune_id):
            return False
        owns = await rows.device_configs(session, commune_id)
        told = await self._told(session, [commune_id, *_logs(owns)])
        general = told.get(commune_id)
        return self._stale(general, base) or any(
            self._stale(_latest(general, told.get(topics.device_log(own.device_id))), config_of(base, own))
            for own in owns
        )

    async def tell(self, session: AsyncSession, commune_id: str, base: Config) -> list[OrderEntry]:
        """Order what differs from what was told last: the commune's config, and those of devices set by themselves.

        base: what holds for every device of the commune. Raises as `orderlog.append` does.
        """
        await orderlog.lock(session, self._keys, commune_id)
        owns = await rows.device_configs(session, commune_id)
        told = await self._told(session, [commune_id, *_logs(owns)])
        entries: list[OrderEntry] = []
        if self._stale(told.get(commune_id), base):
            entries.append(await self._order(session, commune_id, base, None))
            told[commune_id] = await self._as_told(session, entries[0])
        general = told[commune_id]
        for own in owns:
            log, config = topics.device_log(own.device_id), config_of(base, own)
            if self._stale(_latest(general, told.get(log)), config):
                entries.append(await self._order(session, log, config, general.issued_at))
        return entries

    def _stale(self, told: Told | None, config: Config) -> bool:
        return told is None or told.config != config or told.expires_at - self._clock() < RENEW

    async def _order(self, session: AsyncSession, log: str, config: Config, after: datetime | None) -> OrderEntry:
        now = self._clock()
        before = [entry.id for entry in await rows.told(session, [log], now)]
        entry = await orderlog.append(
            session,
            keys=self._keys,
            clock=self._clock,
            log=log,
            body=config,
            audience=Audience(),
            expires_at=now + STANDS,
            kind=Config.type,
            urgency=URGENCY,
            after=after,
        )
        await log_rows.supersede(session, before, now)
        return entry

    async def _told(self, session: AsyncSession, logs: Collection[str]) -> dict[str, Told]:
        """Log → what was told in it last."""
        last = {entry.log: entry for entry in await rows.told(session, logs, self._clock())}
        return {log: await self._as_told(session, entry) for log, entry in last.items()}

    async def _as_told(self, session: AsyncSession, entry: OrderEntry) -> Told:
        known = self._read.get(entry.id)
        if known is None:
            order = await orderlog.read_order(session, entry)
            assert isinstance(order.body, Config)
            known = self._read[entry.id] = Told(order.body, from_ms(order.issued_ms), from_ms(order.expires_ms))
            if len(self._read) > MAX_REMEMBERED:
                self._read.popitem(last=False)
        return known


def _logs(owns: Sequence[DeviceConfig]) -> list[str]:
    return [topics.device_log(own.device_id) for own in owns]


def _latest(general: Told | None, own: Told | None) -> Told | None:
    """Which of the two a device follows."""
    if general is None or own is None:
        return general or own
    return own if own.issued_at > general.issued_at else general
