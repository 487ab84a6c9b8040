"""What a cluster will hear on a day, and which airings of a place meet, by the rules the speakers follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from base.times import to_ms
from devices.wire.orders import Status
from devices.wire.playing import Airing
from devices.wire.rehearsal import Rehearsal, rehearse
from schedules import ground as grounds
from schedules import quiet
from schedules.conflicts import Overlap, overlaps
from schedules.dispatch import bulletin
from schedules.ground import Ground
from schedules.issuing import Issuer
from schedules.models import Occurrence
from schedules.recurrence.times import span
from schedules.repository import programme as rows

MOST = 2_000
"""How many occurrences of a day or a week are looked at."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Questions about the programme as it will be heard."""

    issuer: Issuer

    async def hear(self, session: AsyncSession, cluster_id: str, day: date) -> Rehearsal:
        """The bulletins of a local day in one cluster, by the rules of playing. Raises NotFound for the cluster."""
        view = await self.issuer.devices.cluster(session, cluster_id)
        ground = await grounds.load(session, self.issuer.devices, view.cluster.commune_id)
        start, end = span(day, 1, ground.rules.zone)
        found = await rows.occurrences(
            session, ground.tree.path(ground.place.id), start=start, end=end, open_only=True, limit=MOST
        )
        together = ground.heard_with(cluster_id)
        hearing = await quiet.slots(session, ground, found, start, end)
        meant = {slot.occurrence: slot.clusters & together for slot in hearing}
        sent = [row for row in found if meant[row.id]]
        spoken = await self.issuer.devices.cluster_languages(session, ground.place.id)
        # A transmitter sends the languages of all that are meant, one after the other.
        languages = {row.id: ground.languages_on_air(meant[row.id], spoken) for row in sent}
        airings = await self._airings(session, sent, ground, languages)
        whole = rehearse(airings, to_ms(end), ground.rules.wire(start))
        # What its transmitter sends to others keeps this one waiting, but is not heard here.
        own = {occurrence for occurrence, clusters in meant.items() if cluster_id in clusters}
        return Rehearsal(
            heard=tuple(h for h in whole.heard if h.occurrence in own and h.to_ms > to_ms(start)),
            silent=tuple(s for s in whole.silent if s[0] in own),
        )

    async def clashes(self, session: AsyncSession, place_id: str, start: datetime, end: datetime) -> list[Overlap]:
        """The airings of a place that meet in some cluster between two moments."""
        ground = await grounds.load(session, self.issuer.devices, place_id)
        found = await rows.occurrences(session, (place_id,), start=start, end=end, open_only=True, limit=MOST)
        return overlaps(await quiet.slots(session, ground, found, start, end))

    async def _airings(
        self,
        session: AsyncSession,
        found: Sequence[Occurrence],
        ground: Ground,
        languages: Mapping[str, tuple[str, ...]],
    ) -> list[Airing]:
        bulletins = [row for row in found if row.announcement_id is not None and row.status is Status.ACTUAL]
        contents = await self.issuer.contents(session, {row.announcement_id for row in bulletins})
        sounding = {row.id: contents[row.announcement_id or ""].parts(row.play_class) for row in bulletins}
        return [
            Airing(
                play=airing.play,
                order_id=row.id,
                issued_ms=to_ms(row.created_at),
                expires_ms=to_ms(airing.expires_at),
                total_ms=airing.play.total_ms(languages[row.id]),
                ready=True,
            )
            for row in bulletins
            if sounding[row.id]
            for airing in [bulletin(row, sounding[row.id], volume_max=ground.volume_at(row))]
        ]
