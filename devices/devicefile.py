"""The device file: everything one speaker must know before its first connection, as TOML (pure)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from devices.keys import DeviceSecrets
from devices.models import Cluster, Device

REFERENCE_MODEL = "loa-ref"
UNDETERMINED = "und"
"""ISO 639's code for a language nobody named: such a cluster sounds the first version of everything."""


class Trusted(NamedTuple):
    """A public key the device is to trust."""

    kid: str
    public: bytes
    authority_id: str


@dataclass(frozen=True, slots=True)
class Sound:
    """What all device files of a site share: where broker and content are, when and how loud anything may sound.

    hours: local spans ("HH:MM", "HH:MM"), none means always. offset_min: the zone's offset from UTC. storage_root: a
    directory under which each device keeps its own. ca_file: the authority of the broker's certificate, beside the
    device file unless absolute; empty: those the machine trusts. output: virtual, wav or sound.
    trust_clock: only for simulated speakers, whose machine's clock is right though its kernel may not say so.
    """

    broker_url: str
    content_urls: tuple[str, ...]
    storage_root: str
    ca_file: str = ""
    hours: tuple[tuple[str, str], ...] = ()
    offset_min: int = 0
    volume_max: int = 100
    output: str = "virtual"
    capacity_mib: int = 512
    trust_clock: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class DeviceFile:
    """One device, its clusters, where they lie, and whom it trusts."""

    device: Device
    seed: bytes
    secrets: DeviceSecrets
    follows: tuple[str, ...]
    own: Cluster | None
    children: tuple[Cluster, ...]
    lines: Mapping[str, tuple[str, ...]]
    zones: Mapping[str, Sequence[str]]
    trusted: tuple[Trusted, ...]

    def to_toml(self, sound: Sound) -> str:
        """The whole file."""
        lines = [
            f"device = {_text(self.device.id)}",
            f"commune = {_text(self.device.commune_id)}",
            f"model = {_text(self.device.model or REFERENCE_MODEL)}",
            f"follows = {_texts(self.follows)}",
        ]
        if self.own is not None:
            lines += ["[cluster]", *self._cluster(self.own)]
        for child in self.children:
            lines += ["[[children]]", *self._cluster(child), f"code = {_text(child.code)}"]
        if self.device.transmitter_khz is not None:
            lines += ["[transmitter]", f"frequency_khz = {self.device.transmitter_khz}"]
        return "\n".join([*lines, *self._connection(sound), *self._keys(), *self._site(), *_limits(self, sound)]) + "\n"

    def _cluster(self, cluster: Cluster) -> list[str]:
        return [
            f"id = {_text(cluster.id)}",
            f"places = {_texts(self.lines[cluster.village_id])}",
            f"zones = {_texts(self.zones.get(cluster.id, ()))}",
            f"languages = {_texts(cluster.languages or (UNDETERMINED,))}",
        ]

    def _connection(self, sound: Sound) -> list[str]:
        return [
            "[broker]",
            f"url = {_text(sound.broker_url)}",
            f"username = {_text(self.device.id)}",
            f"password = {_text(self.secrets.broker_password)}",
            f"ca_file = {_text(sound.ca_file)}",
            "[content]",
            f"urls = {_texts(sound.content_urls)}",
        ]

    def _keys(self) -> list[str]:
        lines = ["[keys]", f'seed = "{self.seed.hex()}"', f'mac = "{self.secrets.mac_key.hex()}"']
        for key in self.trusted:
            lines += ["[[trust]]", f"kid = {_text(key.kid)}", f'public = "{key.public.hex()}"']
        return lines

    def _site(self) -> list[str]:
        power, link = (self.own.power, self.own.link) if self.own is not None else ("grid", "4g")
        return ["[site]", f"power = {_text(power)}", f"link = {_text(link)}"]


def _limits(file: DeviceFile, sound: Sound) -> list[str]:
    spans = ", ".join(_texts(span) for span in sound.hours)
    return [
        *(["[clock]", "trust_system = true"] if sound.trust_clock else []),
        "[hours]",
        f"spans = [{spans}]",
        f"offset_min = {sound.offset_min}",
        "[player]",
        f"output = {_text(sound.output)}",
        f"volume_max = {sound.volume_max}",
        "[storage]",
        f"dir = {_text(f'{sound.storage_root}/{file.device.id}')}",
        f"capacity_mib = {sound.capacity_mib}",
    ]


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are all TOML's, only DEL is left bare by JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"
