"""What a run of the kit is told: the device, what it claims not to have, and how patient to be."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from conformance.broker import Prepare


class Need(StrEnum):
    """What a rule needs of the device or its surroundings; a run may be told that it is not there."""

    POWER = "power"
    """Its power can be cut and given back."""
    CLOCK = "clock"
    """The kit decides what its clock knows: [clock] bound_file of the device file."""
    CAPACITY = "capacity"
    """Its storage has the size the device file says: [storage] capacity_mib."""
    BLOCKS = "blocks"
    """Content in blocks over MQTT."""
    EXCHANGE = "exchange"
    """The HTTP carrier."""
    BUNDLES = "bundles"
    """Courier bundles, handed over on its local page."""


@dataclass(frozen=True, slots=True)
class Options:
    """command: how to run the device, None for one beside an operator. host: where the device reaches the kit.

    boot_s: how long the device may take from power to its hello. rule_s: the longest one rule may take.
    patience: so many times as long as usual is waited for what should happen, where the machine itself is slow.
    local_url: the local page of a device beside an operator.
    """

    folder: Path
    prepare: Prepare
    command: str | None = None
    host: str = "127.0.0.1"
    without: frozenset[Need] = frozenset()
    patterns: tuple[str, ...] = ("*",)
    jobs: int = 1
    boot_s: float = 30.0
    rule_s: float = 90.0
    patience: float = 1.0
    local_url: str = ""
