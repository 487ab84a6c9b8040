"""The device file: everything one speaker must know before its first connection, as TOML or as plain values (pure)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from devices.keys import DeviceSecrets
from devices.models import Cluster, Device

REFERENCE_MODEL = "loa-ref"
UNDETERMINED = "und"
"""ISO 639's code for a language nobody named: such a cluster sounds the first version of everything."""


class Trusted(NamedTuple):
    """A public key the device is to know.

    until: past that moment it is used with a warning. retired_below: trusted no more; orders it signed that are
    numbered below this only count as held.
    """

    kid: str
    public: bytes
    authority_id: str
    until: datetime
    retired_below: int | None = None

    def to_map(self) -> dict[str, Any]:
        """As a device file says it."""
        known: dict[str, Any] = {"kid": self.kid, "public": self.public.hex(), "until": f"{self.until:%Y-%m-%d}"}
        return known if self.retired_below is None else known | {"retired": True, "below": self.retired_below}


@dataclass(frozen=True, slots=True)
class Sound:
    """What all device files of a site share: where the server is, by every carrier, when and how loud all may sound.

    hours: local spans ("HH:MM", "HH:MM"), none means always. offset_min: the zone's offset from UTC. storage_root: a
    directory under which each device keeps its own. ca_file: the authority of the broker's certificate, beside the
    device file unless absolute; empty: those the machine trusts. output: virtual, wav or sound.
    trust_clock: only for simulated speakers, whose machine's clock is right though its kernel may not say so.
    """

    broker_url: str
    content_urls: tuple[str, ...]
    storage_root: str
    exchange_urls: tuple[str, ...] = ()
    ca_file: str = ""
    hours: tuple[tuple[str, str], ...] = ()
    offset_min: int = 0
    volume_max: int = 100
    output: str = "virtual"
    capacity_mib: int = 512
    trust_clock: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class DeviceFile:
    """One device, its clusters, where they lie, and whom it trusts. seed: None when the device made its own key."""

    device: Device
    seed: bytes | None
    secrets: DeviceSecrets
    follows: tuple[str, ...]
    own: Cluster | None
    children: tuple[Cluster, ...]
    lines: Mapping[str, tuple[str, ...]]
    zones: Mapping[str, Sequence[str]]
    trusted: tuple[Trusted, ...]

    def to_toml(self, sound: Sound) -> str:
        """The whole file."""
        return toml_text(self.to_map(sound))

    def to_map(self, sound: Sound) -> dict[str, Any]:
        """The same as plain values, which JSON can say too."""
        device = self.device
        known: dict[str, Any] = {
            "device": device.id,
            "commune": device.commune_id,
            "model": device.model or REFERENCE_MODEL,
            "follows": list(self.follows),
        }
        if self.own is not None:
            known["cluster"] = self._cluster(self.own)
        if self.children:
            known["children"] = [{**self._cluster(child), "code": child.code} for child in self.children]
        if device.transmitter_khz is not None:
            known["transmitter"] = {"frequency_khz": device.transmitter_khz}
        return known | self._connection(sound) | self._keys() | self._limits(sound)

    def _cluster(self, cluster: Cluster) -> dict[str, Any]:
        return {
            "id": cluster.id,
            "places": list(self.lines[cluster.village_id]),
            "zones": list(self.zones.get(cluster.id, ())),
            "languages": list(cluster.languages or (UNDETERMINED,)),
        }

    def _connection(self, sound: Sound) -> dict[str, Any]:
        return {
            "broker": {
                "url": sound.broker_url,
                "username": self.device.id,
                "password": self.secrets.broker_password,
                "ca_file": sound.ca_file,
            },
            "content": {"urls": list(sound.content_urls), "exchange": list(sound.exchange_urls)},
        }

    def _keys(self) -> dict[str, Any]:
        own = {} if self.seed is None else {"seed": self.seed.hex()}
        return {
            "keys": {**own, "mac": self.secrets.mac_key.hex()},
            "trust": [key.to_map() for key in self.trusted],
        }

    def _limits(self, sound: Sound) -> dict[str, Any]:
        power, link = (self.own.power, self.own.link) if self.own is not None else ("grid", "4g")
        clock = {"clock": {"trust_system": True}} if sound.trust_clock else {}
        return {
            "site": {"power": power, "link": link},
            **clock,
            "hours": {"spans": [list(span) for span in sound.hours], "offset_min": sound.offset_min},
            "player": {"output": sound.output, "volume_max": sound.volume_max},
            "storage": {"dir": f"{sound.storage_root}/{self.device.id}", "capacity_mib": sound.capacity_mib},
        }


def toml_text(known: Mapping[str, Any]) -> str:
    """Plain values, tables and lists of tables, one level deep, as TOML."""
    plain = [f"{name} = {_value(value)}" for name, value in known.items() if not _is_table(value)]
    lines = [*plain]
    for name, value in known.items():
        if isinstance(value, Mapping):
            lines += [f"[{name}]", *_table(value)]
        elif _is_table(value):
            for each in value:
                lines += [f"[[{name}]]", *_table(each)]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
    )


def _table(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in values.items()]


def _value(value: Any) -> str:
    """JSON's words for texts, numbers, truth and lists are all TOML's; only DEL is left bare by JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
