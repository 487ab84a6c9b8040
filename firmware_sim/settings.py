"""The device file: who a speaker is, whom it trusts, where its broker and content are; read strictly."""

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from base.errors import Refused
from base.ids import is_name
from base.mqtt import BrokerAddress
from devices.wire.audience import Listener
from devices.wire.config import Config, Hours
from devices.wire.envelope import CheckingKey, SigningKey
from firmware_sim.fittings import CourierPart, LocalPart, TransmitterPart
from firmware_sim.identity import Cluster, Identity, Keys

MAX_CHILDREN = 256
MODEL = "loa-ref"


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError("lower-case letters, digits and inner hyphens, at most 48")
    return text


def _minutes(text: str) -> int:
    found = re.fullmatch(r"(\d\d):(\d\d)", text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if found is None or int(found[2]) > 59 or minutes > 1_440:
        raise ValueError("a time of day is written HH:MM")
    return minutes


def _span(pair: tuple[str, str]) -> tuple[str, str]:
    if not _minutes(pair[0]) < _minutes(pair[1]):
        raise ValueError("a span begins before it ends")
    return pair


Name = Annotated[str, AfterValidator(_name)]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Language = Annotated[str, StringConstraints(min_length=2, max_length=16)]
Span = Annotated[tuple[str, str], AfterValidator(_span)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClusterPart(_Part):
    """A cluster: its name, the places it lies in, its zones, and the languages it hears in order."""

    id: Name
    places: tuple[Name, ...]
    zones: tuple[Name, ...] = ()
    languages: tuple[Language, ...] = Field(min_length=1)

    @property
    def listener(self) -> Listener:
        return Listener(self.id, frozenset(self.places), frozenset(self.zones))


class ChildPart(ClusterPart):
    """A wireless cluster and the code it is addressed by."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{1,16}$")]


class BrokerPart(_Part):
    url: str
    username: str = ""
    password: str = Field("", repr=False)
    ca_file: str = ""


class ContentPart(_Part):
    urls: tuple[Annotated[str, StringConstraints(pattern=r"^https?://", max_length=200)], ...]


class KeysPart(_Part):
    seed: Hex32 = Field(repr=False)
    mac: Hex32 = Field(repr=False)


class TrustPart(_Part):
    kid: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,48}#[0-9]{1,9}$")]
    public: Hex32


class HoursPart(_Part):
    spans: tuple[Span, ...] = ()
    offset_min: int = Field(420, ge=-1_440, le=1_440)


class SitePart(_Part):
    power: Literal["grid", "solar", "battery"] = "grid"
    link: Literal["4g", "fibre", "wifi", "radio"] = "4g"


class ClockPart(_Part):
    """trust_system: whether the machine's clock is taken to be right when the kernel does not vouch for it.

    For simulations only. A board without a battery clock wakes up hours behind: trusted, it would air by that time.
    bound_file: where the board's time keeper (GNSS, a battery clock) states how far off the machine's clock may be, in
    milliseconds; no such file: nobody vouches for it. Asked instead of the kernel.
    """

    trust_system: bool = False
    bound_file: Path | None = None


class PlayerPart(_Part):
    output: Literal["virtual", "wav", "sound"] = "virtual"
    volume_max: int = Field(100, ge=0, le=100)
    card: str = Field("", max_length=100)
    """Part of the name of the sound card the loudspeakers hang on; empty: the default card."""


class StoragePart(_Part):
    dir: Path
    capacity_mib: int = Field(512, gt=0, le=1_048_576)


class DeviceFile(_Part):
    """Everything one speaker is told at enrolment."""

    device: Name
    commune: Name
    model: str = Field(MODEL, max_length=64)
    follows: tuple[Name, ...] = Field(min_length=1, max_length=15)
    cluster: ClusterPart | None = None
    children: tuple[ChildPart, ...] = Field((), max_length=MAX_CHILDREN)
    transmitter: TransmitterPart | None = None
    broker: BrokerPart
    content: ContentPart
    keys: KeysPart
    trust: tuple[TrustPart, ...] = Field(min_length=1)
    hours: HoursPart = HoursPart()
    site: SitePart = SitePart()
    clock: ClockPart = ClockPart()
    player: PlayerPart = PlayerPart()
    storage: StoragePart
    local: LocalPart = LocalPart()
    courier: CourierPart = CourierPart()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.cluster is None and not self.children:
            raise ValueError("neither a cluster of its own nor children: it would sound for nobody")
        if self.children and self.transmitter is None:
            raise ValueError("children need a [transmitter]")
        return self

    @property
    def identity(self) -> Identity:
        own = None if self.cluster is None else _cluster(self.cluster)
        children = tuple(_cluster(child, child.code) for child in self.children)
        return Identity(self.device, self.commune, self.model, self.follows, own, children)

    @property
    def key_material(self) -> Keys:
        return Keys(
            trusted={part.kid: CheckingKey.from_public(part.kid, bytes.fromhex(part.public)) for part in self.trust},
            signing=SigningKey.from_seed(self.device, bytes.fromhex(self.keys.seed)),
            mac=CheckingKey.from_secret(self.device, bytes.fromhex(self.keys.mac)),
        )

    @property
    def defaults(self) -> Config:
        """What is in force until a config order comes."""
        spans = tuple((_minutes(start), _minutes(end)) for start, end in self.hours.spans)
        hours = Hours(spans, self.hours.offset_min)
        return Config(hours, volume_max=self.player.volume_max, content=self.content.urls)

    @property
    def broker_address(self) -> BrokerAddress:
        """Raises Refused("base.broker_url")."""
        broker = self.broker
        return BrokerAddress.from_url(
            broker.url,
            username=broker.username or None,
            password=broker.password or None,
            ca_file=broker.ca_file or None,
        )


def load(path: Path) -> DeviceFile:
    """Read a device file, TOML or JSON. Raises Refused: firmware.settings_missing, firmware.settings_invalid,
    base.broker_url.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        raise Refused("firmware.settings_missing", file=str(path), problem=error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Refused("firmware.settings_invalid", file=str(path), field="the whole", problem=str(error)) from error
    return _beside(path, checked(data, str(path)))


def checked(data: object, name: str) -> DeviceFile:
    """The file with this content. Raises Refused: firmware.settings_invalid, base.broker_url."""
    try:
        file = DeviceFile.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise Refused("firmware.settings_invalid", file=name, field=field, problem=first["msg"]) from error
    _ = file.broker_address
    return file


def _beside(path: Path, file: DeviceFile) -> DeviceFile:
    """The authority's certificate lies beside the device file, wherever that was put."""
    if not file.broker.ca_file:
        return file
    broker = file.broker.model_copy(update={"ca_file": str(path.absolute().parent / file.broker.ca_file)})
    return file.model_copy(update={"broker": broker})


def _cluster(part: ClusterPart, code: str = "") -> Cluster:
    return Cluster(part.listener, part.languages, code)
