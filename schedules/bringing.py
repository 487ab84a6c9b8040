"""Reads what tells whether sounds will be where they are to be heard in time: links, visits, what devices have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from devices.couriers.choosing import weigh
from devices.couriers.outlook import ORDER_BYTES, contacts_of
from schedules.arrivals import Arrival, Wanted, Ways, predict
from schedules.content import Content
from schedules.dispatch import read_audience
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.repository import timetable as rows

_BREATH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bringing:
    """A handful of questions to the database, however many airings are asked about."""

    issuer: Issuer

    async def arrivals(
        self,
        session: AsyncSession,
        ground: Ground,
        wanted: Sequence[Wanted],
        contents: Mapping[str, Content],
        among: frozenset[str] | None,
    ) -> dict[str, Arrival]:
        """Occurrence → where it will not be in time, or nobody knows; counted in the clusters `among`.

        Reckoned with all that the place has ahead before these: it travels over the same links.
        """
        now = self.issuer.clock()
        ahead = [each for each in wanted if each.start > now]
        if not ahead:
            return {}
        before = await self._before(session, ground, now, min(each.start for each in ahead))
        sounds = {each.sound for each in (*ahead, *before)}
        others = await self.issuer.contents(session, sounds - contents.keys())
        devices = {cluster.id: cluster.device_id for cluster in ground.clusters if cluster.device_id is not None}
        spoken = await self.issuer.devices.cluster_languages(session, ground.place.id)
        ways = Ways(
            devices=devices,
            contacts=await contacts_of(session, set(devices.values()), ground.rules.zone, now),
            size=_Sizes({**contents, **others}, _of_devices(devices, spoken)).of,
            held=await rows.held(session, sounds, now),
        )
        found = predict([*ahead, *before], ways, now, among)
        return {name: each for name, each in found.items() if name}

    async def _before(self, session: AsyncSession, ground: Ground, now: datetime, until: datetime) -> list[Wanted]:
        """What the place's schedules have ahead before a moment, by their own audiences, under no occurrence's name."""
        if until < now + _BREATH:
            return []
        return [
            Wanted("", each.announcement_id, each.first, each.play_class, ground.meant(read_audience(each.audience)))
            for each in await rows.due_between(session, ground.place.id, now, until)
        ]


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The bytes of a sound for a device, each looked up once."""

    contents: Mapping[str, Content]
    languages: Mapping[str, tuple[str, ...]]
    known: dict[tuple[str, tuple[str, ...]], tuple[int, int]] = field(default_factory=dict)

    def of(self, sound: str, device: str) -> tuple[int, int]:
        """With its order, which is all there is of what has no sound yet."""
        key = sound, self.languages.get(device, ())
        if key not in self.known:
            content = self.contents.get(sound)
            parts = () if content is None else content.parts(content.announcement.play_class)
            size, light_size = weigh(parts, key[1])
            self.known[key] = size + ORDER_BYTES, light_size + ORDER_BYTES
        return self.known[key]


def _of_devices(devices: Mapping[str, str], spoken: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Device → the languages of all clusters it sounds, in their order."""
    found: dict[str, dict[str, None]] = {}
    for cluster, device in devices.items():
        found.setdefault(device, {}).update(dict.fromkeys(spoken.get(cluster, ())))
    return {device: tuple(languages) for device, languages in found.items()}
