"""One request by HTTP: taken in as by MQTT, answered with what the device lacks; and everything hostile refused."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import LoaError, NotFound, Refused
from devices.blocks import Blocks
from devices.enrolment import revoke
from devices.exchange import Exchange
from devices.ingest import Ingest
from devices.models import DeviceState, Presence, PublishedContent, ReceiptEntry
from devices.repository import log as rows
from devices.service import DeviceService
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.blocks import Want
from devices.wire.down import MAX_FRAME_BYTES, Frame
from devices.wire.envelope import CheckingKey, Kind, seal
from devices.wire.errors import BadMessage
from devices.wire.haves import Haves
from devices.wire.orders import PlayClass
from devices.wire.reports import ClockReport, ClockState
from devices.wire.trust import open_ack, open_beacon
from devices.wire.up import MAX_UP_BYTES, UpFrame
from tests.support.speakers import SmallSite, Speaker, bulletin
from tests.support.uplinks import S, count, delivery, play, row, running

CONTENT = b"\7" * 32


class Store:
    async def read(self, sha256: str, offset: int, length: int) -> bytes | None:
        return bytes(length) if sha256 == CONTENT.hex() else None


class Door:
    """The exchange of a site, asked as devices ask."""

    def __init__(self, site: SmallSite) -> None:
        self.site = site
        self.down: list[str] = []
        self.wanted: list[str] = []

        async def send_missing(device_id: str, haves: dict[str, Haves], *, fresh: bool) -> None:
            self.wanted.append(device_id)

        def send_down(device_id: str, frame: bytes) -> bool:
            self.down.append(device_id)
            return True

        blocks = Blocks(site.database, site.clock, Store(), send_down)
        self.ingest = Ingest(
            site.database, site.keys, site.clock, send_missing=send_missing, send_down=send_down, watch=lambda _: None
        )
        self.exchange = Exchange(site.database, site.keys, site.clock, self.ingest, blocks)

    async def ask(self, device_id: str, *messages: tuple[Kind, bytes]) -> Frame:
        return Frame.from_bytes(await self.exchange.answer(device_id, UpFrame(messages).to_bytes()))


@pytest.fixture
def door(site: SmallSite) -> Door:
    return Door(site)


@pytest.fixture
def s2(site: SmallSite) -> Speaker:
    return site.speakers["s2"]


def beat(speaker: Speaker, **said: Any) -> tuple[Kind, bytes]:
    return Kind.HEARTBEAT, speaker.heartbeat(**said)


def want(speaker: Speaker, blocks: Sequence[int]) -> tuple[Kind, bytes]:
    said = Want.of(speaker.id, 1, 1, CONTENT, blocks)
    return Kind.WANT, seal(
        Kind.WANT, said.to_map(), CheckingKey.from_secret(speaker.id, speaker.enrolled.secrets.mac_key)
    )


async def test_a_device_is_online_and_told_what_it_lacks_the_most_urgent_first(
    site: SmallSite, door: Door, s2: Speaker
) -> None:
    calm = await play(site)
    async with site.database.writing() as session:
        alarm = await DeviceService(site.keys, site.clock).order_play(
            session,
            "bao-nhai",
            bulletin(play_class=PlayClass.EMERGENCY),
            Audience(),
            site.clock() + timedelta(hours=1),
        )
    answer = await door.ask("s2", (Kind.HELLO, s2.hello()), beat(s2, link="4g"))
    assert answer.orders == (alarm.envelope, calm.envelope)
    heads = [open_beacon(each, site.publics.get, lambda _: "bao-nhai") for each in answer.beacons]
    assert {each.log: each.head for each in heads} == {"bao-nhai": 2, "lao-cai": 0, "vn": 0}
    state = await row(site, DeviceState, "s2")
    assert (state.presence, state.carrier) == (Presence.ONLINE, "http")
    assert (door.down, door.wanted) == ([], []), "nothing is sent by MQTT to one who is not there"
    settled = await door.ask("s2", beat(s2, haves={"bao-nhai": Haves(2)}))
    assert settled.orders == ()
    assert (await delivery(site, calm)).has_order_at is not None


async def test_an_old_hello_played_again_by_http_does_not_say_that_the_device_is_reached_so(
    site: SmallSite, door: Door, s2: Speaker
) -> None:
    unset = ClockReport(ClockState.UNSET, 1_000, 2**40)
    hello = s2.hello(clock=unset)
    async with running(site) as uplink:
        await uplink.say(s2, "hello", hello)
        await uplink.say(s2, "heartbeat", s2.heartbeat(clock=unset))
    site.clock.forward(hours=1)
    await door.ask("s2", (Kind.HELLO, hello))
    assert (await row(site, DeviceState, "s2")).carrier == "mqtt", "urgent orders are sent again only by MQTT"


async def test_a_hello_played_again_at_once_does_not_say_that_the_device_lives(
    site: SmallSite, door: Door, s2: Speaker
) -> None:
    hello = s2.hello()
    async with running(site) as uplink:
        await uplink.say(s2, "hello", hello)
    heard_at = (await row(site, DeviceState, "s2")).heard_at
    site.clock.forward(seconds=60)
    await door.ask("s2", (Kind.HELLO, hello))
    state = await row(site, DeviceState, "s2")
    assert (state.heard_at, state.carrier) == (heard_at, "mqtt")


async def test_what_is_forged_keeps_no_steady_device_from_its_short_way(site: SmallSite, s2: Speaker) -> None:
    door = Door(site)
    task = asyncio.create_task(door.ingest.run())
    door.ingest.on_message(s2.topic("heartbeat"), s2.heartbeat())
    await door.ingest.settled()
    with pytest.raises(Refused, match="exchange_refused"):
        await door.ask("s2", (Kind.HEARTBEAT, site.speakers["s1"].heartbeat()))
    door.ingest.on_message(s2.topic("heartbeat"), s2.heartbeat())
    assert door.ingest.counts["heartbeat"] == 2, "it was taken the moment it came"
    await door.ingest.settled()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_receipts_are_acknowledged_in_the_very_answer_and_again_when_told_again(
    site: SmallSite, door: Door, s2: Speaker
) -> None:
    entry = await play(site)
    told = s2.receipt(S.STORED, entry.occurrence_id, order=entry.id)
    for _ in range(2):
        answer = await door.ask("s2", (Kind.RECEIPT, told))
        (ack,) = [open_ack(each, site.publics.get, lambda _: "bao-nhai") for each in answer.acks]
        assert ack.receipts == (trust.digest(told),)
    assert await count(site, ReceiptEntry) == 1
    assert (await row(site, ReceiptEntry, trust.digest(told))).carrier == "http"
    assert (await delivery(site, entry)).state.value == "stored"


async def test_a_week_away_comes_in_answers_a_device_takes(site: SmallSite, door: Door, s2: Speaker) -> None:
    service, wide = DeviceService(site.keys, site.clock), Audience(clusters=tuple(f"c-{n:030d}" for n in range(150)))
    until = site.clock() + timedelta(hours=1)
    async with site.database.writing() as session:
        for _ in range(30):
            await service.order(session, "bao-nhai", bulletin(), wide, until, kind="play")
    held, asked = Haves(), 0
    while held.upto < 30:
        frame = await door.exchange.answer("s2", UpFrame((beat(s2, haves={"bao-nhai": held}),)).to_bytes())
        assert len(frame) <= MAX_FRAME_BYTES
        orders = Frame.from_bytes(frame).orders
        assert orders
        for envelope in orders:
            opened = trust.open_order(envelope, site.publics.get, lambda _: "bao-nhai")
            held = held.add(opened.order.seq)
        asked += 1
    assert 1 < asked < 6


async def test_blocks_come_along_as_far_as_there_is_room(site: SmallSite, door: Door, s2: Speaker) -> None:
    content = PublishedContent(
        sha256=CONTENT.hex(), size=100 * 4096, codec="opus16", until=site.clock() + timedelta(hours=1)
    )
    async with site.database.writing() as session:
        await rows.publish_contents(session, [content])
    answer = await door.ask("s2", beat(s2), want(s2, range(16)))
    assert [block.index for block in answer.blocks] == list(range(15))


async def test_strangers_and_shut_out_devices_are_unknown(site: SmallSite, door: Door, s2: Speaker) -> None:
    with pytest.raises(NotFound):
        await door.ask("s9", beat(s2))
    async with site.database.writing() as session:
        await revoke(session, "s2", clock=site.clock)
    with pytest.raises(NotFound):
        await door.ask("s2", beat(s2))


async def test_what_was_said_before_or_by_another_is_refused_and_changes_nothing(
    site: SmallSite, door: Door, s2: Speaker
) -> None:
    old = beat(s2)
    await door.ask("s2", beat(s2))
    site.clock.forward(seconds=60)
    forged = bytearray(s2.heartbeat())
    forged[-1] ^= 1
    foreign = beat(site.speakers["s1"])
    before = await row(site, DeviceState, "s2")
    for messages in ([old], [(Kind.HEARTBEAT, bytes(forged))], [foreign], [(Kind.HELLO, beat(s2)[1])], []):
        with pytest.raises(Refused, match=r"devices\.exchange_refused"):
            await door.ask("s2", *messages)
    assert await row(site, DeviceState, "s2") == before
    assert door.ingest.refused.keys() >= {"replayed", "bad_signature", "foreign"}


async def test_one_bad_message_does_not_hold_back_the_others(site: SmallSite, door: Door, s2: Speaker) -> None:
    entry = await play(site)
    assert (await door.ask("s2", (Kind.RECEIPT, b"junk"), beat(s2))).orders == (entry.envelope,)


async def test_a_body_that_is_too_large_is_refused_unread(door: Door) -> None:
    with pytest.raises(BadMessage, match="too_large"):
        await door.exchange.answer("s2", bytes(MAX_UP_BYTES + 1))


@settings(max_examples=150)
@given(noise=st.binary(max_size=400), way=st.sampled_from(("noise", "cut", "spoilt")), at=st.floats(0, 0.999))
async def test_no_bytes_whatever_bring_it_down_or_leave_a_trace(
    site: SmallSite, door: Door, noise: bytes, way: str, at: float
) -> None:
    whole = bytearray(UpFrame((beat(site.speakers["s3"]),)).to_bytes())
    if way == "spoilt":
        whole[int(len(whole) * at)] ^= 1 + len(noise) % 255
    body = {"noise": noise, "cut": bytes(whole[: int(len(whole) * at)]), "spoilt": bytes(whole)}[way]
    with pytest.raises(LoaError):
        await door.exchange.answer("s3", body)
    assert await row(site, DeviceState, "s3") is None
