"""A small commune of real processes: broker, server, speakers, each of which can be killed and started again."""

import asyncio
import contextlib
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from devices.site import Site, demo_site
from firmware_sim.flash_rows import Kind
from server.broker import BrokerPlan, free_port, listening, prepare
from server.demo.errors_in_logs import errors_in
from server.demo.fleet import DemoFleet
from server.demo.fleet import prepare as prepare_fleet
from server.demo.run import server_config
from server.demo.story import Story
from server.processes import Child
from server.settings import Settings, load_settings
from tests.support.ear import Stretch, heard

EAR = Path(__file__).with_name("ear.py")
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


def one_cluster_site() -> Site:
    """A commune whose only device is one smart cluster."""
    site = demo_site()
    name = min(name for name in site.sounds if name not in site.gateways)
    clusters = tuple(cluster for cluster in site.clusters if cluster.id == name)
    return Site(site.commune_id, site.places, clusters, {}, {name: site.sounds[name]})


@dataclass(frozen=True, slots=True)
class Ways:
    """How the processes of a town reach each other; what a test puts in between stands here.

    host: where broker and server listen. A port or address of None: the thing itself. The prefixes are words before
    the command of a process; ears: note what every speaker makes heard.
    """

    host: str = "127.0.0.1"
    http_port: int = field(default_factory=free_port)
    broker_port: int = field(default_factory=free_port)
    devices_broker_port: int | None = None
    servers_broker_port: int | None = None
    devices_http_port: int | None = None
    server_prefix: Sequence[str] = ()
    speaker_prefix: Sequence[str] = ()
    ears: bool = False


class Town:
    """The processes of one commune and a person to ask the server."""

    def __init__(
        self, settings: Settings, site: Site, fleet: DemoFleet, plan: BrokerPlan, ways: Ways | None = None
    ) -> None:
        self.settings, self.site, self.fleet, self.plan = settings, site, fleet, plan
        self.ways = ways or Ways()
        logs = settings.data_dir / "logs"
        self.broker = Child("broker", prepare(plan).command, logs / "broker.log")
        serve = [sys.executable, "-m", "server", "serve", "--config", str(self._config())]
        self.server = Child("server", [*self.ways.server_prefix, *serve], logs / "server.log")
        self.speakers = {name: self._speaker(name, logs) for name in site.sounds}
        self.url = f"http://{settings.http.host}:{settings.http.port}"
        self.story = Story(self.url, site.commune_id, fleet.password)

    def _config(self) -> Path:
        """The demo's settings file, with what this town has of its own."""
        port = self.ways.servers_broker_port or self.plan.port
        path = server_config(self.settings, f"mqtt://{self.plan.host}:{port}", self.plan)
        public = f'[http]\npublic_url = "{self.settings.public_url}"\n'
        own = f"[programme]\nlead_s = {self.settings.programme.lead_s}\n"
        path.write_text(path.read_text("utf-8").replace("[http]\n", public) + own, "utf-8")
        return path

    def _speaker(self, name: str, logs: Path) -> Child:
        command = [str(EAR), str(self.ear(name))] if self.ways.ears else ["-m", "firmware_sim"]
        run = ["run", "--config", str(self.fleet.fleet_dir / f"{name}.toml"), "--output", "virtual"]
        return Child(name, [*self.ways.speaker_prefix, sys.executable, *command, *run], logs / f"{name}.log")

    def ear(self, name: str) -> Path:
        """Where the ear of a speaker writes."""
        return self.settings.data_dir / "speakers" / f"{name}.ear"

    def heard(self, name: str, occurrence_id: str | None = None) -> list[Stretch]:
        """What this speaker made heard so far, of one airing or of all, if the town has ears."""
        path = self.ear(name)
        found = heard(path.read_text("utf-8")) if path.exists() else []
        return [stretch for stretch in found if occurrence_id in {None, stretch.occurrence}]

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
        await until(lambda: asyncio.to_thread(listening, self.plan.host, self.plan.port))

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
                return (await http.get(f"{self.url}/healthz")).is_success
        return False

    async def everybody_online(self) -> bool:
        fleet = await self.story.fleet("lan")
        return fleet["smart_online"] == len(self.site.sounds)

    async def spoken(self, title: str, text: str) -> str:
        """An approved announcement of a text."""
        place_id = self.site.commune_id
        sound = await self.story._post(
            "lan", "/assets/speech", place_id=place_id, title=title, text=text, language="vi"
        )
        return await self.approved(title, sound["id"])

    async def uploaded(self, title: str, sound: bytes) -> str:
        """An approved announcement of a WAV file."""
        async with httpx.AsyncClient(timeout=1_800) as http:
            answer = await http.post(
                f"{self.url}/api/v1/assets",
                files={"file": ("sound.wav", sound)},
                data={"place_id": self.site.commune_id, "title": title, "language": "vi"},
                headers=self.story._headers("lan"),
            )
        return await self.approved(title, answer.raise_for_status().json()["id"])

    async def approved(self, title: str, asset_id: str) -> str:
        """Write an announcement of a sound and have it approved."""
        story = self.story
        written = await story._post(
            "lan", "/announcements", place_id=self.site.commune_id, title=title, versions={"vi": asset_id}
        )
        announcement_id: str = written["id"]
        await story._post("lan", f"/announcements/{announcement_id}/submit")
        await story._post("chu-tich", f"/announcements/{announcement_id}/approve")
        return announcement_id

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

    def unacknowledged(self, name: str) -> int:
        """Receipts that a speaker still keeps because nobody has acknowledged them, read from its flash."""
        path = self.settings.data_dir / "speakers" / name / "flash.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as flash:
            count: int = flash.execute("SELECT count(*) FROM kept WHERE kind = ?", (Kind.RECEIPT,)).fetchone()[0]
        return count

    def missing_receipts(self) -> list[tuple[str, int]]:
        """Devices whose receipts have a hole in their numbers at the server, and how many are missing."""
        with contextlib.closing(sqlite3.connect(self.settings.data_dir / "loa.db")) as database:
            found = database.execute(
                "SELECT device_id, max(n) - count(*) AS gone FROM receipt_entry GROUP BY device_id HAVING gone > 0"
            ).fetchall()
        return [(device_id, missing) for device_id, missing in found]

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

    async def content_bytes(self) -> int:
        """Bytes of content that the server's application has handed to connections since it started."""
        async with httpx.AsyncClient(timeout=30) as http:
            answer = await http.get(f"{self.url}/metrics", headers=self.story._headers("lan"))
            text = answer.raise_for_status().text
        line = next(line for line in text.splitlines() if line.startswith("loa_content_bytes_total "))
        return int(float(line.split()[1]))

    def errors(self) -> list[str]:
        """Everything any process logged as an error."""
        return [error for log in (self.settings.data_dir / "logs").glob("*.log") for error in errors_in(log)]


@asynccontextmanager
async def town(
    folder: Path, *, lead_s: int = 4, site: Site | None = None, ways: Ways | None = None
) -> AsyncIterator[Town]:
    """A small commune, running. lead_s: from "broadcast now" to the sound."""
    here = await prepared_town(folder, lead_s=lead_s, site=site, ways=ways)
    try:
        await here.start()
        yield here
    finally:
        await here.stop()


async def prepared_town(folder: Path, *, lead_s: int = 4, site: Site | None = None, ways: Ways | None = None) -> Town:
    """The same with nothing started yet: whoever starts it stops it."""
    ways = ways or Ways()
    http = {"host": ways.host, "port": ways.http_port}
    if ways.devices_http_port is not None:
        http["public_url"] = f"http://{ways.host}:{ways.devices_http_port}"
    settings = load_settings(None, {"data_dir": folder, "http": http, "programme": {"lead_s": lead_s}})
    site = site or small_site()
    broker_url = f"mqtt://{ways.host}:{ways.devices_broker_port or ways.broker_port}"
    fleet = await prepare_fleet(settings, site, broker_url=broker_url)
    plan = BrokerPlan(folder / "broker", ways.host, ways.broker_port, fleet.broker_devices, fleet.server_password)
    return Town(settings, site, fleet, plan, ways)


async def until(condition: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition, not for seconds; only a system that is broken runs into the limit."""
    async with asyncio.timeout(patience_s):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.1)


def summary_of(output: str) -> dict[str, Any]:
    """The JSON a command printed."""
    found: dict[str, Any] = json.loads(output)
    return found
