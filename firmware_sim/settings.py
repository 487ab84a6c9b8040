"""The device file: who a speaker is, whom it trusts, where its broker and content are; read strictly."""

import json
import re
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from base.errors import Refused
from base.ids import is_name
from base.mqtt import BrokerAddress
from base.times import to_ms
from devices.wire.audience import Listener
from devices.wire.config import SAVER_PCT, Config, Hours, Spans
from devices.wire.envelope import CheckingKey, SigningKey
from devices.wire.haves import MAX_SEQ
from devices.wire.trust import authority_of
from firmware_sim.fittings import CourierPart, LocalPart, TransmitterPart
from firmware_sim.identity import Cluster, Identity, Keys
from firmware_sim.saved import HeldKey, RetiredKey, SavedKeys

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


Url = Annotated[str, StringConstraints(pattern=r"^https?://", max_length=200)]


class ContentPart(_Part):
    """Where content is had, and where the server is talked to by HTTP when MQTT does not pass."""

    urls: tuple[Url, ...] = Field((), max_length=8)
    exchange: tuple[Url, ...] = Field((), max_length=8)


class KeysPart(_Part):
    seed: Hex32 = Field(repr=False)
    mac: Hex32 = Field(repr=False)


class TrustPart(_Part):
    """A public key of an authority. until: past that day it is used with a warning.

    retired: it was replaced; an order signed by it counts as held when its number is below `below`.
    """

    kid: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,48}#[0-9]{1,9}$")]
    public: Hex32
    until: date | None = None
    retired: bool = False
    below: int = Field(0, ge=0, le=MAX_SEQ)

    @property
    def epoch(self) -> int:
        return int(self.kid.partition("#")[2])

    @property
    def until_ms(self) -> int | None:
        """The beginning of that day in UTC."""
        return None if self.until is None else to_ms(datetime.combine(self.until, time(), UTC))


class HoursPart(_Part):
    spans: tuple[Span, ...] = ()
    offset_min: int = Field(420, ge=-1_440, le=1_440)


class DutyPart(_Part):
    """online: spans of the local day in which a device that must spare its power keeps its link; none: always."""

    online: tuple[Span, ...] = Field((), max_length=16)


class BatteryPart(_Part):
    """Below low_pct only what is of priority class or above sounds; below critical_pct only real emergencies."""

    low_pct: int = Field(SAVER_PCT[0], ge=0, le=100)
    critical_pct: int = Field(SAVER_PCT[1], ge=0, le=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.critical_pct > self.low_pct:
            raise ValueError("critical_pct is not above low_pct")
        return self


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
    broker: BrokerPart | None = None
    content: ContentPart = ContentPart()
    keys: KeysPart
    trust: tuple[TrustPart, ...] = Field(min_length=1)
    hours: HoursPart = HoursPart()
    duty: DutyPart = DutyPart()
    battery: BatteryPart = BatteryPart()
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
        if not (self.broker or self.content.exchange or self.local.port or self.courier.usb):
            raise ValueError("no way to reach it: neither broker nor exchange, local page nor USB folder")
        if all(part.retired for part in self.trust):
            raise ValueError("all keys are retired: it would obey nobody")
        return self

    @property
    def identity(self) -> Identity:
        own = None if self.cluster is None else _cluster(self.cluster)
        children = tuple(_cluster(child, child.code) for child in self.children)
        return Identity(self.device, self.commune, self.model, self.follows, own, children)

    @property
    def key_material(self) -> Keys:
        trusted = [part for part in self.trust if not part.retired]
        authorities = {authority_of(part.kid) for part in trusted}
        return Keys(
            trusted={part.kid: CheckingKey.from_public(part.kid, bytes.fromhex(part.public)) for part in trusted},
            signing=SigningKey.from_seed(self.device, bytes.fromhex(self.keys.seed)),
            mac=CheckingKey.from_secret(self.device, bytes.fromhex(self.keys.mac)),
            standing={authority: self._standing(authority) for authority in authorities},
        )

    def _standing(self, authority: str) -> SavedKeys:
        parts = [part for part in self.trust if authority_of(part.kid) == authority]
        keys = [HeldKey(part.epoch, bytes.fromhex(part.public), part.until_ms) for part in parts if not part.retired]
        old = [RetiredKey(part.epoch, bytes.fromhex(part.public), part.below) for part in parts if part.retired]
        return SavedKeys(0, tuple(keys), tuple(old))

    @property
    def defaults(self) -> Config:
        """What is in force until a config order comes."""
        return Config(
            Hours(_spans(self.hours.spans), self.hours.offset_min),
            volume_max=self.player.volume_max,
            content=self.content.urls,
            exchange=self.content.exchange,
            saver_pct=(self.battery.low_pct, self.battery.critical_pct),
            online=_spans(self.duty.online),
        )

    @property
    def broker_address(self) -> BrokerAddress | None:
        """None for a device that was given no broker. Raises Refused("base.broker_url")."""
        broker = self.broker
        if broker is None:
            return None
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
    if file.broker is None or not file.broker.ca_file:
        return file
    broker = file.broker.model_copy(update={"ca_file": str(path.absolute().parent / file.broker.ca_file)})
    return file.model_copy(update={"broker": broker})


def _spans(pairs: tuple[tuple[str, str], ...]) -> Spans:
    return tuple((_minutes(start), _minutes(end)) for start, end in pairs)


def _cluster(part: ClusterPart, code: str = "") -> Cluster:
    return Cluster(part.listener, part.languages, code)
