"""A commune of any number of smart clusters, with the real broker and server as processes, for the benchmarks."""

import asyncio
import contextlib
import http.client
import json
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from devices.broker_files import BrokerDevice
from devices.models import Cluster, ClusterKind, Place, PlaceKind
from devices.site import Site, demo_site
from server.broker import BrokerPlan, free_port, listening, prepare
from server.demo.fleet import DemoFleet
from server.demo.fleet import prepare as prepare_fleet
from server.demo.run import server_config
from server.processes import Child
from server.settings import Settings, load_settings

COMMUNE = "bao-nhai"
PUBLISHER = "bench"
READY_S = 120


def site_of(count: int) -> Site:
    """The demo's commune with `count` smart clusters, one a village, and nothing else."""
    above = tuple(place for place in demo_site().places if place.kind is not PlaceKind.VILLAGE)
    names = [f"b{number:05d}" for number in range(count)]
    villages = tuple(Place(id=f"v-{name}", kind=PlaceKind.VILLAGE, parent_id=COMMUNE, name=name) for name in names)
    clusters = tuple(
        Cluster(id=name, name=name, kind=ClusterKind.SMART, commune_id=COMMUNE, village_id=f"v-{name}")
        for name in names
    )
    return Site(COMMUNE, above + villages, clusters, {}, {name: (name,) for name in names})


@dataclass(slots=True)
class Commune:
    """What a benchmark needs of it: where things are, who may connect, and a person who launches emergencies."""

    settings: Settings
    fleet: DemoFleet
    plan: BrokerPlan
    broker: str
    publisher: BrokerDevice
    token: str = ""

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """Every device's user name and password at the broker."""
        return [(device.device_id, device.password) for device in self.fleet.broker_devices]

    def connect(self) -> "Caller":
        """One kept-alive HTTP connection, signed in."""
        return Caller(self.settings.http.host, self.settings.http.port, self.token)

    def last_order(self) -> bytes:
        """The signed bytes of the newest play order."""
        with contextlib.closing(sqlite3.connect(self.settings.data_dir / "loa.db")) as database:
            query = "SELECT envelope FROM order_entry WHERE type = 'play' ORDER BY seq DESC LIMIT 1"
            envelope: bytes = database.execute(query).fetchone()[0]
        return envelope


class Caller:
    """Calls the API on one connection that is already open."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._http = http.client.HTTPConnection(host, port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The decoded answer. Raises RuntimeError for anything but success."""
        headers = self._headers | {"Idempotency-Key": f"bench-{time.time_ns()}"}
        self._http.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None

    def close(self) -> None:
        self._http.close()


@asynccontextmanager
async def commune(folder: Path, count: int) -> AsyncIterator[Commune]:
    """A broker and a server for `count` clusters, running until the block ends."""
    port = free_port()
    settings = load_settings(None, {"data_dir": folder, "http": {"host": "127.0.0.1", "port": free_port()}})
    fleet = await prepare_fleet(settings, site_of(count), broker_url=f"mqtt://127.0.0.1:{port}")
    publisher = BrokerDevice(PUBLISHER, "bench-" + fleet.server_password[:16], ())
    devices = [*fleet.broker_devices, publisher]
    plan = BrokerPlan(folder / "broker", "127.0.0.1", port, devices, fleet.server_password)
    command = prepare(plan)
    _let_publish(plan.folder)
    logs = folder / "logs"
    config = server_config(settings, f"mqtt://127.0.0.1:{port}", plan)
    broker = Child("broker", command.command, logs / "broker.log")
    server = Child("server", [sys.executable, "-m", "server", "serve", "--config", str(config)], logs / "server.log")
    here = Commune(settings, fleet, plan, command.description, publisher)
    try:
        await broker.start()
        await _until(lambda: listening("127.0.0.1", port))
        await server.start()
        await _until(lambda: _ready(settings.public_url))
        here.token = _sign_in(settings.public_url, fleet.password)
        yield here
    finally:
        await server.stop()
        await broker.stop()


def _let_publish(folder: Path) -> None:
    """The bare publisher may do what the server may: it stands in for the server in the comparison."""
    acl, nats = folder / "acl", folder / "nats.conf"
    if acl.exists():
        acl.write_text(acl.read_text() + f"\nuser {PUBLISHER}\ntopic readwrite loa/1/#\n")
    if nats.exists():
        own = f"loa.1.d.{PUBLISHER}.up"
        nats.write_text(nats.read_text().replace(f'"{own}.hello"', f'"loa.1.>", "{own}.hello"'))


async def _until(condition: Any) -> None:
    async with asyncio.timeout(READY_S):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.1)


def _ready(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/healthz", timeout=5).status_code == httpx.codes.OK
    return False


def _sign_in(url: str, password: str) -> str:
    body = {"login": "truc", "password": password, "name": "benchmark"}
    token: str = httpx.post(f"{url}/api/v1/session", json=body, timeout=30).raise_for_status().json()["token"]
    return token
