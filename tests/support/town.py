"""A small commune of real processes: broker, server, speakers, each of which can be killed and started again."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from devices.site import Site, demo_site
from server.broker import BrokerPlan, free_port, listening, prepare
from server.demo.errors_in_logs import errors_in
from server.demo.fleet import DemoFleet
from server.demo.fleet import prepare as prepare_fleet
from server.demo.run import server_config
from server.demo.story import Story
from server.processes import Child
from server.settings import Settings, load_settings

PATIENCE_S = 90
FINAL = ("played", "transmitted", "rejected", "missed", "preempted", "cancelled", "interrupted")


def small_site() -> Site:
    """Five smart clusters of the demo site, one of them a gateway with its wireless ones."""
    site = demo_site()
    gateway = min(site.gateways)
    smart = [c for c in site.sounds if c not in site.gateways][:4]
    kept = {gateway: site.sounds[gateway], **{name: site.sounds[name] for name in smart}}
    names = {name for cluster_ids in kept.values() for name in cluster_ids}
    clusters = tuple(cluster for cluster in site.clusters if cluster.id in names)
    return Site(site.commune_id, site.places, clusters, {gateway: site.gateways[gateway]}, kept)


class Town:
    """The processes of one commune and a person to ask the server."""

    def __init__(self, settings: Settings, site: Site, fleet: DemoFleet, plan: BrokerPlan) -> None:
        self.settings, self.site, self.fleet, self.plan = settings, site, fleet, plan
        logs = settings.data_dir / "logs"
        config = server_config(settings, f"mqtt://127.0.0.1:{plan.port}", plan)
        self.broker = Child("broker", prepare(plan).command, logs / "broker.log")
        self.server = Child(
            "server", [sys.executable, "-m", "server", "serve", "--config", str(config)], logs / "server.log"
        )
        self.speakers = {name: self._speaker(name, logs) for name in site.sounds}
        self.story = Story(settings.public_url, site.commune_id, fleet.password)

    def _speaker(self, name: str, logs: Path) -> Child:
        config = self.fleet.fleet_dir / f"{name}.toml"
        command = [sys.executable, "-m", "firmware_sim", "run", "--config", str(config), "--output", "virtual"]
        return Child(name, command, logs / f"{name}.log")

    @property
    def wireless(self) -> set[str]:
        return {name for cluster_ids in self.site.sounds.values() for name in cluster_ids} - set(self.site.sounds)

    async def start(self) -> None:
        """Everything up, everybody signed in, every cluster online."""
        await self.start_broker()
        await self.start_server()
        for speaker in self.speakers.values():
            await speaker.start()
        await self.story.sign_in("lan", "chu-tich", "truc")
        await until(self.everybody_online)

    async def start_broker(self) -> None:
        await self.broker.start()
        await until(lambda: asyncio.to_thread(listening, "127.0.0.1", self.plan.port))

    async def start_server(self) -> None:
        await self.server.start()
        await until(self.server_ready)

    async def kill(self, child: Child) -> None:
        """Kill -9, and wait until it is gone."""
        child.signal(signal.SIGKILL)
        await child.wait()

    async def stop(self) -> None:
        for child in (*self.speakers.values(), self.server, self.broker):
            await child.stop()
        await self.story.__aexit__(None, None, None)

    async def server_ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=5) as http:
                return (await http.get(f"{self.settings.public_url}/healthz")).is_success
        return False

    async def everybody_online(self) -> bool:
        fleet = await self.story.fleet("lan")
        return fleet["smart_online"] == len(self.site.sounds)

    async def deliveries(self, occurrence_id: str) -> dict[str, dict[str, Any]]:
        """What the server shows of each cluster."""
        return await self.story.deliveries("lan", occurrence_id)

    async def states(self, occurrence_id: str) -> dict[str, str]:
        return {name: found["state"] for name, found in (await self.deliveries(occurrence_id)).items()}

    async def reported(self, occurrence_id: str) -> bool:
        """Whether every cluster's airing has come to its end, by receipts."""
        return all(state in FINAL for state in (await self.states(occurrence_id)).values())

    async def sounding(self, occurrence_id: str) -> bool:
        """Whether some cluster has begun and none has ended."""
        return "playing" in (await self.states(occurrence_id)).values()

    def final_receipts(self, occurrence_id: str) -> dict[str, list[str]]:
        """Device → the states of the final receipts it ever sent for an occurrence, from the server's own table."""
        with contextlib.closing(sqlite3.connect(self.settings.data_dir / "loa.db")) as database:
            rows = database.execute(
                "SELECT device_id, state FROM receipt_entry WHERE occurrence_id = ? ORDER BY n", (occurrence_id,)
            ).fetchall()
        final: dict[str, list[str]] = {}
        for device_id, state in rows:
            if state in FINAL:
                final.setdefault(device_id, []).append(state)
        return final

    def _counted(self, query: str, *values: str) -> int:
        with contextlib.closing(sqlite3.connect(self.settings.data_dir / "loa.db")) as database:
            count: int = database.execute(query, values).fetchone()[0]
        return count

    async def bank_is_full(self) -> bool:
        """Whether every speaker has proved that it holds every emergency template."""
        held = self._counted(
            "SELECT count(*) FROM receipt_entry JOIN order_entry ON order_entry.id = receipt_entry.order_id "
            "WHERE order_entry.type = 'hold' AND receipt_entry.state = 'stored'"
        )
        templates = self._counted("SELECT count(*) FROM emergency_template WHERE held_at IS NOT NULL")
        return templates == 3 and held >= templates * len(self.site.sounds)

    def downloads(self) -> int:
        """How many contents were asked of the server so far."""
        return self.server.log.read_text("utf-8").count('"path": "/content/')

    def errors(self) -> list[str]:
        """Everything any process logged as an error."""
        return [error for log in (self.settings.data_dir / "logs").glob("*.log") for error in errors_in(log)]


@asynccontextmanager
async def town(folder: Path, *, lead_s: int = 4) -> AsyncIterator[Town]:
    """A small commune, running. lead_s: from "broadcast now" to the sound."""
    http_port, mqtt_port = free_port(), free_port()
    settings = load_settings(
        None, {"data_dir": folder, "http": {"host": "127.0.0.1", "port": http_port}, "programme": {"lead_s": lead_s}}
    )
    site = small_site()
    fleet = await prepare_fleet(settings, site, broker_url=f"mqtt://127.0.0.1:{mqtt_port}")
    plan = BrokerPlan(folder / "broker", "127.0.0.1", mqtt_port, fleet.broker_devices, fleet.server_password)
    here = Town(settings, site, fleet, plan)
    try:
        await here.start()
        yield here
    finally:
        await here.stop()


async def until(condition: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition, not for seconds; only a system that is broken runs into the limit."""
    async with asyncio.timeout(patience_s):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.1)


def summary_of(output: str) -> dict[str, Any]:
    """The JSON a command printed."""
    found: dict[str, Any] = json.loads(output)
    return found
