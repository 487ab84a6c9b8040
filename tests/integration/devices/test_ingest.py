from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from base.ids import new_id
from devices.changes import PresenceChanged
from devices.enrolment import revoke
from devices.models import (
    BeatSlot,
    Device,
    DeviceState,
    Presence,
    PresenceChange,
    ReceiptEntry,
)
from devices.site import enrol_site
from devices.wire.blocks import Want
from devices.wire.envelope import CheckingKey, Kind, SigningKey, seal, sign
from devices.wire.reports import Heartbeat
from tests.support.speakers import SmallSite, Speaker
from tests.support.until import until
from tests.support.uplinks import S, Uplink, count, row, running


async def test_a_hello_and_a_heartbeat_bring_a_device_online_and_describe_it(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    await uplink.say(s2, "hello", s2.hello())
    await uplink.say(s2, "heartbeat", s2.heartbeat(volume=66, signal_dbm=-83, faults=("amplifier",)))
    state, device = await row(site, DeviceState, "s2"), await row(site, Device, "s2")
    assert (state.presence, state.heard_at, state.volume) == (Presence.ONLINE, site.clock(), 66)
    assert (state.signal_dbm, state.faults, state.clock_state) == (-83, ["amplifier"], "synced")
    assert (device.model, device.firmware, device.codecs) == ("loa-ref", "1.0", ["opus16", "opus8"])
    assert device.parts == ["relay", "fill"]
    async with site.database.reading() as session:
        (slot,) = await session.scalars(select(BeatSlot))
        (change,) = await session.scalars(select(PresenceChange))
    assert (slot.beats, slot.faults) == (1, ["amplifier"])
    assert (change.device_id, change.presence) == ("s2", Presence.ONLINE)
    assert uplink.told[0] == PresenceChanged("bao-nhai", "s2", "online")


async def test_heartbeats_that_say_nothing_new_are_not_told(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    for _ in range(4):
        await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert uplink.told == [PresenceChanged("bao-nhai", "s2", "online")]
    assert (await row(site, DeviceState, "s2")).beat_n == 4


async def test_many_devices_in_one_batch_each_keep_their_own(site: SmallSite, uplink: Uplink) -> None:
    for speaker in site.speakers.values():
        for _ in range(5):
            uplink.ingest.on_message(speaker.topic("heartbeat"), speaker.heartbeat(volume=speaker.beats))
    await uplink.ingest.settled()
    states = [await row(site, DeviceState, name) for name in site.speakers]
    assert [(state.beat_n, state.volume) for state in states] == [(5, 4)] * 3
    async with site.database.reading() as session:
        assert [slot.beats for slot in await session.scalars(select(BeatSlot))] == [5, 5, 5]


def forged(site: SmallSite) -> dict[str, tuple[str, bytes, str]]:
    """Name → topic, payload, reason it must be refused for."""
    s2, s3 = site.speakers["s2"], site.speakers["s3"]
    stranger = SigningKey.from_seed("s2", bytes(range(32)))
    hello, receipt = s2.hello(), s2.receipt(S.PLAYED, new_id())
    own = CheckingKey.from_secret("s2", s2.enrolled.secrets.mac_key)
    beat = Heartbeat(device="s3", boot=1, n=1, clock=s2.report(), haves={})
    mine = SigningKey.from_seed("s2", s2.enrolled.seed)
    return {
        "hello signed with a wrong key": (s2.topic("hello"), sign(Kind.HELLO, {"v": 1}, stranger), "bad_signature"),
        "hello altered": (s2.topic("hello"), hello[:-70] + bytes([hello[-70] ^ 1]) + hello[-69:], "bad_signature"),
        "hello cut short": (s2.topic("hello"), hello[:50], "malformed"),
        "hello of another device": (s3.topic("hello"), hello, "foreign"),
        "hello that names another inside": (s2.topic("hello"), s2.hello(device="s3"), "foreign"),
        "hello as a receipt": (s2.topic("receipt"), hello, "bad_signature"),
        "heartbeat that names another inside": (
            s2.topic("heartbeat"),
            seal(Kind.HEARTBEAT, beat.to_map(), own),
            "foreign",
        ),
        "heartbeat with another's key": (s2.topic("heartbeat"), s3.heartbeat(), "foreign"),
        "heartbeat that is signed": (s2.topic("heartbeat"), sign(Kind.HEARTBEAT, beat.to_map(), mine), "malformed"),
        "heartbeat without fields": (s2.topic("heartbeat"), seal(Kind.HEARTBEAT, {"v": 1}, own), "bad_field"),
        "heartbeat of a later version": (s2.topic("heartbeat"), seal(Kind.HEARTBEAT, {"v": 2}, own), "unknown_version"),
        "receipt altered": (
            s2.topic("receipt"),
            receipt[:-70] + bytes([receipt[-70] ^ 1]) + receipt[-69:],
            "bad_signature",
        ),
        "receipt with trailing bytes": (s2.topic("receipt"), receipt + b"\0", "not_canonical"),
        "nothing": (s2.topic("heartbeat"), b"", "malformed"),
        "text": (s2.topic("hello"), b'{"dev": "s2"}', "malformed"),
        "too large": (s2.topic("heartbeat"), bytes(8_193), "too_large"),
        "bye too large": (s2.topic("bye"), bytes(257), "too_large"),
        "a device nobody enrolled": ("loa/1/d/s9/up/hello", hello, "unknown_key"),
        "another's topic": ("loa/1/d/s2/down", hello, "malformed"),
        "no topic of ours": ("loa/1/d/S2/up/hello", hello, "malformed"),
    }


async def test_what_is_forged_altered_foreign_or_malformed_is_refused_counted_and_leaves_nothing(
    site: SmallSite,
) -> None:
    reasons: list[str] = []
    async with running(site, on_refused=lambda kind, reason: reasons.append(reason)) as uplink:
        expected = []
        for name, (topic, payload, reason) in forged(site).items():
            uplink.ingest.on_message(topic, payload)
            await uplink.ingest.settled()
            expected.append(reason)
            assert reasons == expected, name
        assert sum(uplink.ingest.refused.values()) == len(expected)
        for model in (DeviceState, BeatSlot, PresenceChange, ReceiptEntry):
            assert await count(site, model) == 0
        assert (uplink.told, uplink.down, uplink.wants) == ([], [], [])


async def test_any_bytes_at_all_are_refused_and_the_uplink_lives_on(site: SmallSite, uplink: Uplink) -> None:
    topics = [site.speakers["s2"].topic(kind) for kind in ("hello", "heartbeat", "receipt", "bye")]

    @settings(max_examples=150)
    @given(st.sampled_from(topics) | st.text(max_size=40), st.binary(max_size=120))
    def bombard(topic: str, payload: bytes) -> None:
        uplink.ingest.on_message(topic, payload)

    bombard()
    await uplink.ingest.settled()
    assert await count(site, DeviceState) == 0
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert (await row(site, DeviceState, "s2")).beat_n == 1


async def test_an_old_heartbeat_played_again_is_refused(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    old = s2.heartbeat(volume=10)
    await uplink.say(s2, "heartbeat", old)
    await uplink.say(s2, "heartbeat", s2.heartbeat(volume=20))
    site.clock.forward(minutes=5)
    await uplink.say(s2, "heartbeat", old)
    state = await row(site, DeviceState, "s2")
    assert (uplink.ingest.refused["replayed"], state.volume) == (1, 20)
    assert state.heard_at == site.clock() - timedelta(minutes=5)


async def test_an_old_hello_played_again_does_not_raise_the_dead(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    hello = s2.hello()
    await uplink.say(s2, "hello", hello)
    heard = site.clock()
    site.clock.forward(minutes=5)
    await uplink.say(s2, "hello", hello)
    assert (await row(site, DeviceState, "s2")).heard_at == heard
    s2.boot = 2
    await uplink.say(s2, "hello", s2.hello())
    site.clock.forward(minutes=5)
    await uplink.say(s2, "hello", hello)
    assert uplink.ingest.refused["replayed"] == 1
    assert (await row(site, DeviceState, "s2")).boot == 2


async def test_a_revoked_device_is_not_believed_and_its_new_self_is(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    async with site.database.writing() as session:
        await revoke(session, "s2", clock=site.clock)
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert uplink.ingest.refused["unknown_key"] == 1
    async with site.database.writing() as session:
        (again,) = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s2"])
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert uplink.ingest.refused["bad_signature"] == 1
    new = Speaker(again, site.clock)
    await uplink.say(new, "heartbeat", new.heartbeat(volume=33))
    assert (await row(site, DeviceState, "s2")).volume == 33


async def test_a_want_is_handed_on_and_a_forged_one_refused(site: SmallSite) -> None:
    wanted: list[Want] = []
    s1, s2 = site.speakers["s1"], site.speakers["s2"]
    want = Want.of("s2", 1, 1, bytes(32), [3, 5])
    sealed = [
        seal(Kind.WANT, want.to_map(), CheckingKey.from_secret(by.id, by.enrolled.secrets.mac_key)) for by in (s1, s2)
    ]
    async with running(site, on_want=wanted.append) as uplink:
        for payload in sealed:
            await uplink.say(s2, "want", payload)
        await until(lambda: wanted)
        assert wanted == [want]
        assert uplink.ingest.refused == {"foreign": 1}
        assert uplink.ingest.counts["want"] == 1
