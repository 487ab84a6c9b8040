"""The grammar of loa/1 topics (pure)."""

from enum import StrEnum
from typing import NamedTuple

from base.ids import is_name
from devices.wire.errors import BadMessage

PREFIX = "loa/1"
DEVICE_LOG_PREFIX = "d/"


class Up(StrEnum):
    """What a device may publish under its own ``up/``."""

    HELLO = "hello"
    HEARTBEAT = "heartbeat"
    RECEIPT = "receipt"
    WANT = "want"
    BYE = "bye"


_UP_KINDS = frozenset(kind.value for kind in Up)


class Uplink(NamedTuple):
    """Who published, and what kind of message."""

    device: str
    kind: Up


def orders(authority: str) -> str:
    """Where an authority's orders are published."""
    return f"{PREFIX}/a/{authority}/orders"


def head(authority: str) -> str:
    """Where an authority's signed beacon is retained."""
    return f"{PREFIX}/a/{authority}/head"


def down(device: str) -> str:
    """What is for one device alone."""
    return f"{PREFIX}/d/{device}/down"


def up(device: str, kind: Up) -> str:
    """Where a device speaks to the server."""
    return f"{PREFIX}/d/{device}/up/{kind.value}"


ALL_UP = f"{PREFIX}/d/+/up/+"
"""What the server subscribes to."""


def device_log(device: str) -> str:
    """The name of the log that concerns one device alone."""
    return f"{DEVICE_LOG_PREFIX}{device}"


def log_device(log: str) -> str | None:
    """The device a log concerns alone, or None for an authority's log."""
    return log.removeprefix(DEVICE_LOG_PREFIX) if log.startswith(DEVICE_LOG_PREFIX) else None


def is_log(log: str) -> bool:
    """Whether `log` names an authority's log or a device's own."""
    return is_name(log.removeprefix(DEVICE_LOG_PREFIX))


def parse_up(topic: str) -> Uplink:
    """Who published on an uplink topic. Raises BadMessage for any other topic."""
    match topic.split("/"):
        case ["loa", "1", "d", device, "up", kind] if is_name(device) and kind in _UP_KINDS:
            return Uplink(device, Up(kind))
    raise BadMessage("malformed", "topic")


def parse_authority(topic: str) -> tuple[str, str]:
    """The authority and ``orders`` or ``head`` of a downlink topic. Raises BadMessage for any other."""
    match topic.split("/"):
        case ["loa", "1", "a", authority, ("orders" | "head") as kind] if is_name(authority):
            return authority, kind
    raise BadMessage("malformed", "topic")
