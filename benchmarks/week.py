"""What the week costs on the server: `python -m benchmarks.week [N …]`.

In one run, in one process, through the application's own door: an empty page of the same framework, the week with
nothing in it, and the week with N occurrences of the demo's commune, each ordered into its clusters, with all its
marks. Milliseconds of half of the requests, by the clock and of the processor, and the size of the page.
"""

import argparse
import asyncio
import itertools
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from httpx import ASGITransport, AsyncClient
from jinja2 import Environment
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from base.ids import new_id
from base.mqtt import BrokerAddress
from devices.keys import ensure_authority
from devices.models import Delivery, DeliveryState, OrderEntry
from devices.site import Site, demo_site, enrol_site, import_site
from devices.wire.audience import Audience
from schedules.ground import load as load_ground
from schedules.models import Occurrence, OccurrenceState, Policy
from server.app import create_app
from server.auth.models import EVERYWHERE, Role
from server.auth.passwords import hash_password, one_time_password
from server.auth.users import create_user
from server.runtime import Runtime
from server.settings import Settings

NOWHERE = BrokerAddress("127.0.0.1", 1)
"""No broker listens there: a page needs none."""
LOGIN, PERSON = "bench", "bench"
ROUNDS = 15
ANNOUNCEMENTS = 24
GOAL_MS = 100.0
LENGTHS_S = (120, 300, 600, 900)
FIRST_MIN, LAST_MIN = 5 * 60, 21 * 60
TOLD = (DeliveryState.ORDERED, DeliveryState.HAS_ORDER, DeliveryState.STORED)


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with the demo's commune, and somebody who is signed in."""

    runtime: Runtime
    site: Site
    client: AsyncClient
    announcements: tuple[str, ...]
    order_id: str

    @property
    def monday(self) -> datetime:
        """The midnight on which the week after this one begins, in the commune."""
        now = self.runtime.clock().astimezone(ZoneInfo(self.runtime.settings.zone))
        return (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)

    async def fill(self, monday: datetime, count: int) -> None:
        """Write so many occurrences into a week, and what is known of each in each of its clusters."""
        rng = random.Random(count)  # the same week in every run
        audiences = self._audiences(rng)
        async with self.runtime.database.writing() as session:
            ground = await load_ground(session, self.runtime.devices, self.site.commune_id)
            meant = [sorted(ground.meant(audience)) for audience in audiences]
            rows = [self._occurrence(rng, monday, n, audiences[n % len(audiences)]) for n in range(count)]
            await session.execute(insert(Occurrence), [row.model_dump() for row in rows])
            devices = {cluster.id: cluster.device_id for cluster in ground.clusters}
            deliveries = [
                self._delivery(rng, row, cluster, devices[cluster])
                for row, clusters in zip(rows, itertools.cycle(meant), strict=False)
                for cluster in clusters
            ]
            for at in range(0, len(deliveries), 5_000):
                await session.execute(insert(Delivery), [each.model_dump() for each in deliveries[at : at + 5_000]])

    def _audiences(self, rng: random.Random) -> list[Audience]:
        """Half of them everybody, the others a village or a cluster."""
        villages = sorted({cluster.village_id for cluster in self.site.clusters})
        some = [Audience(places=(rng.choice(villages),)) for _ in range(6)]
        one = [Audience(clusters=(rng.choice(self.site.clusters).id,)) for _ in range(4)]
        return [*(Audience() for _ in range(10)), *some, *one]

    def _occurrence(self, rng: random.Random, monday: datetime, n: int, audience: Audience) -> Occurrence:
        minute = rng.randrange(FIRST_MIN, LAST_MIN)
        start = (monday + timedelta(days=n % 7, minutes=minute)).astimezone(UTC)
        lasts = timedelta(seconds=rng.choice(LENGTHS_S))
        return Occurrence(
            id=new_id(),
            place_id=self.site.commune_id,
            announcement_id=self.announcements[n % len(self.announcements)],
            title=f"Bản tin phát thanh số {n + 1}",
            start_at=start,
            ends_at=start + lasts,
            expires_at=start + lasts + timedelta(minutes=31),
            play_class=rng.choices((0, 1, 2), (2, 7, 1))[0],
            audience=audience.to_map(),
            volume=rng.choice((60, 80, 100)),
            state=OccurrenceState.ISSUED,
            created_by=PERSON,
            created_at=self.runtime.clock(),
        )

    def _delivery(self, rng: random.Random, row: Occurrence, cluster: str, device: str | None) -> Delivery:
        return Delivery(
            occurrence_id=row.id,
            cluster_id=cluster,
            commune_id=self.site.commune_id,
            order_id=self.order_id,
            device_id=device,
            state=rng.choice(TOLD),
            ordered_at=self.runtime.clock(),
        )


async def prepare(runtime: Runtime, client: AsyncClient) -> Bench:
    """The commune with a policy and approved announcements, and one order in its log."""
    site = demo_site()
    prepared = await runtime.audio.prepare_text("Kính thưa bà con. Mời bà con nghe bản tin.", language="vi")
    password = one_time_password()
    async with runtime.database.writing() as session:
        await import_site(session, site)
        for authority_id in site.authority_ids:
            await ensure_authority(session, runtime.keys, authority_id, runtime.clock)
        await enrol_site(session, site, keys=runtime.keys, clock=runtime.clock)
        await session.merge(Policy(place_id=site.commune_id, hours=[], source="benchmark", volume_max=90))
        asset = await runtime.audio.save(session, prepared, commune_id=site.commune_id, title="Bản tin", user_id=PERSON)
        ids = [await _announcement(session, runtime, site, asset.id, n) for n in range(ANNOUNCEMENTS)]
        await runtime.programme.broadcast_now(session, announcement_id=ids[0], audience=Audience(), user_id=PERSON)
        order_id = (await session.scalars(select(OrderEntry.id).limit(1))).one()
        await create_user(
            session,
            runtime.clock,
            name=LOGIN,
            login=LOGIN,
            password_hash=await hash_password(password),
            grants=[(Role.ADMINISTRATOR, EVERYWHERE)],
            must_change=False,
        )
    runtime.places.forget()
    await client.post("/sign-in", data={"login": LOGIN, "password": password, "next": "/"})
    return Bench(runtime, site, client, tuple(ids), order_id)


async def _announcement(session: AsyncSession, runtime: Runtime, site: Site, asset_id: str, n: int) -> str:
    made = await runtime.announcements.create(
        session, place_id=site.commune_id, title=f"Bản tin {n}", versions={"vi": asset_id}, user_id=PERSON
    )
    await runtime.announcements.submit(session, made.id, PERSON)
    await runtime.announcements.approve(session, made.id, PERSON)
    return made.id


def empty_page() -> FastAPI:
    """The same framework with a page that says nothing."""
    app = FastAPI()
    template = Environment(autoescape=True).from_string("<!doctype html><title>{{ title }}</title>")

    @app.get("/")
    async def empty() -> HTMLResponse:
        return HTMLResponse(template.render(title="Loa"))

    return app


async def measure(ask: Callable[[], Awaitable[bytes]]) -> tuple[float, float, int]:
    """Milliseconds of half of the requests by the clock and of the processor, and the bytes of the answer.

    The first requests warm what is kept. On a machine that does other things only the processor's are to be compared.
    """
    for _ in range(3):
        body = await ask()
    took: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        body = await ask()
        took.append(((time.perf_counter() - began) * 1_000, (time.process_time() - worked) * 1_000))
    clock, processor = (statistics.median(each) for each in zip(*took, strict=True))
    return clock, processor, len(body)


def getting(client: AsyncClient, path: str) -> Callable[[], Awaitable[bytes]]:
    """A request that must be answered."""

    async def get() -> bytes:
        answer = await client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return answer.content

    return get


async def run(counts: list[int], folder: Path) -> bool:
    """Print the lines; whether the week of the most occurrences is within the goal."""
    settings = Settings(data_dir=folder / "data")
    async with Runtime.start(settings, broker=NOWHERE) as runtime, AsyncExitStack() as clients:
        app = create_app(runtime)
        client = await clients.enter_async_context(_client(app))
        bare = await clients.enter_async_context(_client(empty_page()))
        bench = await prepare(runtime, client)
        pages = {"an empty page of the framework": getting(bare, "/"), "the account": getting(client, "/account")}
        after = bench.monday
        pages["a week with nothing"] = getting(client, f"/programme?from={(after + timedelta(days=70)).date()}")
        last = 0.0
        for name, ask in pages.items():
            await show(name, ask)
        for count in counts:
            await bench.fill(after, count)
            last = await show(f"a week of {count:,} occurrences", getting(client, f"/programme?from={after.date()}"))
            after += timedelta(days=7)
    return last <= GOAL_MS


async def show(name: str, ask: Callable[[], Awaitable[bytes]]) -> float:
    """Measure and print one page; gives the milliseconds its making kept the processor busy."""
    clock_ms, processor_ms, size = await measure(ask)
    sys.stdout.write(f"{name:<34} {clock_ms:8.1f} ms {processor_ms:8.1f} ms CPU {size / 1_000:8.1f} kB\n")
    sys.stdout.flush()
    return processor_ms


def _client(app: FastAPI) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://loa.test", headers={"Accept-Language": "vi"})


def main() -> int:
    """The command line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[100, 1_000], metavar="N")
    with tempfile.TemporaryDirectory(prefix="loa-week-") as folder:
        within = asyncio.run(run(parser.parse_args().counts, Path(folder)))
    sys.stdout.write(f"goal: {GOAL_MS:.0f} ms CPU: {'met' if within else 'missed'}\n")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
