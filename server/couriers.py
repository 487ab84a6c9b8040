"""Courier bundles and return files in somebody's name: prepared, found, taken back."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError, NotFound, Refused
from devices.changes import DeviceChange
from devices.couriers import plans
from devices.couriers.models import CourierBundle
from devices.couriers.repository import contacts as contact_rows
from devices.couriers.returns import OpenedReturn, TakenReturn
from devices.couriers.service import BundleView
from devices.repository import places as place_rows
from server import courier_rounds
from server.acts import Act, acting
from server.auth.permissions import Permission
from server.auth.who import Who
from server.db import on_commit
from server.runtime import Runtime

MOST_FILES = 20


class Choice(NamedTuple):
    """Whom a bundle is for: villages, devices, or a whole route. whole: as if they held nothing yet."""

    villages: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    route_id: str | None = None
    whole: bool = False


class Upload(NamedTuple):
    """A return file as it came."""

    name: str
    file: BinaryIO
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one return file: taken, or refused with the reason."""

    name: str
    taken: TakenReturn | None
    error: LoaError | None


async def prepare(runtime: Runtime, who: Who, place_id: str, choice: Choice) -> CourierBundle:
    """A bundle in somebody's name. Raises Forbidden, NotFound, Refused, Unavailable."""
    async with runtime.database.reading() as session:
        if choice.route_id is not None and (await plans.route(session, choice.route_id)).commune_id != place_id:
            raise NotFound("devices.route_unknown", route_id=choice.route_id)
        device_ids = {
            *choice.devices,
            *await runtime.couriers.devices_of(session, village_ids=choice.villages, route_id=choice.route_id),
        }
        for village_id in await villages_of(session, device_ids, place_id):
            who.require(Permission.CARRY, village_id)
        gathered = await runtime.couriers.gather(session, place_id, device_ids, whole=choice.whole)
        label = await _label(session, choice, [each.device_id for each in gathered.recipients])
    written = await runtime.couriers.write(gathered)
    async with acting(runtime, who) as act:
        bundle = await runtime.couriers.save(
            act.session, written, label=label, route_id=choice.route_id, user_id=who.id
        )
        await act.done("prepare_bundle", f"bundle/{bundle.id}", place_id, devices=len(gathered.recipients))
    # At once, not at the next hourly round: who prepares one bundle after the other must not fill the disk.
    await courier_rounds.prune(runtime)
    return bundle


async def take_returns(runtime: Runtime, who: Who, uploads: Sequence[Upload]) -> list[Outcome]:
    """Take return files in; one that is refused keeps no other out. Raises Refused("server.too_many_files")."""
    if len(uploads) > MOST_FILES:
        raise Refused("server.too_many_files", most=MOST_FILES)
    return [await _take(runtime, who, upload) for upload in uploads]


async def find(runtime: Runtime, session: AsyncSession, who: Who, bundle_id: str) -> BundleView:
    """A bundle this person may carry. Raises NotFound, Forbidden."""
    view = await runtime.couriers.bundle(session, bundle_id)
    await require(session, who, view)
    return view


async def require(session: AsyncSession, who: Who, view: BundleView) -> None:
    """Raises Forbidden unless this person may carry to at least one village of the bundle."""
    if not who.can(Permission.CARRY, view.bundle.commune_id):
        villages = await villages_of(session, [each.device_id for each in view.devices], view.bundle.commune_id)
        if not any(who.can(Permission.CARRY, village_id) for village_id in villages):
            who.require(Permission.CARRY, view.bundle.commune_id)


async def mine(session: AsyncSession, who: Who, views: Sequence[BundleView]) -> list[BundleView]:
    """Those of these bundles that this person may carry."""
    device_ids = {each.device_id for view in views for each in view.devices}
    clusters = await place_rows.clusters_of_devices(session, device_ids)
    allowed = {
        device_id
        for device_id, found in clusters.items()
        if any(who.can(Permission.CARRY, cluster.village_id) for cluster in found)
    }
    return [
        view
        for view in views
        if who.can(Permission.CARRY, view.bundle.commune_id) or any(each.device_id in allowed for each in view.devices)
    ]


async def villages_of(session: AsyncSession, device_ids: Collection[str], place_id: str) -> set[str]:
    """The villages these devices stand in; for one without a cluster, the commune itself."""
    clusters = await place_rows.clusters_of_devices(session, device_ids)
    standing = {found[0].village_id for found in clusters.values()}
    return standing if len(clusters) == len(set(device_ids)) else standing | {place_id}


async def _label(session: AsyncSession, choice: Choice, device_ids: Collection[str]) -> str:
    """What people call it: the route, or the villages."""
    if choice.route_id is not None:
        return (await plans.route(session, choice.route_id)).name
    return ", ".join(await contact_rows.village_names(session, device_ids))


async def _take(runtime: Runtime, who: Who, upload: Upload) -> Outcome:
    try:
        async with runtime.database.reading() as session:
            opened = await runtime.returns.open(session, upload.file, upload.size)
            villages = await villages_of(session, [opened.identity.device_id], opened.identity.commune_id)
        for village_id in villages:
            who.require(Permission.CARRY, village_id)
        for part in opened.parts():
            async with runtime.database.writing() as session:
                changes = await runtime.returns.file(session, opened, part)
                on_commit(session, _telling(runtime, changes))
        async with acting(runtime, who) as act:
            taken = await _learn(act, opened)
    except LoaError as error:
        return Outcome(upload.name, None, error)
    return Outcome(upload.name, taken, None)


async def _learn(act: Act, opened: OpenedReturn) -> TakenReturn:
    taken = await act.runtime.returns.take(act.session, opened, act.who.id)
    details = {"receipts": taken.receipts, "again": taken.again}
    await act.done("take_return", f"device/{taken.device_id}", taken.commune_id, *taken.changes, **details)
    return taken


def _telling(runtime: Runtime, changes: Sequence[DeviceChange]) -> Callable[[], None]:
    def tell() -> None:
        for change in changes:
            runtime.hub.publish(change)

    return tell
