"""Steady heartbeats take a short way in; nobody may be able to tell."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from base.ids import new_id
from devices.changes import PresenceChanged
from devices.enrolment import revoke
from devices.models import BeatSlot, DeviceState, OrderLog, Presence, PresenceChange
from devices.roll import Roll, Way
from devices.wire import topics
from devices.wire.haves import Haves
from tests.support.database import TemporaryDatabase
from tests.support.speakers import SmallSite, Speaker, small_site
from tests.support.uplinks import Uplink, count, play, row, running

STORY: list[dict[str, Any]] = [
    {"signal_dbm": -70, "temperature_c": 40, "storage_free_kib": 900},
    {"signal_dbm": -75, "temperature_c": 41, "storage_free_kib": 800, "uptime_s": 20},
    {"signal_dbm": -72, "temperature_c": 42, "storage_free_kib": 2**40 - 1, "uptime_s": 40},
    {"signal_dbm": -72, "temperature_c": 42, "faults": ("amplifier",)},
    {"signal_dbm": -90, "temperature_c": 43, "faults": ("amplifier",), "uptime_s": 2**32 - 1},
    {"faults": ("amplifier",), "battery_pct": 55, "power": "solar"},
    {"faults": ("amplifier",), "battery_pct": 55, "power": "solar", "temperature_c": None},
    {"battery_pct": 54, "power": "solar"},
    {"battery_pct": 54, "power": "solar"},
    {"playing": ("01KAHR0000000000000000000A",), "volume": 70},
    {"playing": ("01KAHR0000000000000000000A",), "volume": 70},
    {"volume": 70},
    {"volume": 70},
]


async def told(uplink: Uplink, speaker: Speaker, *, minutes: int) -> None:
    for said in STORY:
        uplink.site.clock.forward(minutes=minutes)
        await uplink.say(speaker, "heartbeat", speaker.heartbeat(**said))


async def everything(site: SmallSite) -> list[Any]:
    async with site.database.reading() as session:
        state = (await session.scalars(select(DeviceState).where(DeviceState.device_id == "s2"))).one()
        slots = await session.scalars(select(BeatSlot).order_by(BeatSlot.slot_at))
        return [state.model_dump(), *(slot.model_dump() for slot in slots)]


@pytest.mark.parametrize("minutes", [0, 3])
async def test_the_database_holds_the_same_by_either_way(
    site: SmallSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    taken: list[Way] = []
    take = Roll.take

    def counted(self: Roll, topic: str, envelope: bytes) -> Way:
        taken.append(take(self, topic, envelope))
        return taken[-1]

    monkeypatch.setattr(Roll, "take", counted)
    async with running(site) as short:
        await told(short, site.speakers["s2"], minutes=minutes)
    # Seven when each follows at once: one that follows news more slowly is not held back by them, and goes short too.
    assert taken.count(Way.SHORT) >= 7

    other = TemporaryDatabase(tmp_path / "other.db")
    await other.create_tables()
    twin = await small_site(other, tmp_path / "twin")
    monkeypatch.setattr(Roll, "take", lambda *_: Way.LONG)
    async with running(twin) as long:
        await told(long, twin.speakers["s2"], minutes=minutes)
    assert await everything(site) == await everything(twin)
    assert (short.told, short.ingest.counts) == (long.told, long.ingest.counts)
    await other.close()


async def steady(uplink: Uplink, name: str = "s2") -> Speaker:
    """A speaker whose next heartbeat may go the short way."""
    speaker = uplink.site.speakers[name]
    for _ in range(2):
        await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    return speaker


async def test_several_in_one_second_are_one_state_and_all_count(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    for dbm in (-70, -71, -72):
        uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat(signal_dbm=dbm))
    for dbm in (-80, -60):
        uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat(signal_dbm=dbm))
    await uplink.ingest.settled()
    state = await row(site, DeviceState, "s2")
    async with site.database.reading() as session:
        slot = (await session.scalars(select(BeatSlot))).one()
    assert (state.beat_n, state.signal_dbm, slot.beats, slot.signal_min_dbm) == (7, -60, 7, -80)
    assert uplink.ingest.counts["heartbeat"] == 7


async def test_what_comes_right_after_a_steady_heartbeat_is_taken_after_it(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    for said in ({}, {"volume": 9}, {"volume": 9}, {}, {}):
        uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat(**said))
    await uplink.ingest.settled()
    state = await row(site, DeviceState, "s2")
    assert (state.beat_n, state.volume, dict(uplink.ingest.refused)) == (7, 0, {})


async def test_a_revoked_device_is_refused_at_once(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    async with site.database.writing() as session:
        await revoke(session, "s2")
    await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    assert (await row(site, DeviceState, "s2")).beat_n == 2
    assert uplink.ingest.refused == {"unknown_key": 1}


async def test_a_steady_heartbeat_played_again_is_refused(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    heartbeat = speaker.heartbeat()
    await uplink.say(speaker, "heartbeat", heartbeat)
    await uplink.say(speaker, "heartbeat", heartbeat)
    uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat())
    uplink.ingest.on_message(speaker.topic("heartbeat"), heartbeat)
    await uplink.ingest.settled()
    assert uplink.ingest.refused == {"replayed": 2}
    assert (await row(site, DeviceState, "s2")).beat_n == 4


async def test_a_device_found_silent_comes_back_with_a_steady_heartbeat(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    async with site.database.writing() as session:
        await session.execute(update(DeviceState).values(presence=Presence.LOST))
    uplink.told.clear()
    await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    assert (await row(site, DeviceState, "s2")).presence is Presence.ONLINE
    assert uplink.told == [PresenceChanged("bao-nhai", "s2", "online")]
    assert await count(site, PresenceChange) == 2


async def test_an_order_that_never_came_is_sent_though_the_haves_stay_the_same(site: SmallSite, uplink: Uplink) -> None:
    one, two = await steady(uplink, "s1"), await steady(uplink, "s2")
    await play(site)
    two.haves = {"bao-nhai": Haves(1)}
    for speaker in (one, two):
        await uplink.say(speaker, "heartbeat", speaker.heartbeat())
        await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    assert [device_id for device_id, _, _ in uplink.wants] == ["s1", "s1"]


async def test_an_order_in_a_devices_own_log_is_sent_to_it_alone(site: SmallSite, uplink: Uplink) -> None:
    one, two = await steady(uplink, "s1"), await steady(uplink, "s2")
    async with site.database.writing() as session:
        session.add(OrderLog(log=topics.device_log("s2"), signer_id="bao-nhai", head=1))
    for speaker in (one, two):
        await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    assert [device_id for device_id, _, _ in uplink.wants] == ["s2"]


async def test_another_process_that_wrote_the_same_device_is_noticed(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    async with site.database.writing() as session:
        await session.execute(update(DeviceState).values(beat_n=3, volume=55))
    speaker.beats = 2
    await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    assert uplink.ingest.refused == {"replayed": 1}
    await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    state = await row(site, DeviceState, "s2")
    assert (state.beat_n, state.volume) == (4, 0)


async def test_a_hello_between_steady_heartbeats_is_not_passed_over(site: SmallSite, uplink: Uplink) -> None:
    speaker = await steady(uplink)
    speaker.haves = {"vn": Haves(1)}
    hello = speaker.hello()
    speaker.haves = {}
    uplink.ingest.on_message(speaker.topic("hello"), hello)
    uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat())
    await uplink.ingest.settled()
    await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    state = await row(site, DeviceState, "s2")
    assert (state.beat_n, state.haves) == (4, {})


async def test_a_database_that_fails_for_a_while_loses_no_steady_heartbeat(
    site: SmallSite, uplink: Uplink, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker = await steady(uplink)
    failures = []
    real = site.database.writing

    def failing() -> Any:
        if not failures:
            failures.append(new_id())
            raise OSError("no room on the disk")
        return real()

    monkeypatch.setattr(site.database, "writing", failing)
    monkeypatch.setattr("devices.ingest.WRITE_S", 0.05)
    uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat(storage_free_kib=66))
    await uplink.ingest.settled()
    state = await row(site, DeviceState, "s2")
    assert (len(failures), state.beat_n, state.storage_free_kib) == (1, 3, 66)
    assert site.clock() - state.heard_at == timedelta(0)
