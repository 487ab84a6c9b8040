"""What the rooms above may ask of the couriers."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound, Refused
from base.ids import new_id
from base.times import Clock
from devices.couriers import gathering, writing
from devices.couriers.files import BundleFiles
from devices.couriers.gathering import Gathered
from devices.couriers.models import BundleDevice, Carriage, CourierBundle, HandOver
from devices.couriers.repository import bundles as rows
from devices.couriers.repository import contacts
from devices.couriers.states import BundleState, BundleView, Progress, view
from devices.couriers.writing import ContentFiles, Written
from devices.keys import KeyStore

MAX_CARRIER = 120


class CourierService:
    """Bundles from being prepared to being played. Nothing commits; `write` needs no session and is slow."""

    def __init__(
        self, keys: KeyStore, clock: Clock, files: BundleFiles, contents: ContentFiles, cap_bytes: int
    ) -> None:
        """contents: where sounds are read from. cap_bytes: what all bundle files together may take."""
        self._keys, self._clock, self._files, self._contents = keys, clock, files, contents
        self._cap_bytes = cap_bytes

    async def devices_of(
        self, session: AsyncSession, *, village_ids: Collection[str] = (), route_id: str | None = None
    ) -> list[str]:
        """The devices that stand in these villages, and those of this route."""
        found = await contacts.devices_in_villages(session, village_ids) if village_ids else []
        on_route = await contacts.devices_of_route(session, route_id) if route_id is not None else []
        return sorted({*found, *on_route})

    async def gather(
        self, session: AsyncSession, commune_id: str, device_ids: Collection[str], *, whole: bool = False
    ) -> Gathered:
        """Read what a bundle takes: only what the devices are not known to hold, or all of it (`whole`).

        Raises Refused("devices.bundle_nobody" | "devices.bundle_too_many"), Unavailable("devices.key_missing").
        """
        return await gathering.gather(
            session, self._keys, self._clock(), commune_id=commune_id, device_ids=device_ids, whole=whole
        )

    async def write(self, gathered: Gathered) -> Written:
        """Write its file. Raises Refused("devices.bundle_too_large"), Unavailable("devices.content_spoilt")."""
        return await asyncio.to_thread(writing.write, gathered, new_id(), self._files, self._contents)

    async def save(
        self, session: AsyncSession, written: Written, *, label: str, route_id: str | None, user_id: str | None
    ) -> CourierBundle:
        """Write down a bundle whose file is there. user_id None: it was prepared by itself."""
        gathered = written.gathered
        row = CourierBundle(
            id=written.id,
            commune_id=gathered.commune_id,
            label=label[:MAX_CARRIER],
            route_id=route_id,
            file_name=f"{gathered.commune_id}-{gathered.at:%Y%m%d-%H%M}-{written.id[-6:].lower()}.loa",
            size=written.size,
            sha256=written.sha256,
            orders=len(written.order_ids),
            contents=written.contents,
            prepared_at=gathered.at,
            prepared_by=user_id,
            expires_at=written.expires_at,
        )
        recipients = [
            BundleDevice(
                bundle_id=row.id,
                device_id=device_id,
                haves={log: held.to_wire() for log, held in haves.items()},
            )
            for device_id, haves in gathered.haves.items()
        ]
        await rows.add_bundle(session, row, recipients, written.order_ids)
        return row

    async def bundle(self, session: AsyncSession, bundle_id: str) -> BundleView:
        """Raises NotFound("devices.bundle_unknown")."""
        found = await rows.bundle(session, bundle_id)
        if found is None:
            raise NotFound("devices.bundle_unknown", bundle_id=bundle_id)
        return (await self._views(session, [found]))[0]

    async def bundles(
        self, session: AsyncSession, commune_id: str, *, before: str | None = None, limit: int = 50
    ) -> list[BundleView]:
        """A commune's bundles, newest first."""
        return await self._views(session, await rows.bundles(session, commune_id, before=before, limit=limit))

    def file(self, bundle: CourierBundle) -> Path:
        """Where its file lies. Raises NotFound("devices.bundle_gone") when it was removed."""
        path = self._files.path(bundle.id)
        if bundle.removed_at is not None or not path.is_file():
            raise NotFound("devices.bundle_gone", name=bundle.file_name)
        return path

    async def carried(self, session: AsyncSession, bundle_id: str, carrier: str, user_id: str | None) -> None:
        """Somebody takes the bundle along. Raises Refused("devices.carrier_missing"), NotFound."""
        name = carrier.strip()[:MAX_CARRIER]
        if not name:
            raise Refused("devices.carrier_missing")
        await self.bundle(session, bundle_id)
        row = Carriage(id=new_id(), bundle_id=bundle_id, carrier=name, at=self._clock(), user_id=user_id)
        await rows.add_carriage(session, row)

    async def handed(self, session: AsyncSession, bundle_id: str, device_id: str, outcome: str) -> bool:
        """The phone says that a device took the bundle; a return file says it better. True when that is news."""
        noted = await rows.hand_over(
            session, [bundle_id], device_id, self._clock(), proof=HandOver.PHONE, outcome=outcome[:64]
        )
        return bool(noted)

    async def forget_files(self, session: AsyncSession, now: datetime) -> list[str]:
        """Mark the files that are past their time, and the oldest beyond the cap, as removed; remove them afterwards
        with `remove_files`, once that is committed.
        """
        found = list(await rows.files(session))
        going = [row for row in found if row.expires_at <= now]
        room = self._cap_bytes - sum(row.size for row in found if row.expires_at > now)
        for row in found:
            if room >= 0:
                break
            if row.expires_at > now:
                going.append(row)
                room += row.size
        ids = [row.id for row in going]
        if ids:
            await rows.mark_removed(session, ids, now)
        return ids

    async def remove_files(self, bundle_ids: Collection[str]) -> None:
        """Remove files that were forgotten."""
        await asyncio.to_thread(self._files.remove, bundle_ids)

    async def sweep_files(self, session: AsyncSession) -> None:
        """At the start: remove what a crash left unfinished or never wrote down."""
        known = [row.id for row in await rows.files(session)]
        await asyncio.to_thread(self._files.sweep, known)

    async def _views(self, session: AsyncSession, found: Sequence[CourierBundle]) -> list[BundleView]:
        ids = [row.id for row in found]
        devices = await rows.bundle_devices(session, ids)
        carriages = await rows.carriages(session, ids)
        progress = await rows.progress(session, ids)
        now = self._clock()
        return [
            view(row, devices.get(row.id, ()), carriages.get(row.id, ()), progress.get(row.id, Progress(0, 0)), now)
            for row in found
        ]


__all__ = ["BundleState", "BundleView", "CourierService", "Written"]
