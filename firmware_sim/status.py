"""Counts what the devices of a swarm do, for its status line."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from firmware_sim.clock import Reading
from firmware_sim.device import Device
from firmware_sim.effects import Keep, KeepReceipt, Sound

MAX_OCCURRENCES = 16


@dataclass(slots=True)
class Status:
    """Since the process began: receipts by state and clusters, and when each occurrence began to sound."""

    receipts: Counter[str] = field(default_factory=Counter)
    clusters: Counter[str] = field(default_factory=Counter)
    starts: dict[str, list[int]] = field(default_factory=dict)
    _recent: deque[str] = field(default_factory=deque)

    def kept(self, device: str, effect: Keep) -> None:
        del device
        if isinstance(effect, KeepReceipt):
            self.receipts[effect.receipt.state.value] += 1
            self.clusters[effect.receipt.state.value] += len(effect.receipt.clusters)

    def sounded(self, device: str, sound: Sound, at: Reading) -> None:
        del device
        if sound.position_ms:
            return
        if sound.occurrence not in self.starts:
            self.starts[sound.occurrence] = []
            self._recent.append(sound.occurrence)
            if len(self._recent) > MAX_OCCURRENCES:
                del self.starts[self._recent.popleft()]
        self.starts[sound.occurrence].append(at.wall_ms)

    def line(self, devices: Iterable[Device]) -> dict[str, Any]:
        """The status line: counts of devices, receipts by state, refused messages by reason, beginnings."""
        all_devices = list(devices)
        powered = [device for device in all_devices if device.powered]
        refused: Counter[str] = Counter()
        for device in powered:
            refused.update(device.speaker.refused)
        return {
            "devices": len(all_devices),
            "powered": len(powered),
            "online": sum(device.online for device in powered),
            "playing": sum(bool(device.speaker.playing) for device in powered),
            "pending_receipts": sum(device.speaker.receipts_pending for device in powered),
            **{state: self.receipts[state] for state in ("stored", "started", "played", "transmitted")},
            "receipts": dict(self.receipts),
            "clusters": dict(self.clusters),
            "refused": dict(refused),
            "starts": {occurrence: _spread(starts) for occurrence, starts in self.starts.items()},
        }


def _spread(starts: list[int]) -> dict[str, int]:
    """Unix milliseconds of the first and last beginning, and how late after the first half and 99 % had begun."""
    ordered = sorted(starts)
    first = ordered[0]
    return {
        "count": len(ordered),
        "first_ms": first,
        "last_ms": ordered[-1],
        "p50_ms": ordered[len(ordered) // 2] - first,
        "p99_ms": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] - first,
    }
