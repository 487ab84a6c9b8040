"""Runs the demo: a broker, a server, the fleet, and a morning's work, each a process or a person of its own."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from base.errors import Unavailable
from devices.broker_files import SERVER_USER
from devices.site import demo_site
from server.broker import BrokerCommand, BrokerPlan, free_port, listening
from server.broker import prepare as prepare_broker
from server.demo.errors_in_logs import errors_in
from server.demo.fleet import PEOPLE, DemoFleet, prepare
from server.demo.programme import plan_week
from server.demo.screen import Progress
from server.demo.story import Aired, Story
from server.demo.summary import Summary
from server.files import write_private
from server.fleet import OWN_PASSWORD
from server.processes import Child
from server.settings import Settings, load_settings

READY_TIMEOUT_S = 30
ONLINE_TIMEOUT_S = 30
POLL_S = 0.5
MAX_RESTARTS = 5
OPERATOR, APPROVER = "lan", "chu-tich"
Condition = Callable[[], Awaitable[bool]]
ENDED = frozenset({"played", "transmitted", "missed", "rejected", "preempted", "cancelled", "interrupted"})


class ToldToEnd(Exception):
    """Somebody pressed Ctrl-C, or the time is up."""


class Demo:
    """One run. `progress` is kept up to date for the screen; `summary` is what came of it."""

    def __init__(
        self,
        folder: Path,
        port: int,
        on_progress: Callable[[Progress], None],
        ended: Callable[[], bool],
        *,
        until_reported: bool = False,
    ) -> None:
        self.started = time.time()
        self.progress = Progress()
        self.summary = Summary()
        self._on_progress = on_progress
        self._ended = ended
        self._until_reported = until_reported
        self._site = demo_site()
        self._port = port if not listening("127.0.0.1", port) else free_port()
        self._settings = load_settings(None, _settings(folder, self._port))
        self._offsets: dict[Path, int] = {}
        self._children: list[Child] = []

    @property
    def control(self) -> Path:
        """Where the swarm listens for plug and unplug."""
        return self._settings.data_dir / "swarm.sock"

    async def run(self) -> Summary:
        """Start everything, broadcast, watch until told to end; then end everything in order."""
        async with AsyncExitStack() as stack:
            try:
                story = await self._start(stack)
                await self._work(story)
            except ToldToEnd:
                pass
            except (Unavailable, httpx.HTTPError, OSError) as error:
                self._say(f"stopped: {error}")
                self.summary.errors.append(str(error) or type(error).__name__)
            finally:
                await self._stop()
        self.summary.errors += self._errors()
        return self.summary

    async def _start(self, stack: AsyncExitStack) -> Story:
        self._say("preparing the folder")
        port = free_port()
        broker_url = f"mqtt://127.0.0.1:{port}"
        fleet = await prepare(self._settings, self._site, broker_url=broker_url)
        plan = BrokerPlan(
            self._settings.data_dir / "broker", "127.0.0.1", port, fleet.broker_devices, fleet.server_password
        )
        command = prepare_broker(plan)
        self._introduce(command, fleet)
        self._say("starting the broker, the server and the fleet")
        await self._child("broker", list(command.command))
        await self._until(lambda: asyncio.to_thread(listening, "127.0.0.1", port), READY_TIMEOUT_S, "the broker")
        config = server_config(self._settings, broker_url, plan)
        await self._child("server", [sys.executable, "-m", "server", "serve", "--config", str(config)])
        await self._until(self._server_ready, READY_TIMEOUT_S, "the server")
        # After the server: a hello that nobody hears is only made up for by the next heartbeat, up to 20 s later.
        await self._child("fleet", self._swarm_command(fleet))
        story = await stack.enter_async_context(Story(self._settings.public_url, self._site.commune_id, fleet.password))
        await story.sign_in(OPERATOR, APPROVER)
        return story

    async def _work(self, story: Story) -> None:
        self._say("writing, speaking and approving an announcement")
        announcement_id = await story.announcement(OPERATOR, APPROVER)
        self._say("waiting for the clusters")
        await self._until(lambda: self._all_reachable(story), ONLINE_TIMEOUT_S, "the clusters", needed=False)
        aired = await story.broadcast(OPERATOR, announcement_id)
        self.progress.title = aired.title
        self._say("on air")
        planned = False
        while not self._ended():
            done = await self._look(story, aired)
            if done and self._until_reported:
                return
            if done and not planned:
                self._say("planning the week")
                planned = True
                await plan_week(story, OPERATOR, APPROVER, datetime.now(UTC).date())
            self._say("everything was reported; Ctrl-C ends the demo" if done else "on air")
            await asyncio.sleep(POLL_S)
        await self._look(story, aired)

    async def _look(self, story: Story, aired: Aired) -> bool:
        """Take in the fleet and the broadcast; True once every cluster's airing has ended."""
        await self._keep_children()
        await self._all_reachable(story)
        found = await story.occurrence(OPERATOR, aired.occurrence_id)
        smart, wireless = found["counts"]["smart"], found["counts"]["wireless"]
        self.progress.smart_states, self.progress.wireless_states = smart, wireless
        self.summary.starts_ms = found["start_skew_ms"]
        if self.summary.first_sound_s is None:
            self._note_first_sound(await story.first_start(OPERATOR, aired.occurrence_id))
        counts = {state: smart.get(state, 0) + wireless.get(state, 0) for state in ENDED}
        waiting: int = sum(smart.values()) + sum(wireless.values()) - sum(counts.values())
        self.summary.receipts = counts | {"waiting": waiting}
        return waiting == 0

    def _note_first_sound(self, started_at: str | None) -> None:
        if started_at is not None:
            heard = datetime.fromisoformat(started_at).astimezone(UTC).timestamp()
            self.summary.first_sound_s = self.progress.first_sound_s = round(heard - self.started, 2)

    async def _all_reachable(self, story: Story) -> bool:
        fleet = await story.fleet(OPERATOR)
        summary = self.summary
        summary.smart_total, summary.smart_online = fleet["smart_total"], fleet["smart_online"]
        summary.wireless_total, summary.wireless_reachable = fleet["wireless_total"], fleet["wireless_reachable"]
        self.progress.smart = (summary.smart_online, summary.smart_total)
        self.progress.wireless = (summary.wireless_reachable, summary.wireless_total)
        self._on_progress(self.progress)
        return summary.smart_online == summary.smart_total and summary.wireless_reachable == summary.wireless_total

    async def _server_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=2) as http:
                answer: httpx.Response = await http.get(f"{self._settings.public_url}/healthz")
        except httpx.HTTPError:
            return False
        return answer.status_code == HTTPStatus.OK

    async def _until(self, condition: Condition, timeout_s: float, what: str, *, needed: bool = True) -> None:
        """Wait for a condition; when it does not come true in time, fail if it was needed, else go on."""
        end = time.monotonic() + timeout_s
        while not await condition():
            if self._ended():
                raise ToldToEnd
            await self._keep_children()
            if time.monotonic() > end:
                if needed:
                    raise Unavailable("server.demo_waited", what=what, seconds=int(timeout_s))
                return
            await asyncio.sleep(0.1)

    async def _child(self, name: str, command: list[str]) -> None:
        log = self._settings.data_dir / "logs" / f"{name}.log"
        self._offsets[log] = log.stat().st_size if log.exists() else 0
        child = Child(name, command, log)
        await child.start()
        self._children.append(child)

    def _swarm_command(self, fleet: DemoFleet) -> list[str]:
        state = self._settings.data_dir / "speakers"
        swarm = ["swarm", "--fleet", str(fleet.fleet_dir), "--state", str(state), "--control", str(self.control)]
        return [sys.executable, "-m", "firmware_sim", *swarm]

    async def _keep_children(self) -> None:
        """Start again what died, and say so: nothing of ours may end by itself."""
        for child in self._children:
            if not child.running:
                self.summary.errors.append(f"{child.name} ended with {child.returncode} and was started again")
                if len(self.summary.errors) > MAX_RESTARTS:
                    raise Unavailable("server.child_ended", name=child.name, log=str(child.log))
                await child.start()

    async def _stop(self) -> None:
        self._say("ending")
        for child in reversed(self._children):
            await child.stop()
            if child.returncode not in {0, -15}:
                self.summary.errors.append(f"{child.name} ended with {child.returncode}")

    def _errors(self) -> list[str]:
        found = [error for log, offset in self._offsets.items() for error in errors_in(log, offset)]
        self.progress.errors = found
        return found

    def _introduce(self, command: BrokerCommand, fleet: DemoFleet) -> None:
        self.progress.address = self._settings.public_url
        self.progress.broker = self.summary.broker = command.description
        self.progress.password = fleet.password
        self.progress.people = [(role.value, login, name) for role, login, name in PEOPLE]

    def _say(self, step: str) -> None:
        self.progress.step = step
        self._on_progress(self.progress)


def _settings(folder: Path, port: int) -> dict[str, Any]:
    return {"data_dir": folder.resolve(), "http": {"host": "127.0.0.1", "port": port}, "broker": {"url": "embedded"}}


def server_config(settings: Settings, broker_url: str, plan: BrokerPlan) -> Path:
    """The server's settings file: this folder, this port, the demo's broker."""
    secret = plan.folder / OWN_PASSWORD
    write_private(secret, plan.server_password + "\n")
    lines = [
        f"data_dir = {json.dumps(str(settings.data_dir))}",
        "[http]",
        f'host = "{settings.http.host}"',
        f"port = {settings.http.port}",
        "[broker]",
        f'url = "{broker_url}"',
        f'username = "{SERVER_USER}"',
        f"password_file = {json.dumps(str(secret.resolve()))}",
        "[log]",
        'format = "json"',
    ]
    path = settings.data_dir / "loa.toml"
    write_private(path, "\n".join(lines) + "\n")
    return path
