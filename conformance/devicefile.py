"""The device file of the kit's device: TOML, or the same structure as JSON (pure)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import names
from conformance.authorities import Authority, Key

CAPACITY_MIB = 2
"""Small, so that a rule can fill it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the device finds what the kit offers, and where it keeps its own. exchange, local_port: none without."""

    broker_url: str
    password: str
    content: str
    exchange: str | None
    local_port: int | None
    bound_file: Path
    storage: Path


def device_file(places: Places, key: Key, mac: bytes, authorities: Sequence[Authority]) -> dict[str, Any]:
    """Everything the device is told."""
    content: dict[str, Any] = {"urls": [places.content]}
    if places.exchange is not None:
        content["exchange"] = [places.exchange]
    told: dict[str, Any] = {
        "device": names.DEVICE,
        "commune": names.COMMUNE,
        "model": "conformance",
        "follows": list(names.FOLLOWS),
        "cluster": {
            "id": names.DEVICE,
            "places": list(names.PLACES),
            "zones": [names.ZONE],
            "languages": list(names.LANGUAGES),
        },
        "broker": {"url": places.broker_url, "username": names.DEVICE, "password": places.password},
        "content": content,
        "keys": {"seed": key.seed.hex(), "mac": mac.hex()},
        "clock": {"bound_file": str(places.bound_file)},
        "hours": {"spans": [], "offset_min": 0},
        "storage": {"dir": str(places.storage), "capacity_mib": CAPACITY_MIB},
        "trust": [{"kid": each.key.kid, "public": each.key.public.hex()} for each in authorities],
    }
    if places.local_port is not None:
        told["local"] = {"port": places.local_port, "bind": "127.0.0.1"}
    return told


def toml_of(data: Mapping[str, Any]) -> str:
    """The structure as TOML: values first, then tables, then arrays of tables."""
    lines = [f"{name} = {_value(value)}" for name, value in data.items() if not _is_table(value)]
    for name, value in data.items():
        if isinstance(value, Mapping):
            lines += [f"[{name}]", *_pairs(value)]
        elif _is_table(value):
            lines += [line for table in value for line in (f"[[{name}]]", *_pairs(table))]
    return "\n".join(lines) + "\n"


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in table.items()]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _value(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_value(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
