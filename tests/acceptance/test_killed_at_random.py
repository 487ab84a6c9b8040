"""Server, broker and speakers killed in any order while a programme runs: all is heard once, and proved."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.support.ear import heard_twice
from tests.support.town import FINAL, Town, Ways, town, until

AGREES_WITHIN_S = 120
TEXT = "Mời bà con đến nhà văn hóa thôn lúc bảy giờ tối nay để họp bàn việc làm đường."


@pytest.mark.parametrize("seed", [20_261_123])
async def test_nothing_is_lost_and_nothing_is_heard_twice(tmp_path: Path, seed: int) -> None:
    async with town(tmp_path, lead_s=2, ways=Ways(ears=True)) as here:
        spoken = await here.spoken("Họp thôn", TEXT)
        killer = Killer(here, seed)
        killing = asyncio.create_task(killer.go_on())
        ordered = []
        try:
            for _ in range(2):
                aired = await asked(here, "lan", "/broadcasts", announcement_id=spoken)
                ordered.append(aired["id"])
                await until(lambda: begun(here, ordered[-1], any))
            siren = await asked(here, "truc", "/emergencies", template_id=await flood(here), status="actual")
            ordered.append(siren["occurrence_id"])
            await until(lambda: begun(here, ordered[-1], all))
            await until(killer.killed_everything)
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        await everything_up(here)
        await asked(here, "truc", f"/emergencies/{siren['id']}/stop")
        await until(lambda: all_agree(here, ordered), AGREES_WITHIN_S)
        for name in here.site.sounds:
            assert not heard_twice(here.heard(name)), name
            assert {stretch.occurrence for stretch in here.heard(name)} <= set(ordered)
        for occurrence_id in ordered:
            assert_one_end(here, occurrence_id)


class Killer:
    """Kills one thing after another, and starts it again."""

    def __init__(self, here: Town, seed: int) -> None:
        self._here, self._random = here, Random(seed)
        self._killed: set[str] = set()

    async def go_on(self) -> None:
        here = self._here
        everything = [here.server, here.broker, *here.speakers.values()]
        while True:
            for child in self._random.sample(everything, len(everything)):
                await asyncio.sleep(self._random.uniform(0.1, 0.8))
                await here.kill(child)
                self._killed.add(child.name)
                await asyncio.sleep(self._random.uniform(0.0, 0.5))
                await child.start()
                if child is here.server:
                    await until(here.server_ready)

    async def killed_everything(self) -> bool:
        here = self._here
        return self._killed == {here.server.name, here.broker.name, *here.site.sounds}


async def asked(here: Town, login: str, path: str, **body: Any) -> dict[str, Any]:
    """Ask until the server answers, each time the same: whoever sees no answer does not know whether it was done."""
    headers = here.story._headers(login)
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = await here.story._http.post(path, json=body or None, headers=headers)
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                found: dict[str, Any] = answer.raise_for_status().json()
                return found
        await asyncio.sleep(0.2)


async def flood(here: Town) -> str:
    """The template of the siren."""
    with contextlib.closing(sqlite3.connect(here.settings.data_dir / "loa.db")) as database:
        template_id: str = database.execute("SELECT id FROM emergency_template WHERE key = 'flood'").fetchone()[0]
    return template_id


async def begun(here: Town, occurrence_id: str, where: Callable[[Iterable[bool]], bool]) -> bool:
    """Whether it was heard to begin, in `any` or `all` of the clusters."""
    return where(bool(here.heard(name, occurrence_id)) for name in here.site.sounds)


async def everything_up(here: Town) -> None:
    """Start what a cancelled killer left dead."""
    for child in (here.server, here.broker, *here.speakers.values()):
        if not child.running:
            await child.start()
    await until(here.server_ready)


async def all_agree(here: Town, ordered: list[str]) -> bool:
    if not all([await here.reported(occurrence_id) for occurrence_id in ordered]):
        return False
    left = [await asyncio.to_thread(here.unacknowledged, name) for name in here.site.sounds]
    return not any(left) and not here.missing_receipts() and await here.everybody_online()


def assert_one_end(here: Town, occurrence_id: str) -> None:
    """One final receipt for each output, of a device that was killed as of any other."""
    ends = here.final_receipts(occurrence_id)
    assert set(ends) == set(here.site.sounds)
    for device_id, states in ends.items():
        assert len(states) == (2 if device_id in here.site.gateways else 1), device_id
        assert set(states) <= set(FINAL)
