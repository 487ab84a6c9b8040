"""With every network of a commune doing its worst, all is heard once, and everything agrees afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

from tests.support.chaos import Chaos, Faults
from tests.support.ear import heard_twice
from tests.support.town import Town, Ways, prepared_town, until

SEED = 20_261_121
KINDS = {"cut", "half_open", "delay", "lose", "duplicate", "reorder", "corrupt_payload", "corrupt_raw", "throttle"}
AGREES_WITHIN_S = 120
"""Invariant 11."""
BAD_FOR_S = 30
"""An announcement waits a minute for its content and is then missed, as it should be: by then the network has to be
good again for those that could not get it before."""


class Networks:
    """The three ways a commune hangs on: speakers to broker, server to broker, speakers to content."""

    def __init__(self, ways: Ways, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.devices = Chaos(ways.broker_port, seed=SEED)
        self.server = Chaos(ways.broker_port, seed=SEED + 1)
        self.content = Chaos(ways.http_port, seed=SEED + 2, mqtt=False)
        self._bad = False

    async def start(self) -> None:
        for each in (self.devices, self.server, self.content):
            await self._stack.enter_async_context(each.running())

    def go_bad(self) -> None:
        self._bad = True
        for faults in (self.devices.up, self.devices.down):
            bad(faults, lose=0.25, corrupt_raw=0.01)
        for faults in (self.server.up, self.server.down):
            bad(faults, lose=0.1, corrupt_raw=0.003)
        self.content.down.jitter_s, self.content.down.corrupt_raw = 0.3, 0.1
        self.content.down.bytes_per_s = 30_000

    async def keep_breaking(self) -> None:
        """Cuts and dead connections, again and again."""
        random = Random(SEED)
        while True:
            for break_it in (self.content.cut, self.devices.go_dead, self.devices.cut, self.server.cut):
                await asyncio.sleep(random.uniform(0.5, 2.5))
                if self._bad:
                    break_it()

    def go_good(self) -> None:
        """Whatever is dead is found out by its ends themselves."""
        self._bad = False
        for each in (self.devices, self.server, self.content):
            each.stop_faults()

    def restart(self) -> None:
        """Good from now on, and nobody waits for a dead connection to be found out."""
        self.go_good()
        for each in (self.devices, self.server, self.content):
            each.cut()

    @property
    def done(self) -> set[str]:
        found = self.devices.done + self.server.done + self.content.done
        return {kind for kind, count in found.items() if count}


def bad(faults: Faults, *, lose: float, corrupt_raw: float) -> None:
    faults.delay_s, faults.jitter_s = 0.02, 0.2
    faults.duplicate = faults.reorder = 0.25
    faults.lose, faults.corrupt_payload, faults.corrupt_raw = lose, 0.1, corrupt_raw


@asynccontextmanager
async def unruly_town(folder: Path) -> AsyncIterator[tuple[Town, Networks]]:
    async with AsyncExitStack() as stack:
        ways = Ways(ears=True)
        networks = Networks(ways, stack)
        await networks.start()
        ways = Ways(
            http_port=ways.http_port,
            broker_port=ways.broker_port,
            devices_broker_port=networks.devices.port,
            servers_broker_port=networks.server.port,
            devices_http_port=networks.content.port,
            ears=True,
        )
        here = await prepared_town(folder, ways=ways)
        stack.push_async_callback(here.stop)
        await here.start()
        yield here, networks


async def test_everything_is_heard_once_and_agrees_again(tmp_path: Path) -> None:
    async with unruly_town(tmp_path) as (here, networks):
        spoken = await here.spoken("Họp thôn", "Mời bà con đến nhà văn hóa lúc bảy giờ tối nay.")
        networks.go_bad()
        breaking = asyncio.create_task(networks.keep_breaking())
        try:
            first = (await here.story.broadcast("lan", spoken)).occurrence_id
            await in_spite_of(networks, lambda: everybody_began(here, first))
            siren = await here.story.emergency("truc", "flood")
            await in_spite_of(networks, lambda: everybody_began(here, siren["occurrence_id"]))
            await here.story.end_emergency("truc", siren["id"], "stop")
            # Where the stop did not arrive yet, an announcement would be missed, as it should be.
            await in_spite_of(networks, lambda: here.reported(siren["occurrence_id"]))
            second = (await here.story.broadcast("lan", spoken)).occurrence_id
            await in_spite_of(networks, lambda: everybody_began(here, second))
        finally:
            breaking.cancel()
            await asyncio.gather(breaking, return_exceptions=True)
        networks.go_good()
        ordered = [first, siren["occurrence_id"], second]
        await until(lambda: all_agree(here, ordered), AGREES_WITHIN_S)
        assert networks.done >= KINDS
        assert_heard_once(here, ordered)
        for occurrence_id in (first, second):
            await assert_played(here, occurrence_id)


async def in_spite_of(networks: Networks, condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait while the networks are bad; what takes too long comes when somebody has restarted the routers."""
    try:
        await until(condition, BAD_FOR_S)
    except TimeoutError:
        networks.restart()
        await until(condition)
        networks.go_bad()


async def everybody_began(here: Town, occurrence_id: str) -> bool:
    return all(here.heard(name, occurrence_id) for name in here.site.sounds)


async def all_agree(here: Town, ordered: list[str]) -> bool:
    """Every airing is reported, every receipt is at the server and acknowledged."""
    if not all([await here.reported(occurrence_id) for occurrence_id in ordered]):
        return False
    left = [await asyncio.to_thread(here.unacknowledged, name) for name in here.site.sounds]
    return not any(left) and not here.missing_receipts() and await here.everybody_online()


def assert_heard_once(here: Town, ordered: list[str]) -> None:
    for name in here.site.sounds:
        stretches = here.heard(name)
        assert {stretch.occurrence for stretch in stretches} == set(ordered), "nothing but what was ordered"
        assert not heard_twice(stretches), name


async def assert_played(here: Town, occurrence_id: str) -> None:
    states = await here.states(occurrence_id)
    assert {name: states[name] for name in here.site.sounds} == dict.fromkeys(here.site.sounds, "played")
    for device_id, final in here.final_receipts(occurrence_id).items():
        expected = ["played", "transmitted"] if device_id in here.site.gateways else ["played"]
        assert sorted(final) == expected, device_id
