"""Courier bundles: prepared for villages, fetched, carried, handed over."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import Field

from devices.couriers.service import BundleState, BundleView
from server import couriers
from server.acts import acting
from server.api.shapes import PROBLEMS, Id, Limit, Moment, Name, Page, Shown, Strict
from server.auth.guard import allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.couriers import Choice
from server.deps import RuntimeOf

router = APIRouter(prefix="/courier-bundles", tags=["couriers"], responses=PROBLEMS)

Carrying = Annotated[Who, Depends(allow(Permission.CARRY))]
BUNDLE_TYPE = "application/octet-stream"


class BundleIn(Strict):
    """Whom it is for; several villages make one route. whole: as if the devices held nothing yet."""

    place_id: Name
    villages: Annotated[list[Name], Field(max_length=256, default_factory=list)]
    devices: Annotated[list[Name], Field(max_length=256, default_factory=list)]
    route_id: Name | None = None
    whole: bool = False


class Carrier(Strict):
    """Who takes it along."""

    carrier: Annotated[str, Field(min_length=1, max_length=120)]


class HandedIn(Strict):
    """What the device said when the phone handed it the bundle: `taken`, or why not."""

    device_id: Name
    outcome: Annotated[str, Field(max_length=64)]


class RecipientOut(Shown):
    """A device it is for. proof: `return` when its own return file says so, `phone` when only a phone does."""

    device_id: str
    handed_at: Moment | None
    proof: str
    outcome: str


class CarriageOut(Shown):
    """Somebody took it along."""

    carrier: str
    at: Moment


class BundleOut(Shown):
    """A bundle and how far it has come. airings: how many it brought; ended: how many ended, by receipts."""

    id: str
    commune_id: str
    label: str
    route_id: str | None
    file_name: str
    size: int
    sha256: str
    orders: int
    contents: int
    prepared_at: Moment
    prepared_by: str | None
    expires_at: Moment
    removed_at: Moment | None
    state: BundleState = BundleState.PREPARED
    devices: list[RecipientOut] = Field(default_factory=list)
    carriages: list[CarriageOut] = Field(default_factory=list)
    airings: int = 0
    ended: int = 0


@router.get("")
async def of_place(
    who: Carrying,
    runtime: RuntimeOf,
    place_id: Annotated[Name, Query()],
    before: Annotated[Id | None, Query()] = None,
    limit: Limit = 50,
) -> Page[BundleOut]:
    """A commune's bundles, newest first, as far as you may carry them."""
    async with runtime.database.reading() as session:
        views = await runtime.couriers.bundles(session, place_id, before=before, limit=limit + 1)
        shown = [bundle_out(view) for view in await couriers.mine(session, who, views[:limit])]
    return Page(items=shown, next=views[limit - 1].bundle.id if len(views) > limit else None)


@router.post("", status_code=201)
async def prepare(body: BundleIn, who: Carrying, runtime: RuntimeOf) -> BundleOut:
    """Prepare a bundle of all that these devices are not known to have."""
    choice = Choice(tuple(body.villages), tuple(body.devices), body.route_id, body.whole)
    made = await couriers.prepare(runtime, who, body.place_id, choice)
    return await get(made.id, who, runtime)


@router.get("/{bundle_id}")
async def get(bundle_id: Id, who: Carrying, runtime: RuntimeOf) -> BundleOut:
    """One bundle."""
    async with runtime.database.reading() as session:
        return bundle_out(await couriers.find(runtime, session, who, bundle_id))


@router.get("/{bundle_id}/file", response_class=FileResponse)
async def file(bundle_id: Id, who: Carrying, runtime: RuntimeOf) -> FileResponse:
    """The file itself."""
    async with runtime.database.reading() as session:
        bundle = (await couriers.find(runtime, session, who, bundle_id)).bundle
    return FileResponse(
        runtime.couriers.file(bundle),
        media_type=BUNDLE_TYPE,
        filename=bundle.file_name,
        headers={"ETag": f'"{bundle.sha256}"', "Cache-Control": "private, no-cache"},
    )


@router.post("/{bundle_id}/carriers", status_code=201)
async def carry(bundle_id: Id, body: Carrier, who: Carrying, runtime: RuntimeOf) -> BundleOut:
    """Note who takes it along; several may."""
    async with acting(runtime, who) as act:
        bundle = (await couriers.find(runtime, act.session, who, bundle_id)).bundle
        await runtime.couriers.carried(act.session, bundle_id, body.carrier, who.id)
        await act.done("carry_bundle", f"bundle/{bundle_id}", bundle.commune_id, carrier=body.carrier)
    return await get(bundle_id, who, runtime)


@router.post("/{bundle_id}/hand-overs", status_code=201)
async def hand_over(bundle_id: Id, body: HandedIn, who: Carrying, runtime: RuntimeOf) -> BundleOut:
    """Note what a device said; only `taken` counts as handed over, and its return file says it better."""
    async with acting(runtime, who) as act:
        bundle = (await couriers.find(runtime, act.session, who, bundle_id)).bundle
        if body.outcome in TAKEN and await runtime.couriers.handed(
            act.session, bundle_id, body.device_id, body.outcome
        ):
            await act.done("hand_over_bundle", f"bundle/{bundle_id}", bundle.commune_id, device=body.device_id)
    return await get(bundle_id, who, runtime)


TAKEN = frozenset({"taken", "replayed"})
"""What a device says that has the bundle now; the second when it had taken it before."""


def bundle_out(view: BundleView) -> BundleOut:
    """As the interface shows it."""
    return BundleOut.model_validate(view.bundle).model_copy(
        update={
            "state": view.state,
            "devices": [RecipientOut.model_validate(each) for each in view.devices],
            "carriages": [CarriageOut.model_validate(each) for each in view.carriages],
            "airings": view.progress.airings,
            "ended": view.progress.ended,
        }
    )
