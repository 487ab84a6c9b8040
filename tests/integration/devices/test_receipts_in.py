"""Receipts on their way in: kept once, folded, acknowledged; silence and what follows from it."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select, text

from base.times import from_ms, to_ms
from devices.changes import DeliveryChanged
from devices.models import (
    DeliveryState,
    DeviceState,
    Presence,
    ReceiptEntry,
)
from devices.service import DeviceService
from devices.uplink import Identity, Report
from devices.wire.haves import Haves
from devices.wire.reports import MAX_ACKNOWLEDGED, ClockReport, ClockState, Heartbeat
from tests.support.speakers import SmallSite, Speaker
from tests.support.uplinks import S, Uplink, count, delivery, play, row, running


async def test_haves_prove_that_the_order_is_there_for_a_gateways_wireless_clusters_too(
    site: SmallSite, uplink: Uplink
) -> None:
    entry = await play(site)
    s1 = site.speakers["s1"]
    await uplink.say(s1, "heartbeat", s1.heartbeat())
    assert (await delivery(site, entry, "s1")).state is DeliveryState.ORDERED
    s1.haves = {"bao-nhai": Haves(entry.seq)}
    await uplink.say(s1, "heartbeat", s1.heartbeat())
    for cluster_id in ("s1", "w1"):
        proved = await delivery(site, entry, cluster_id)
        assert (proved.state, proved.has_order_at) == (DeliveryState.HAS_ORDER, site.clock())
    assert (await delivery(site, entry, "s2")).state is DeliveryState.ORDERED
    assert DeliveryChanged("bao-nhai", entry.occurrence_id, ("s1", "w1")) in uplink.told


async def test_gaps_are_asked_for_with_what_is_held_of_every_log_followed(site: SmallSite, uplink: Uplink) -> None:
    await play(site)
    await play(site)
    s2 = site.speakers["s2"]
    await uplink.say(s2, "hello", s2.hello())
    s2.haves = {"bao-nhai": Haves(0, ((2, 2),))}
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    s2.haves = {"bao-nhai": Haves(2)}
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    none = {"lao-cai": Haves(), "vn": Haves()}
    assert uplink.wants == [
        ("s2", {"bao-nhai": Haves()} | none, True),
        ("s2", {"bao-nhai": Haves(0, ((2, 2),))} | none, False),
    ]


async def test_receipts_are_kept_once_folded_and_acknowledged(site: SmallSite, uplink: Uplink) -> None:
    entry, s2 = await play(site), site.speakers["s2"]
    said = [
        s2.receipt(S.STORED, entry.occurrence_id),
        s2.receipt(S.STARTED, entry.occurrence_id, bound_ms=12),
        s2.receipt(S.PLAYED, entry.occurrence_id, sounded_ms=5000, at_ms=to_ms(site.clock()) + 5000),
    ]
    for envelope in [said[2], *said, said[0]]:
        await uplink.say(s2, "receipt", envelope)
    proved = await delivery(site, entry)
    assert (proved.state, proved.sounded_ms, proved.start_bound_ms) == (DeliveryState.PLAYED, 5000, 12)
    assert proved.finished_at == from_ms(to_ms(site.clock()) + 5000)
    async with site.database.reading() as session:
        kept = list(await session.scalars(select(ReceiptEntry).order_by(ReceiptEntry.n)))
    assert [(each.n, each.envelope, each.chained) for each in kept] == [(n, e, True) for n, e in enumerate(said, 1)]
    await uplink.acked("s2", *said)


async def test_a_gateway_answers_for_its_wireless_clusters_which_are_never_played(
    site: SmallSite, uplink: Uplink
) -> None:
    entry, s1 = await play(site), site.speakers["s1"]
    await uplink.say(s1, "receipt", s1.receipt(S.PLAYED, entry.occurrence_id, clusters=("s1", "w1")))
    assert (await delivery(site, entry, "s1")).state is DeliveryState.PLAYED
    assert (await delivery(site, entry, "w1")).state is DeliveryState.TRANSMITTED


async def test_a_device_cannot_speak_for_anothers_cluster(site: SmallSite, uplink: Uplink) -> None:
    entry, s3 = await play(site), site.speakers["s3"]
    foreign = s3.receipt(S.PLAYED, entry.occurrence_id, clusters=("s2",))
    await uplink.say(s3, "receipt", foreign)
    assert (await delivery(site, entry, "s2")).state is DeliveryState.ORDERED
    assert uplink.ingest.refused["foreign"] == 1
    # It is kept as evidence, and acknowledged, or it would be repeated for ever.
    await uplink.acked("s3", foreign)


async def test_nothing_is_acknowledged_that_was_not_committed(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    first, second = s2.receipt(S.STORED, None), s2.receipt(S.STORED, None)
    site.database.fail_next_commit = True
    await uplink.say(s2, "receipt", first)
    assert await count(site, ReceiptEntry) == 0
    await uplink.say(s2, "receipt", second)
    await uplink.acked("s2", second)
    await uplink.say(s2, "receipt", first)
    await uplink.acked("s2", first)


async def test_after_a_restart_what_is_stored_is_acknowledged_again_when_it_is_repeated(site: SmallSite) -> None:
    s2 = site.speakers["s2"]
    said = [s2.receipt(S.STORED, None) for _ in range(6)]
    async with running(site) as uplink:
        for index in (0, 1, 3, 4):
            await uplink.say(s2, "receipt", said[index])
    async with running(site) as uplink:
        await uplink.say(s2, "receipt", said[0])
        await uplink.acked("s2", said[0])


async def test_a_device_that_lost_its_flash_numbers_anew_and_loses_nothing(site: SmallSite, uplink: Uplink) -> None:
    entry, s2 = await play(site), site.speakers["s2"]
    s2.boot = 7
    await uplink.say(s2, "hello", s2.hello())
    before = [s2.receipt(S.STORED, None) for _ in range(5)]
    for envelope in before:
        await uplink.say(s2, "receipt", envelope)
    await uplink.acked("s2", *before)
    anew = Speaker(s2.enrolled, site.clock)
    site.clock.forward(seconds=30)
    await uplink.say(anew, "hello", anew.hello())
    anew.receipt(S.STORED, None)
    late = anew.receipt(S.STORED, None)
    played = anew.receipt(S.PLAYED, entry.occurrence_id)
    await uplink.say(anew, "receipt", played)
    await uplink.acked("s2", played)
    await uplink.say(anew, "receipt", late)
    await uplink.acked("s2", late)
    assert (await delivery(site, entry)).state is DeliveryState.PLAYED
    assert await count(site, ReceiptEntry) == 7


async def test_numbering_anew_is_noticed_even_when_the_hello_was_lost(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    before = [s2.receipt(S.STORED, None) for _ in range(3)]
    for envelope in before:
        await uplink.say(s2, "receipt", envelope)
    await uplink.acked("s2", *before)
    anew = Speaker(s2.enrolled, site.clock)
    first = anew.receipt(S.STORED, None)
    await uplink.say(anew, "receipt", first)
    await uplink.acked("s2", first)
    async with site.database.reading() as session:
        kept = [(each.series, each.n) for each in await session.scalars(select(ReceiptEntry).order_by("series", "n"))]
    assert kept == [(0, 1), (0, 2), (0, 3), (1, 1)]


async def test_receipts_of_an_earlier_numbering_are_acknowledged_when_they_are_told_again(
    site: SmallSite, uplink: Uplink
) -> None:
    s2 = site.speakers["s2"]
    five = [s2.receipt(S.STORED, None) for _ in range(5)]
    tip = s2.tip
    told_without_being_kept = s2.receipt(S.STORED, None)
    for envelope in [*five, told_without_being_kept]:
        await uplink.say(s2, "receipt", envelope)
    await uplink.acked("s2", *five, told_without_being_kept)
    # The flash was full, the power went: the sixth number is used again, and no acknowledgement has come.
    s2.tip, s2.receipts = tip, 5
    sixth = s2.receipt(S.STORED, None)
    for envelope in [sixth, *five]:
        await uplink.say(s2, "receipt", envelope)
    await uplink.acked("s2", *five, sixth)


async def test_many_receipts_are_acknowledged_in_messages_within_their_limit(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    many = [s2.receipt(S.STORED, None) for _ in range(2 * MAX_ACKNOWLEDGED + 1)]
    for envelope in many:
        uplink.ingest.on_message(s2.topic("receipt"), envelope)
    await uplink.acked("s2", *many)


async def test_a_broken_chain_is_noted(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    first = s2.receipt(S.STORED, None)
    s2.tip = bytes(31) + b"\1"
    second = s2.receipt(S.STORED, None)
    for envelope in (first, second):
        await uplink.say(s2, "receipt", envelope)
    async with site.database.reading() as session:
        assert [r.chained for r in await session.scalars(select(ReceiptEntry).order_by(ReceiptEntry.n))] == [
            True,
            False,
        ]


async def test_a_will_changes_nothing_because_brokers_may_lie(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    await uplink.say(s2, "bye", b"")
    assert (await row(site, DeviceState, "s2")).presence is Presence.ONLINE
    assert uplink.ingest.counts["bye"] == 1


async def test_under_overload_heartbeats_give_way_and_receipts_stay(site: SmallSite) -> None:
    s2 = site.speakers["s2"]
    async with running(site, capacity=10) as uplink:
        for _ in range(6):
            uplink.ingest.on_message(s2.topic("receipt"), s2.receipt(S.STORED, None))
        for _ in range(20):
            uplink.ingest.on_message(s2.topic("heartbeat"), s2.heartbeat())
        await uplink.ingest.settled()
        assert uplink.ingest.dropped == {"heartbeat": 16}
        assert await count(site, ReceiptEntry) == 6
        assert (await row(site, DeviceState, "s2")).beat_n == 20


async def test_numbers_far_beyond_sense_are_bounded_or_refused(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat(storage_total_kib=2**40, uptime_s=2**32))
    assert (await row(site, DeviceState, "s2")).storage_total_kib == 2**31 - 1
    await uplink.say(s2, "heartbeat", s2.heartbeat(n=2**31))
    await uplink.say(s2, "receipt", s2.receipt(S.STORED, None, n=2**31))
    s2.boot = 2**31
    await uplink.say(s2, "hello", s2.hello())
    assert uplink.ingest.refused["bad_field"] == 3
    entry = await play(site)
    s2.boot, s2.receipts = 1, 0
    huge = {"bound_ms": 2**40, "sounded_ms": 2**40}
    await uplink.say(s2, "receipt", s2.receipt(S.STARTED, entry.occurrence_id, **huge))
    assert (await delivery(site, entry)).sounded_ms == 2**31 - 1


async def test_what_the_database_refuses_spoils_nothing_of_others(site: SmallSite, uplink: Uplink) -> None:
    """What passes every check and still breaks a rule of the database must not take others' words along."""
    async with site.database.writing() as session:
        await session.execute(text("CREATE UNIQUE INDEX one_of_a_power ON device_state (power)"))
    batch = [
        Report(name, Heartbeat(device=name, boot=1, n=1, clock=speaker.report(), haves={}, power=power), b"")
        for (name, speaker), power in zip(site.speakers.items(), ("grid", "grid", "solar"), strict=True)
    ]
    known = {name: Identity(name, "bao-nhai", bytes(32), 1, revoked=False) for name in site.speakers}
    await uplink.ingest._store(batch, known)
    assert uplink.ingest.refused == {"unstorable": 1}
    assert [await row(site, DeviceState, name) is not None for name in site.speakers] == [True, False, True]


async def test_a_watcher_that_fails_does_no_harm(site: SmallSite) -> None:
    async with running(site) as uplink:
        uplink.ingest._watch = partial(int, "no number")
        s2 = site.speakers["s2"]
        await uplink.say(s2, "heartbeat", s2.heartbeat())
        await uplink.say(s2, "heartbeat", s2.heartbeat())
        assert (await row(site, DeviceState, "s2")).beat_n == 2


async def test_planned_silence_is_quiet_then_late_then_lost_and_a_word_brings_it_back(
    site: SmallSite, uplink: Uplink
) -> None:
    service, s2 = DeviceService(site.keys, site.clock), site.speakers["s2"]

    async def sweep():
        async with site.database.writing() as session:
            return [(c.device_id, c.state) for c in await service.sweep_presence(session, site.clock())]

    await uplink.say(s2, "heartbeat", s2.heartbeat())
    async with site.database.writing() as session:
        await service.set_planned_quiet(session, "s2", site.clock() + timedelta(hours=1))
    assert await sweep() == []
    site.clock.forward(seconds=46)
    assert await sweep() == [("s2", "quiet")]
    site.clock.forward(hours=1)
    assert await sweep() == [("s2", "late")]
    site.clock.forward(seconds=60)
    assert await sweep() == [("s2", "lost")]
    assert await sweep() == []
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    async with site.database.reading() as session:
        history = await service.history(session, "s2", site.clock() - timedelta(days=1), site.clock() + timedelta(1))
        summary = await service.fleet_summary(session, "bao-nhai")
    assert [change.presence.value for change in history.changes] == ["online", "quiet", "late", "lost", "online"]
    assert sum(slot.beats for slot in history.slots) == 2
    assert (summary.smart_online, summary.smart_never) == (1, 2)


async def test_a_silent_device_is_lost_within_a_hundred_seconds_and_a_restart_of_the_server_loses_none(
    site: SmallSite, uplink: Uplink
) -> None:
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    site.clock.forward(seconds=90)
    async with site.database.writing() as session:
        assert await DeviceService(site.keys, site.clock).sweep_presence(session, site.clock()) == []
        patient = DeviceService(site.keys, lambda: site.clock() - timedelta(seconds=90))
        (change,) = await patient.sweep_presence(session, site.clock())
    assert (change.device_id, change.state) == ("s2", "lost")


async def test_the_change_in_force_when_a_span_begins_comes_first(site: SmallSite, uplink: Uplink) -> None:
    service, s2 = DeviceService(site.keys, site.clock), site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    site.clock.forward(days=2)
    async with site.database.reading() as session:
        history = await service.history(session, "s2", site.clock() - timedelta(days=1), site.clock())
    assert [change.presence for change in history.changes] == [Presence.ONLINE]
    assert history.slots == []


async def test_a_clock_not_set_after_losing_the_flash_is_believed_when_the_device_was_lost(
    site: SmallSite, uplink: Uplink
) -> None:
    s2 = site.speakers["s2"]
    s2.boot = 9
    await uplink.say(s2, "hello", s2.hello())
    anew = Speaker(s2.enrolled, site.clock)
    unset = ClockReport(ClockState.UNSET, 0, 0)
    await uplink.say(anew, "hello", anew.hello(clock=unset))
    assert uplink.ingest.refused["replayed"] == 1
    site.clock.forward(seconds=90)
    await uplink.say(anew, "hello", anew.hello(clock=unset))
    assert (await row(site, DeviceState, "s2")).boot == 1
