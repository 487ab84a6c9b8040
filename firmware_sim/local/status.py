"""What a device shows of itself to whoever stands beside it: no secret, nothing the commune could not see too."""

from datetime import UTC, datetime, timedelta
from typing import Any

from devices.wire.reports import ClockState
from firmware_sim.device import Device


def status_of(device: Device) -> dict[str, Any]:
    """Plain values for the page and for /status.json. time: the local day's hours and minutes, "" without a clock."""
    now, health = device.now, device.health
    return {
        "device": device.identity.device,
        "playing": list(device.speaker.playing),
        "online": device.online,
        "clock": now.state.value,
        "time": "" if now.state is ClockState.UNSET else _local(now.wall_ms, device.speaker.config.hours.offset_min),
        "battery_pct": health.battery_pct,
        "storage_free_mib": health.storage_free_kib >> 10,
        "storage_total_mib": health.storage_total_kib >> 10,
        "receipts_waiting": device.speaker.receipts_pending,
        "faults": list(health.faults),
    }


def _local(wall_ms: int, offset_min: int) -> str:
    return (datetime.fromtimestamp(wall_ms / 1_000, UTC) + timedelta(minutes=offset_min)).strftime("%H:%M")
