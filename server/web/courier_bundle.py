"""One courier bundle: the file, who carries it, which speakers took it."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError
from devices.couriers.models import BundleDevice, HandOver
from devices.repository import places
from server import couriers
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository
from server.web.courier import MB, CarryPage
from server.web.page import Page, go, in_commune_of
from server.web.signs import BUNDLE, Sign

router = APIRouter(include_in_schema=False)

_HANDED = {
    HandOver.RETURN.value: Sign("✓", N_("says that it took it"), "ok"),
    HandOver.PHONE.value: Sign("◉", N_("took it, says the phone"), "plan"),
    "": Sign("○", N_("not yet"), "off"),
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """A speaker the bundle is for."""

    name: str
    device_id: str
    sign: Sign
    at: datetime | None


@router.get("/courier/{bundle_id}")
async def show(page: CarryPage, bundle_id: str) -> HTMLResponse:
    return await _show(page, bundle_id)


@router.post("/courier/{bundle_id}/carried")
async def carried(page: CarryPage, bundle_id: str) -> Response:
    """Note who takes it along."""
    name = str((await page.request.form()).get("carrier", ""))
    try:
        async with page.act() as act:
            bundle = (await couriers.find(page.runtime, act.session, page.me, bundle_id)).bundle
            await page.runtime.couriers.carried(act.session, bundle_id, name, page.me.id)
            await act.done("carry_bundle", f"bundle/{bundle_id}", bundle.commune_id, carrier=name[:120])
    except LoaError as error:
        return await _show(page, bundle_id, error)
    return go(f"/courier/{bundle_id}", "saved")


async def _show(page: Page, bundle_id: str, error: LoaError | None = None) -> HTMLResponse:
    page = await in_commune_of(page, Permission.CARRY)
    async with page.runtime.database.reading() as session:
        view = await couriers.find(page.runtime, session, page.me, bundle_id)
        clusters = await places.clusters_of_devices(session, [each.device_id for each in view.devices])
        people = await repository.user_names(session, {view.bundle.prepared_by})
    names = {device_id: found[0].name for device_id, found in clusters.items()}
    return page.html(
        "courier/bundle.html",
        error=error,
        it=view.bundle,
        view=view,
        sign_of_state=BUNDLE[view.state],
        devices=[_recipient(each, names) for each in view.devices],
        prepared_by=people.get(view.bundle.prepared_by, ""),
        megabytes=max(0.1, view.bundle.size / MB),
        here=view.bundle.removed_at is None,
    )


def _recipient(each: BundleDevice, names: dict[str, str]) -> Recipient:
    return Recipient(names.get(each.device_id, each.device_id), each.device_id, _HANDED[each.proof], each.handed_at)
