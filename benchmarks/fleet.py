"""Fleets of any size, spread over communes as they are in the country, and the heartbeats they would send."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import to_ms, utc_now
from devices.keys import KeyStore, ensure_authority
from devices.models import Cluster, ClusterKind, Device, Place, PlaceKind
from devices.repository.places import save_places
from devices.repository.tables import insert_new, values
from devices.site import Site
from devices.uplink import Identity
from devices.wire import topics
from devices.wire.envelope import CheckingKey, Kind, seal
from devices.wire.haves import Haves
from devices.wire.reports import ClockReport, ClockState, Heartbeat
from devices.wire.topics import Up

PER_COMMUNE = 57
"""Clusters of an average commune."""
COUNTRY, PROVINCE = "vn", "lao-cai"
_AIRING = "01KAHR0000000000000000000A"


def communes_of(count: int) -> Iterator[Site]:
    """As many communes as `count` smart clusters need, each cluster with a village of its own."""
    above = (
        Place(id=COUNTRY, kind=PlaceKind.COUNTRY, name="Việt Nam", zone_name="Asia/Ho_Chi_Minh"),
        Place(id=PROVINCE, kind=PlaceKind.PROVINCE, parent_id=COUNTRY, name="Lào Cai"),
    )
    for number, begin in enumerate(range(0, count, PER_COMMUNE)):
        commune = Place(id=f"c{number:04d}", kind=PlaceKind.COMMUNE, parent_id=PROVINCE, name=f"Xã {number}")
        names = [f"b{cluster:06d}" for cluster in range(begin, min(count, begin + PER_COMMUNE))]
        villages = [Place(id=f"v-{name}", kind=PlaceKind.VILLAGE, parent_id=commune.id, name=name) for name in names]
        clusters = [
            Cluster(
                id=name,
                name=name,
                kind=ClusterKind.SMART,
                commune_id=commune.id,
                village_id=f"v-{name}",
                languages=["vi"],
            )
            for name in names
        ]
        yield Site(commune.id, (*above, commune, *villages), tuple(clusters), {}, {name: (name,) for name in names})


async def enrol_bare(session: AsyncSession, keys: KeyStore, count: int) -> list[Identity]:
    """Places, authorities and devices without clusters or device files: what the uplink needs, in few statements."""
    made: list[Identity] = []
    for site in communes_of(count):
        await save_places(session, site.places)
        await session.flush()
        for authority_id in site.authority_ids:
            await ensure_authority(session, keys, authority_id, utc_now)
        made += [Identity(name, site.commune_id, bytes(32), 1, revoked=False) for name in site.sounds]
    rows = [
        Device(id=each.device_id, commune_id=each.commune_id, public=each.public, enrolled_at=utc_now())
        for each in made
    ]
    await insert_new(session, Device, [values(row) for row in rows])
    return made


class Talkers:
    """Devices that send heartbeats as a quiet day brings them: every number moves, now and then a broadcast begins."""

    def __init__(self, identities: list[Identity], keys: KeyStore, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._keys = {
            each.device_id: CheckingKey.from_secret(
                each.device_id, keys.device_secrets(each.device_id, each.generation).mac_key
            )
            for each in identities
        }
        self._beats = {each.device_id: self._first(each) for each in identities}

    def rounds(self, count: int, changed: float = 0.0) -> Iterator[tuple[str, bytes]]:
        """Topic and bytes of `count` heartbeats of every device, turn by turn; `changed`: the share with news."""
        for _ in range(count):
            for device_id, beat in self._beats.items():
                self._beats[device_id] = later = self._next(beat, news=self._random.random() < changed)
                yield topics.up(device_id, Up.HEARTBEAT), seal(Kind.HEARTBEAT, later.to_map(), self._keys[device_id])

    def _first(self, identity: Identity) -> Heartbeat:
        logs = (COUNTRY, PROVINCE, identity.commune_id, topics.device_log(identity.device_id))
        return Heartbeat(
            device=identity.device_id,
            boot=3,
            n=self._random.randrange(1, 50_000),
            clock=ClockReport(ClockState.SYNCED, 0, 20),
            haves={log: Haves(self._random.randrange(1, 3_000)) for log in logs},
            volume=80,
            storage_total_kib=8_000_000,
            uptime_s=self._random.randrange(1_000_000),
        )

    def _next(self, beat: Heartbeat, *, news: bool) -> Heartbeat:
        draw = self._random.randrange
        clock = ClockReport(ClockState.SYNCED, to_ms(utc_now() + timedelta(milliseconds=draw(-40, 40))), draw(5, 90))
        sounding = () if beat.playing else (_AIRING,)
        return replace(
            beat,
            n=beat.n + 1,
            clock=clock,
            uptime_s=beat.uptime_s + 20,
            signal_dbm=draw(-95, -60),
            temperature_c=draw(30, 50),
            storage_free_kib=draw(2_000_000, 2_100_000),
            playing=sounding if news else beat.playing,
        )
