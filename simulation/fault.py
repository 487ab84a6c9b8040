"""What a fault is: something that begins in a world for some seconds, and gives back what puts it right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.device import Device

if TYPE_CHECKING:
    from simulation.world import World

End = Callable[[], None]
Fault = Callable[["World", float], End]
"""Begins now, for so many seconds; gives back what puts it right."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault. weight: how often it is chosen. long: whether it may last for hours."""

    name: str
    begin: Fault
    weight: int = 2
    long: bool = False
    silences: bool = False
    """Whether devices fall silent and the server could see it."""


def some(world: World, most: int = 6) -> Sequence[Device]:
    """A few devices, or, now and then, all."""
    devices = list(world.devices.values())
    if world.source.random() < 0.25:
        return devices
    return world.source.sample(devices, world.source.randint(1, most))


def nothing() -> None:
    """It ended by itself."""
