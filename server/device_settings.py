"""What people set for one device alone, and its telling, in somebody's name."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from devices.configuring import check
from devices.models import DeviceConfig
from devices.repository import configs as rows
from schedules.policy import Rules
from server import configs
from server.acts import Act
from server.auth.permissions import Permission

Pairs = Sequence[Sequence[str]]
"""Local spans "HH:MM", "HH:MM"; one that ends at or before its beginning goes over midnight."""


async def set_device(
    act: Act,
    device_id: str,
    *,
    volume_max: int | None,
    heartbeat_s: int | None,
    online: Pairs,
    low_pct: int | None,
    critical_pct: int | None,
) -> DeviceConfig:
    """Set it, and order it when the device was told something else; None is as in the whole commune.

    Raises NotFound("devices.device_unknown"), Refused: devices.config_wrong, schedules.time_wrong; Forbidden.
    """
    device = await act.runtime.devices.device(act.session, device_id)
    act.require(Permission.MANAGE_CLUSTERS, device.commune_id)
    spans = Rules.of(ZoneInfo(act.who.places.zone_name(device.commune_id)), online).spans if online else ()
    row = DeviceConfig(
        device_id=device_id,
        volume_max=volume_max,
        heartbeat_s=heartbeat_s,
        online=[list(span) for span in spans],
        low_pct=low_pct,
        critical_pct=critical_pct,
    )
    check(row)
    await rows.save_device_config(act.session, row)
    told = await configs.tell(act.runtime, act.session, device.commune_id)
    await act.done("configure_device", f"device/{device_id}", device.commune_id, told=len(told))
    return row


def as_pairs(spans: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    """Minutes of the day as people write them."""
    return [(_clock(span[0]), _clock(span[1])) for span in spans]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
