"""An urgent order that did not arrive is sent again: to whom it is missing, and to nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from base.ids import new_id
from base.mqtt import BrokerAddress, MqttLink
from base.times import to_ms
from devices.broker_files import BrokerDevice
from devices.models import OrderEntry
from devices.sender import Sender
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.down import Frame
from devices.wire.haves import Haves
from devices.wire.orders import Cancel, PlayClass
from tests.support.mosquitto import running_mosquitto
from tests.support.mqtt import connected
from tests.support.speakers import SmallSite, bulletin
from tests.support.until import until
from tests.support.uplinks import Uplink

NAMES = ("s1", "s2", "s3")


class Line:
    """What reaches the broker: frames by device."""

    def __init__(self) -> None:
        self.down: list[tuple[str, Frame]] = []

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        if topic.endswith("/down"):
            self.down.append((topic.split("/")[3], Frame.from_bytes(payload)))
        return True

    def took(self, order: OrderEntry) -> list[str]:
        return sorted(name for name, frame in self.down if order.envelope in frame.orders)


async def alarm(site: SmallSite, log: str = "bao-nhai", **lasts: float) -> OrderEntry:
    async with site.database.writing() as session:
        return await DeviceService(site.keys, site.clock).order_play(
            session,
            log,
            bulletin(play_class=PlayClass.EMERGENCY),
            Audience(),
            site.clock() + timedelta(**(lasts or {"hours": 1})),
        )


async def all_say(uplink: Uplink, *names: str, **said: Any) -> None:
    for name in names:
        speaker = uplink.site.speakers[name]
        await uplink.say(speaker, "heartbeat", speaker.heartbeat(**said))


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def sender(site: SmallSite, line: Line) -> Sender:
    return Sender(site.database, site.keys, site.clock, line.publish)


async def later(sender: Sender, rounds: int = 1) -> None:
    """The next looks, as if their time had come."""
    for _ in range(rounds):
        at_s = sender.resender.next_at_s()
        await sender.resender.look(asyncio.get_running_loop().time() if at_s is None else at_s)


async def test_only_connected_devices_that_lack_it_are_sent_it_until_they_show_it(
    site: SmallSite, uplink: Uplink, sender: Sender, line: Line
) -> None:
    await all_say(uplink, "s1", "s2")
    entry = await alarm(site)
    await all_say(uplink, "s1", haves={"bao-nhai": Haves(1)})
    sender.send([entry])
    await sender.resender.look()
    assert not line.down, "it may still be on its way"
    await later(sender)
    assert line.took(entry) == ["s2"]
    await later(sender)
    assert line.took(entry) == ["s2", "s2"]
    await all_say(uplink, "s2", haves={"bao-nhai": Haves(1)})
    await later(sender, 2)
    assert line.took(entry) == ["s2", "s2"]


async def test_one_who_sleeps_or_speaks_by_http_is_left_alone(
    site: SmallSite, uplink: Uplink, sender: Sender, line: Line
) -> None:
    await all_say(uplink, "s1", quiet_until_ms=to_ms(site.clock() + timedelta(hours=5)))
    await all_say(uplink, "s2")
    entry = await alarm(site)
    sender.send([entry])
    await later(sender)
    assert line.took(entry) == ["s2"]


async def test_a_provinces_alarm_is_looked_after_in_every_commune_and_a_bulletin_in_none(
    site: SmallSite, uplink: Uplink, sender: Sender, line: Line
) -> None:
    await all_say(uplink, *NAMES)
    async with site.database.writing() as session:
        service, until_at = DeviceService(site.keys, site.clock), site.clock() + timedelta(hours=1)
        body = bulletin(play_class=PlayClass.EMERGENCY)
        above = await service.order(session, "lao-cai", body, Audience(), until_at, kind="play", urgency=3)
        calm = await service.order(session, "bao-nhai", bulletin(), Audience(), until_at, kind="play", urgency=2)
    sender.send([above, calm])
    await later(sender)
    assert (line.took(above), line.took(calm)) == (list(NAMES), [])


async def test_a_called_off_alarm_is_no_longer_sent_but_its_cancel_is(
    site: SmallSite, uplink: Uplink, sender: Sender, line: Line
) -> None:
    await all_say(uplink, "s2")
    entry = await alarm(site)
    sender.send([entry])
    async with site.database.writing() as session:
        cancel = await DeviceService(site.keys, site.clock).order(
            session,
            "bao-nhai",
            Cancel((entry.occurrence_id or new_id(),)),
            Audience(),
            site.clock() + timedelta(hours=1),
            kind="cancel",
            occurrence_id=entry.occurrence_id,
            urgency=3,
        )
    sender.send([cancel])
    await later(sender)
    assert (line.took(entry), line.took(cancel)) == ([], ["s2"])


async def test_what_was_urgent_before_a_restart_is_looked_after_again(
    site: SmallSite, uplink: Uplink, sender: Sender, line: Line
) -> None:
    await all_say(uplink, "s2")
    entry = await alarm(site)
    async with site.database.writing() as session:
        row = await session.get(OrderEntry, entry.id)
        assert row is not None
        row.sent_at = site.clock()
    task = asyncio.create_task(sender.resender.run())
    try:
        await until(lambda: line.took(entry) == ["s2"])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_many_that_lack_it_are_looked_at_page_by_page(
    site: SmallSite, uplink: Uplink, sender: Sender, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.resending.PAGE", 2)
    await all_say(uplink, *NAMES)
    entry = await alarm(site)
    sender.send([entry])
    await later(sender, 2)
    assert line.took(entry) == sorted([*NAMES, *NAMES])


@asynccontextmanager
async def at_work(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_alarm_lost_on_its_way_to_one_speaker_arrives_by_a_real_broker(
    site: SmallSite, uplink: Uplink, tmp_path: Path
) -> None:
    """The speaker misses what is published to all, and its beacons; nothing but the sending again can reach it."""
    device = BrokerDevice("s2", "secret-of-s2", ("bao-nhai",))
    async with running_mosquitto(tmp_path / "mqtt", [device]) as address:
        own = BrokerAddress(address.host, address.port, username=device.device_id, password=device.password)
        link: MqttLink

        def publish(topic: str, payload: bytes, *, retain: bool) -> bool:
            return link.publish(topic, payload, retain=retain)

        link = MqttLink(
            client_id="server",
            address=address,
            subscriptions=["loa/1/d/+/up/+"],
            on_message=uplink.ingest.on_message,
        )
        sender = Sender(site.database, site.keys, site.clock, publish)
        speaker = site.speakers["s2"]
        client_of_s2 = connected(own, "s2", "loa/1/d/s2/down", "loa/1/a/bao-nhai/orders")
        async with client_of_s2 as client, at_work(link.run(), sender.run()):
            await until(lambda: link.connected)
            client.say(speaker.topic("heartbeat"), speaker.heartbeat())
            await until(lambda: uplink.ingest.counts["heartbeat"])
            await uplink.ingest.settled()
            entry = await alarm(site)
            sender.send([entry])

            def arrived() -> bool:
                heard = [Frame.from_bytes(payload) for topic, payload in client.got if topic == "loa/1/d/s2/down"]
                return any(entry.envelope in frame.orders for frame in heard)

            await until(arrived)
