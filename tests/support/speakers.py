"""A small site in a real database, and the signed words its devices would send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from base.ids import new_id
from base.times import to_ms
from devices.enrolment import Enrolled
from devices.keys import KeyStore, ensure_authority
from devices.site import Site, enrol_site, import_site, read_site
from devices.wire import trust
from devices.wire.content import Rendition, Speech, Version
from devices.wire.envelope import CheckingKey, Kind, SigningKey, seal, sign
from devices.wire.haves import Haves
from devices.wire.orders import Play, PlayClass
from devices.wire.reports import ClockReport, ClockState, Heartbeat, Hello, Receipt, ReceiptState
from tests.support.database import TemporaryDatabase

NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)

SITE = """
[country]
id = "vn"
name = "Việt Nam"
zone_name = "Asia/Ho_Chi_Minh"
[province]
id = "lao-cai"
name = "Lào Cai"
[commune]
id = "bao-nhai"
name = "Bảo Nhai"
languages = ["vi"]
[[villages]]
id = "v1"
name = "Nà Lượt"
population = 300
[[villages]]
id = "v2"
name = "Tả Thào"
[[clusters]]
id = "s1"
name = "Nà Lượt"
kind = "smart"
village = "v1"
languages = ["vi", "tyz"]
[[clusters]]
id = "s2"
name = "Tả Thào"
kind = "smart"
village = "v2"
[[clusters]]
id = "s3"
name = "Tả Thào trên"
kind = "smart"
village = "v2"
[[clusters]]
id = "w1"
name = "Tả Thào dưới"
kind = "wireless"
village = "v2"
gateway = "s1"
code = "0101"
[[gateways]]
device = "s1"
khz = 54300
"""


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Speaker:
    """One enrolled device: signs what it says, numbers and chains its receipts."""

    enrolled: Enrolled
    clock: TestClock
    boot: int = 1
    beats: int = 0
    receipts: int = 0
    tip: bytes = bytes(32)
    haves: dict[str, Haves] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.enrolled.device.id

    def topic(self, kind: str) -> str:
        return f"loa/1/d/{self.id}/up/{kind}"

    def report(self, state: ClockState = ClockState.SYNCED) -> ClockReport:
        return ClockReport(state, to_ms(self.clock()), 50)

    def hello(self, *, clock: ClockReport | None = None, device: str | None = None) -> bytes:
        hello = Hello(
            device=device or self.id,
            boot=self.boot,
            firmware="1.0",
            model="loa-ref",
            codecs=("opus16", "opus8"),
            clusters=(self.id,),
            clock=clock or self.report(),
            haves=self.haves,
            parts=("relay", "fill"),
        )
        return sign(Kind.HELLO, hello.to_map(), SigningKey.from_seed(self.id, self.enrolled.seed))

    def heartbeat(self, **said: object) -> bytes:
        self.beats += 1
        fields: dict[str, object] = {"device": self.id, "boot": self.boot, "n": self.beats, "clock": self.report()}
        beat = Heartbeat(**(fields | {"haves": self.haves} | said))  # type: ignore[arg-type]  # one test gives one field
        return seal(Kind.HEARTBEAT, beat.to_map(), CheckingKey.from_secret(self.id, self.enrolled.secrets.mac_key))

    def receipt(self, state: ReceiptState, occurrence: str | None, **said: object) -> bytes:
        self.receipts += 1
        fields: dict[str, object] = {
            "device": self.id,
            "n": self.receipts,
            "prev": self.tip,
            "boot": self.boot,
            "order": new_id(),
            "occurrence": occurrence,
            "clusters": (self.id,),
            "state": state,
            "at_ms": to_ms(self.clock()),
            "bound_ms": 20,
        }
        receipt = Receipt(**(fields | said))  # type: ignore[arg-type]  # as above
        envelope = sign(Kind.RECEIPT, receipt.to_map(), SigningKey.from_seed(self.id, self.enrolled.seed))
        self.tip = trust.digest(envelope)
        return envelope


@dataclass
class SmallSite:
    """Three smart clusters and a wireless one, enrolled; every authority with its key."""

    database: TemporaryDatabase
    keys: KeyStore
    clock: TestClock
    site: Site
    speakers: Mapping[str, Speaker]
    publics: Mapping[str, CheckingKey]


async def small_site(database: TemporaryDatabase, directory: Path) -> SmallSite:
    clock, keys, site = TestClock(), KeyStore(directory / "keys"), read_site(SITE)
    async with database.writing() as session:
        await import_site(session, site)
        made = [await ensure_authority(session, keys, each, clock) for each in site.authority_ids]
        enrolled = await enrol_site(session, site, keys=keys, clock=clock)
    kids = {trust.kid(key.authority_id, key.epoch): key.public for key in made}
    return SmallSite(
        database,
        keys,
        clock,
        site,
        {each.device.id: Speaker(each, clock) for each in enrolled},
        {kid: CheckingKey.from_public(kid, public) for kid, public in kids.items()},
    )


def bulletin(
    occurrence: str | None = None, play_class: PlayClass = PlayClass.NORMAL, start_ms: int | None = None
) -> Play:
    """A short play with two renditions."""
    renditions = (Rendition(b"\1" * 32, 1000, "opus16", 5000), Rendition(b"\2" * 32, 500, "opus8", 5000))
    speech = Speech((Version("vi", renditions),))
    return Play(occurrence=occurrence or new_id(), start_ms=start_ms, parts=(speech,), play_class=play_class)
