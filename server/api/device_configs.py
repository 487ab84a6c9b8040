"""How one device is set apart from its commune: volume, heartbeat, hours of its link, battery."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from devices.models import DeviceConfig
from devices.repository import configs as rows
from server.acts import acting
from server.api.shapes import PROBLEMS, Name, Shown, Strict
from server.auth.guard import Manager, Viewer
from server.auth.permissions import Permission
from server.deps import RuntimeOf
from server.device_settings import as_pairs, set_device

router = APIRouter(prefix="/devices/{device_id}/config", tags=["devices"], responses=PROBLEMS)

LocalTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Percent = Annotated[int, Field(ge=0, le=100)]


class ConfigIn(Strict):
    """The whole of it; what is null is as in the commune. `online`: local spans in which it keeps its link."""

    volume_max: Percent | None = None
    heartbeat_s: Annotated[int, Field(ge=5, le=3_600)] | None = None
    online: Annotated[list[tuple[LocalTime, LocalTime]], Field(max_length=16, default_factory=list)]
    low_pct: Percent | None = None
    critical_pct: Percent | None = None


class ConfigOut(Shown):
    """As it is set."""

    device_id: str
    volume_max: int | None
    heartbeat_s: int | None
    online: list[tuple[str, str]]
    low_pct: int | None
    critical_pct: int | None


@router.get("")
async def get(device_id: Name, who: Viewer, runtime: RuntimeOf) -> ConfigOut:
    """What is set for this device alone."""
    async with runtime.database.reading() as session:
        device = await runtime.devices.device(session, device_id)
        who.require(Permission.VIEW, device.commune_id)
        row = await rows.device_config(session, device_id)
    return _shown(row or DeviceConfig(device_id=device_id))


@router.put("")
async def put(device_id: Name, body: ConfigIn, who: Manager, runtime: RuntimeOf) -> ConfigOut:
    """Set it; the device is told at once, or when it is heard again."""
    async with acting(runtime, who) as act:
        row = await set_device(
            act,
            device_id,
            volume_max=body.volume_max,
            heartbeat_s=body.heartbeat_s,
            online=body.online,
            low_pct=body.low_pct,
            critical_pct=body.critical_pct,
        )
    return _shown(row)


def _shown(row: DeviceConfig) -> ConfigOut:
    return ConfigOut(
        device_id=row.device_id,
        volume_max=row.volume_max,
        heartbeat_s=row.heartbeat_s,
        online=as_pairs(row.online),
        low_pct=row.low_pct,
        critical_pct=row.critical_pct,
    )
