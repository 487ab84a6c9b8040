import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from devices.models import OrderEntry, OrderLog
from devices.retention import prune
from devices.sender import Sender
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.beacon import Beacon
from devices.wire.config import Config, Hours
from devices.wire.down import MAX_FRAME_BYTES, Frame
from devices.wire.haves import Haves
from devices.wire.orders import PlayClass
from devices.wire.trust import digest, open_beacon
from tests.support.speakers import SmallSite, bulletin
from tests.support.until import until

ORDERS, HEAD = "loa/1/a/bao-nhai/orders", "loa/1/a/bao-nhai/head"


@dataclass
class Line:
    """What reaches the broker."""

    sent: list[tuple[str, bytes, bool]] = field(default_factory=list)
    up: bool = True
    attempts: int = 0

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        self.attempts += topic == ORDERS
        if self.up:
            self.sent.append((topic, payload, retain))
        return self.up

    def on(self, topic: str) -> list[bytes]:
        return [payload for to, payload, _ in self.sent if to == topic]

    def frames(self, device_id: str) -> list[Frame]:
        return [Frame.from_bytes(payload) for payload in self.on(f"loa/1/d/{device_id}/down")]


@asynccontextmanager
async def running(sender: Sender) -> AsyncIterator[Sender]:
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def sender(site: SmallSite, line: Line) -> AsyncIterator[Sender]:
    async with running(Sender(site.database, site.keys, site.clock, line.publish)) as made:
        yield made


async def play(site: SmallSite, play_class: PlayClass = PlayClass.NORMAL, **lasts: Any) -> OrderEntry:
    async with site.database.writing() as session:
        return await DeviceService(site.keys, site.clock).order_play(
            session,
            "bao-nhai",
            bulletin(play_class=play_class),
            Audience(),
            site.clock() + timedelta(**(lasts or {"hours": 1})),
        )


async def configure(site: SmallSite, device_id: str = "s2") -> OrderEntry:
    async with site.database.writing() as session:
        return await DeviceService(site.keys, site.clock).order(
            session,
            f"d/{device_id}",
            Config(Hours((), 420)),
            Audience(),
            site.clock() + timedelta(days=30),
            kind="config",
        )


def read(site: SmallSite, payload: bytes) -> Beacon:
    return open_beacon(payload, site.publics.get, lambda _: "bao-nhai")


async def sent_at(site: SmallSite, entry: OrderEntry):
    async with site.database.reading() as session:
        return (await session.get(OrderEntry, entry.id)).sent_at


async def marked(site: SmallSite, entry: OrderEntry) -> bool:
    return await sent_at(site, entry) is not None


async def test_an_order_is_published_once_and_then_the_head_of_its_log(
    site: SmallSite, sender: Sender, line: Line
) -> None:
    entry = await play(site)
    sender.kick()
    await until(lambda: line.on(ORDERS) and any(read(site, b).head == 1 for b in line.on(HEAD)))
    beacon = read(site, line.on(HEAD)[-1])
    assert line.on(ORDERS) == [entry.envelope]
    assert (beacon.log, beacon.head, beacon.floor, beacon.tip) == ("bao-nhai", 1, 1, digest(entry.envelope))
    await until(partial(marked, site, entry))
    sender.kick()
    await play(site)
    sender.kick()
    await until(lambda: len(line.on(ORDERS)) == 2)
    assert line.on(ORDERS).count(entry.envelope) == 1


async def test_what_was_just_committed_is_published_without_a_look_and_once(site: SmallSite, line: Line) -> None:
    calm, alarm, own = await play(site), await play(site, PlayClass.EMERGENCY), await configure(site)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    sender.send([calm, own, alarm])
    assert line.on(ORDERS) == [alarm.envelope, calm.envelope]
    assert line.frames("s2")[0].orders == (own.envelope,)
    async with running(sender):
        for entry in (calm, alarm, own):
            await until(partial(marked, site, entry))
        await until(lambda: line.on(HEAD) and read(site, line.on(HEAD)[-1]).head == 2)
        later = await play(site)
        sender.send([later])
        await until(partial(marked, site, later))
        await until(lambda: read(site, line.on(HEAD)[-1]).head == 3)
    assert line.on(ORDERS) == [alarm.envelope, calm.envelope, later.envelope]
    assert len(line.frames("s2")) == 1


async def test_what_found_no_connection_when_it_was_committed_is_sent_later(
    site: SmallSite, sender: Sender, line: Line
) -> None:
    line.up = False
    entry = await play(site)
    sender.send([entry])
    assert await sent_at(site, entry) is None
    line.up = True
    sender.kick()
    await until(partial(marked, site, entry))
    assert line.on(ORDERS) == [entry.envelope]


async def test_only_heads_are_retained(site: SmallSite, sender: Sender, line: Line) -> None:
    await play(site)
    await configure(site)
    sender.kick()
    await until(lambda: line.on(ORDERS) and line.frames("s2") and line.on(HEAD))
    assert all(retain == topic.endswith("/head") for topic, _, retain in line.sent)


async def test_an_emergency_goes_before_what_was_ordered_earlier(site: SmallSite, line: Line) -> None:
    calm = await play(site)
    alarm = await play(site, PlayClass.EMERGENCY)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    async with running(sender):
        sender.kick()
        await until(lambda: len(line.on(ORDERS)) == 2)
    assert line.on(ORDERS) == [alarm.envelope, calm.envelope]


async def test_orders_wait_for_the_connection_and_expired_ones_stay_unsent(
    site: SmallSite, sender: Sender, line: Line
) -> None:
    line.up = False
    short, long = await play(site, seconds=30), await play(site)
    sender.kick()
    await until(lambda: line.attempts)
    await asyncio.sleep(0)
    site.clock.forward(seconds=60)
    line.up = True
    sender.kick()
    await until(lambda: line.on(ORDERS))
    assert line.on(ORDERS) == [long.envelope]
    assert await sent_at(site, short) is None


async def test_an_order_for_one_device_goes_down_to_it_alone(site: SmallSite, sender: Sender, line: Line) -> None:
    entry = await configure(site)
    sender.kick()
    await until(lambda: line.frames("s2"))
    assert line.frames("s2")[0].orders == (entry.envelope,)
    assert not line.on(ORDERS)
    assert not [topic for topic, _, _ in line.sent if topic.startswith("loa/1/a/d/")]


async def test_an_order_committed_just_before_a_crash_is_sent_by_the_next_sender(site: SmallSite, line: Line) -> None:
    entry = await play(site)
    async with running(Sender(site.database, site.keys, site.clock, line.publish)):
        await until(lambda: line.on(ORDERS) == [entry.envelope])


async def test_beacons_of_every_authority_are_there_before_any_order(
    site: SmallSite, sender: Sender, line: Line
) -> None:
    await until(lambda: len({topic for topic, _, _ in line.sent}) == 3)
    beacon = read(site, line.on(HEAD)[0])
    assert (beacon.head, beacon.floor, beacon.tip) == (0, 1, bytes(32))


async def test_a_device_is_sent_what_it_lacks_the_most_urgent_first(
    site: SmallSite, sender: Sender, line: Line
) -> None:
    calm, alarm, held = await play(site), await play(site, PlayClass.EMERGENCY), await play(site)
    own = await configure(site)
    await sender.send_missing("s2", {"bao-nhai": Haves(0, ((3, 3),)), "d/s2": Haves()}, fresh=True)
    await until(lambda: line.frames("s2") and line.frames("s2")[-1].orders)
    orders = [envelope for frame in line.frames("s2") for envelope in frame.orders if frame.orders]
    assert orders[:1] == [alarm.envelope]
    assert set(orders) == {calm.envelope, alarm.envelope, own.envelope}
    assert held.envelope not in orders


async def test_the_same_order_is_not_sent_again_to_a_device_at_once(site: SmallSite, line: Line) -> None:
    entry = await play(site)
    site.clock.forward(seconds=1)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    for fresh in (True, False, False):
        await sender.send_missing("s2", {"bao-nhai": Haves()}, fresh=fresh)
        await sender.catch_up.send()
    assert [frame.orders for frame in line.frames("s2")] == [(entry.envelope,)]
    site.clock.forward(seconds=5)
    await sender.send_missing("s2", {"bao-nhai": Haves()})
    await sender.catch_up.send()
    assert len(line.frames("s2")) == 2


async def test_many_orders_come_in_frames_a_device_takes(site: SmallSite, line: Line) -> None:
    service, wide = DeviceService(site.keys, site.clock), Audience(clusters=tuple(f"c-{n:030d}" for n in range(150)))
    async with site.database.writing() as session:
        for _ in range(30):
            await service.order(session, "bao-nhai", bulletin(), wide, site.clock() + timedelta(hours=1), kind="play")
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    await sender.send_missing("s2", {"bao-nhai": Haves()}, fresh=True)
    await sender.catch_up.send()
    assert sum(len(frame.orders) for frame in line.frames("s2")) == 30
    assert len(line.frames("s2")) > 1
    assert all(len(payload) <= MAX_FRAME_BYTES for payload in line.on("loa/1/d/s2/down"))


async def test_expired_orders_are_not_sent_and_their_numbers_are_healed_by_a_beacon(
    site: SmallSite, line: Line
) -> None:
    await play(site, minutes=5)
    await play(site, minutes=5)
    alive = await play(site, hours=24)
    site.clock.forward(hours=3)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    await sender.send_missing("s2", {"bao-nhai": Haves(), "lao-cai": Haves()})
    await sender.catch_up.send()
    beacons, orders = line.frames("s2")
    assert orders.orders == (alive.envelope,)
    (healing,) = beacons.beacons
    floor = read(site, healing).floor
    assert floor == 3
    assert Haves().raised(floor).add(3) == Haves(3)


async def test_a_devices_own_log_with_nothing_in_force_is_healed_past_its_head(site: SmallSite, line: Line) -> None:
    await configure(site)
    site.clock.forward(days=31)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    await sender.send_missing("s2", {"d/s2": Haves()})
    await sender.catch_up.send()
    (frame,) = line.frames("s2")
    beacon = read(site, frame.beacons[0])
    assert (beacon.log, beacon.floor) == ("d/s2", 2)


async def test_a_floor_never_passes_an_order_in_force_even_with_expired_ones_behind_it(
    site: SmallSite, line: Line
) -> None:
    await play(site, hours=24)
    await play(site, minutes=5)
    site.clock.forward(hours=3)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    await sender.send_beacons()
    assert read(site, line.on(HEAD)[0]).floor == 1


async def test_what_expired_above_an_order_that_stands_is_told_to_be_gone(site: SmallSite, line: Line) -> None:
    for lasts in ({"hours": 24}, {"minutes": 5}, {"minutes": 5}, {"hours": 24}, {"minutes": 5}):
        await play(site, **lasts)
    site.clock.forward(hours=3)
    sender = Sender(site.database, site.keys, site.clock, line.publish)
    await sender.send_beacons()
    beacon = next(read(site, each) for each in line.on(HEAD))
    assert (beacon.floor, beacon.gone) == (1, ((2, 3), (5, 5)))
    await sender.send_missing("s2", {"bao-nhai": Haves(1, ((4, 4),))})
    await sender.catch_up.send()
    (frame,) = line.frames("s2")
    healing = read(site, frame.beacons[0])
    assert Haves(1, ((4, 4),)).without(healing.gone) == Haves(5)
    line.sent.clear()
    await sender.send_missing("s2", {"bao-nhai": Haves(5)})
    await sender.catch_up.send()
    assert line.sent == []


async def test_pruning_raises_floors_past_expired_orders_and_forgets_contents(site: SmallSite) -> None:
    await play(site, minutes=5)
    await play(site, hours=24)
    site.clock.forward(hours=3)
    async with site.database.writing() as session:
        await prune(session, site.clock())
    async with site.database.reading() as session:
        assert (await session.get(OrderLog, "bao-nhai")).floor == 2
        assert (await session.get(OrderLog, "vn")).floor == 1
    site.clock.forward(days=2)
    async with site.database.writing() as session:
        await prune(session, site.clock())
    async with site.database.reading() as session:
        assert (await session.get(OrderLog, "bao-nhai")).floor == 3


async def test_a_trouble_with_the_database_does_not_end_the_sender(site: SmallSite, sender: Sender, line: Line) -> None:
    entry = await play(site)
    site.database.fail_next_commit = True
    sender.kick()
    await until(lambda: line.on(ORDERS) and not site.database.fail_next_commit)
    await until(partial(marked, site, entry))
    assert line.on(ORDERS) == [entry.envelope]
