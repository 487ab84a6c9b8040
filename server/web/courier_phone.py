"""The courier's phone page: loaded once, it works without a network; what it needs of the server it asks for itself."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from devices.couriers.service import BundleState, BundleView
from devices.repository import places
from server import couriers
from server.auth.guard import allow, public
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.i18n import negotiate
from server.i18n.catalogue import N_, translations
from server.web.page import in_commune_of, make_page
from server.web.templating import render, static_url

router = APIRouter(include_in_schema=False)

SCOPE = "/courier/"
PAGE = "/courier/phone"
MANIFEST = "/courier/app.webmanifest"
SPEAKER = "http://loa.local/"
"""Where a speaker is found from its own Wi-Fi or the village's."""
FILES = (
    "css/tokens.css",
    "css/base.css",
    "css/parts.css",
    "js/courier.js",
    "icons/courier.svg",
    "icons/courier-192.png",
    "icons/courier-512.png",
)
BUNDLES = 50
_OPENING = {"Cross-Origin-Opener-Policy": "same-origin-allow-popups"}
"""The page opens a speaker's own page and hands it a file, so the two must stay in touch."""

Carrying = Annotated[Who, Depends(allow(Permission.CARRY))]


@router.get(PAGE, dependencies=[Depends(public)])
async def page(request: Request) -> HTMLResponse:
    """The same for everybody: it holds nobody's name and no secret, so that a browser may keep it."""
    return HTMLResponse(_page(negotiate(request)), headers=_OPENING | {"Cache-Control": "no-cache"})


@router.get("/courier/sw.js", dependencies=[Depends(public)])
async def worker(request: Request) -> Response:
    """The service worker; it changes whenever something that it keeps does."""
    locale = negotiate(request)
    kept = [PAGE, MANIFEST, *(static_url(path) for path in FILES)]
    digest = hashlib.sha256("\n".join([_page(locale), *kept]).encode()).hexdigest()[:12]
    text = render(locale, "courier/sw.js", kept=kept, page_path=PAGE, version=digest)
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": SCOPE}
    return Response(text, media_type="text/javascript", headers=headers)


@router.get(MANIFEST, dependencies=[Depends(public)])
async def manifest(request: Request) -> JSONResponse:
    """What a phone needs to put the page on its screen."""
    gettext = translations(locale := negotiate(request)).gettext
    icons = [
        {"src": static_url(f"icons/courier-{n}.png"), "sizes": f"{n}x{n}", "type": "image/png"} for n in (192, 512)
    ]
    icons.append({"src": static_url("icons/courier.svg"), "sizes": "any", "type": "image/svg+xml"})
    described: dict[str, Any] = {
        "id": PAGE,
        "name": gettext(N_("Loa courier")),
        "short_name": gettext(N_("Courier")),
        "lang": locale,
        "start_url": PAGE,
        "scope": SCOPE,
        "display": "standalone",
        "background_color": "#f6f4ee",
        "theme_color": "#0b5d4e",
        "icons": [*icons, _icon("courier.svg", "any", "image/svg+xml")],
    }
    return JSONResponse(described, media_type="application/manifest+json")


@router.get("/courier/phone/mine")
async def mine(request: Request, who: Carrying, runtime: RuntimeOf) -> JSONResponse:
    """Who is signed in, the secret its forms carry, and the bundles still to be carried."""
    about = await in_commune_of(await make_page(request, who), Permission.CARRY)
    async with runtime.database.reading() as session:
        views = await runtime.couriers.bundles(session, about.place.id, limit=BUNDLES)
        open_ones = [view for view in await couriers.mine(session, who, views) if _can_go(view)]
        clusters = await places.clusters_of_devices(session, {d.device_id for view in open_ones for d in view.devices})
    names = {device_id: found[0].name for device_id, found in clusters.items()}
    bundles = [_bundle(view, names) for view in open_ones]
    told = {"csrf": about.csrf, "name": who.user.name, "bundles": bundles}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _icon(name: str, sizes: str, media_type: str) -> dict[str, str]:
    return {"src": static_url(f"icons/{name}"), "sizes": sizes, "type": media_type}


def _page(locale: str) -> str:
    return render(locale, "courier/phone.html", manifest=MANIFEST, speaker=SPEAKER)


def _can_go(view: BundleView) -> bool:
    return view.bundle.removed_at is None and view.state in {BundleState.PREPARED, BundleState.CARRIED}


def _bundle(view: BundleView, names: dict[str, str]) -> dict[str, Any]:
    it = view.bundle
    return {
        "id": it.id,
        "label": it.label or it.file_name,
        "file": it.file_name,
        "size": it.size,
        "expires": it.expires_at.isoformat(),
        "devices": [names.get(each.device_id, each.device_id) for each in view.devices],
    }
