from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

import devices.couriers.models  # noqa: F401 - its tables are made from the models
from base.errors import NotFound, Refused
from base.times import to_ms
from devices import rotation
from devices.couriers.models import BundleDevice, CourierReturn, LastReturn
from devices.couriers.states import BundleState
from devices.enrolment import enrol, revoke
from devices.models import DeliveryState, DeviceState, OrderEntry, Presence, ReceiptEntry
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.config import Config, Hours
from devices.wire.errors import BadBundle
from devices.wire.orders import Cancel
from devices.wire.reports import ClockReport, ClockState, ReceiptState
from devices.wire.trust import digest, open_ack, open_beacon, open_order
from tests.support.courier import Couriers, Pocket
from tests.support.speakers import SmallSite
from tests.support.uplinks import Uplink, count, delivery, row


@pytest.fixture
def couriers(site: SmallSite, tmp_path: Path) -> Couriers:
    return Couriers.of(site, tmp_path)


def pocket(couriers: Couriers, device_id: str = "s2") -> Pocket:
    return Pocket(couriers.site.speakers[device_id])


def order_ids(couriers: Couriers, orders: tuple[bytes, ...]) -> list[str]:
    return [open_order(each, couriers.site.publics.get, lambda _: "bao-nhai").order.id for each in orders]


async def carried_to(couriers: Couriers, carrier: Pocket, *entries: object):
    """A bundle prepared for the device and taken by it."""
    bundle = await couriers.prepare(carrier.speaker.id)
    found, _ = couriers.read(bundle, carrier.speaker.id)
    carrier.took(bundle, found, entries)  # type: ignore[arg-type]
    return bundle


async def test_a_device_that_has_nothing_gets_all_that_is_in_force_once_and_in_its_best_rendition(couriers: Couriers):
    first = await couriers.announce("Họp thôn")
    second = await couriers.announce("Tiêm phòng")
    bundle = await couriers.prepare("s2")
    found, blobs = couriers.read(bundle, "s2")
    assert order_ids(couriers, found.orders) == [first.id, second.id]
    assert sorted(blobs.values()) == sorted([b"H\xe1\xbb\x8dp th\xc3\xb4n 16" * 100, "Tiêm phòng 16".encode() * 100])
    logs = {open_beacon(each, couriers.site.publics.get, lambda _: "bao-nhai").log for each in found.beacons}
    assert logs == {"vn", "lao-cai", "bao-nhai"}
    assert (bundle.orders, bundle.contents, bundle.size) == (2, 2, couriers.service.file(bundle).stat().st_size)
    assert bundle.file_name.startswith("bao-nhai-20261121-0500-")


async def test_a_bundle_grows_only_by_what_the_device_is_not_known_to_have(couriers: Couriers):
    s2 = pocket(couriers)
    first = await couriers.announce("Họp thôn")
    await carried_to(couriers, s2, first)
    await couriers.give_back(s2.file())
    second = await couriers.announce("Tiêm phòng")
    found, blobs = couriers.read(await couriers.prepare("s2"), "s2")
    assert order_ids(couriers, found.orders) == [second.id]
    assert list(blobs.values()) == ["Tiêm phòng 16".encode() * 100]
    everything, _ = couriers.read(await couriers.prepare("s2", whole=True), "s2")
    assert (len(everything.orders), len(everything.blobs)) == (2, 2)


async def test_a_board_in_the_place_of_another_is_brought_everything(couriers: Couriers):
    site, first = couriers.site, pocket(couriers)
    await carried_to(couriers, first, await couriers.announce("Họp thôn"))
    await couriers.give_back(first.file())
    assert (await couriers.prepare("s2")).orders == 0
    async with site.database.writing() as session:
        await enrol(
            session, keys=site.keys, clock=site.clock, device_id="s2", commune_id="bao-nhai", cluster_ids=["s2"]
        )
    made = await couriers.prepare("s2")
    assert (made.orders, made.contents) == (1, 1)


async def test_what_was_prepared_and_never_proved_to_have_come_is_carried_again(couriers: Couriers):
    await couriers.announce("Họp thôn")
    await couriers.prepare("s2")
    found, _ = couriers.read(await couriers.prepare("s2"), "s2")
    assert (len(found.orders), len(found.blobs)) == (1, 1)


async def test_a_stored_receipt_proves_the_sound_to_be_there_also_without_a_return_file(
    couriers: Couriers, uplink: Uplink
):
    entry = await couriers.announce("Họp thôn")
    speaker = couriers.site.speakers["s2"]
    await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    await uplink.say(speaker, "receipt", speaker.receipt(ReceiptState.STORED, entry.occurrence_id, order=entry.id))
    found, _ = couriers.read(await couriers.prepare("s2"), "s2")
    assert (len(found.orders), found.blobs) == (1, ())


async def test_nothing_is_carried_of_what_is_called_off_past_or_for_others(couriers: Couriers):
    elsewhere = await couriers.announce("Chợ phiên", audience=Audience(places=("v1",)))
    gone = await couriers.announce("Cũ", start=couriers.site.clock() - timedelta(minutes=30))
    called_off = await couriers.announce("Hoãn")
    async with couriers.site.database.writing() as session:
        await DeviceService(couriers.site.keys, couriers.site.clock).order(
            session,
            "bao-nhai",
            Cancel((str(called_off.occurrence_id),)),
            Audience(),
            couriers.site.clock() + timedelta(days=2),
            kind="cancel",
        )
    found, _ = couriers.read(await couriers.prepare("s2"), "s2")
    assert {elsewhere.id, gone.id, called_off.id} < set(order_ids(couriers, found.orders))
    assert found.blobs == ()


async def test_a_device_with_little_room_is_brought_the_lightest_renditions(couriers: Couriers, uplink: Uplink):
    await couriers.announce("Họp thôn")
    speaker = couriers.site.speakers["s2"]
    await uplink.say(speaker, "heartbeat", speaker.heartbeat(storage_free_kib=1, storage_total_kib=1000))
    _, blobs = couriers.read(await couriers.prepare("s2"), "s2")
    assert list(blobs.values()) == ["Họp thôn".encode()]


async def test_a_route_bundle_serves_each_of_its_villages_with_its_own_log_too(couriers: Couriers):
    await couriers.announce("Họp thôn")
    async with couriers.site.database.writing() as session:
        mine = await DeviceService(couriers.site.keys, couriers.site.clock).order(
            session,
            "d/s2",
            Config(Hours((), 420)),
            Audience(),
            couriers.site.clock() + timedelta(days=9),
            kind="config",
        )
    bundle = await couriers.prepare("s2", "s3")
    for device_id in ("s2", "s3"):
        found, _ = couriers.read(bundle, device_id)
        assert mine.id in order_ids(couriers, found.orders)
    with pytest.raises(BadBundle, match="wrong_village"):
        couriers.read(bundle, "s1")


async def test_the_sound_the_store_has_lost_keeps_nothing_else_from_its_village(couriers: Couriers):
    await couriers.announce("Họp thôn")
    couriers.contents.bytes.clear()
    await couriers.announce("Tiêm phòng")
    found, _ = couriers.read(await couriers.prepare("s2"), "s2")
    assert (len(found.orders), len(found.blobs)) == (2, 1)


async def test_a_bundle_for_nobody_is_refused(couriers: Couriers):
    with pytest.raises(Refused, match="bundle_nobody"):
        await couriers.prepare("nobody")


async def test_receipts_come_back_in_one_file_and_their_acknowledgement_goes_out_in_the_next_bundle(couriers: Couriers):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    await carried_to(couriers, s2, entry)
    said = [
        s2.speaker.receipt(state, entry.occurrence_id, order=entry.id)
        for state in (ReceiptState.STORED, ReceiptState.STARTED, ReceiptState.PLAYED)
    ]
    taken = await couriers.give_back(s2.file(said))
    assert (taken.receipts, taken.refused, taken.latest, taken.again) == (3, 0, True, False)
    assert (await delivery(couriers.site, entry)).state is DeliveryState.PLAYED
    assert (await row(couriers.site, ReceiptEntry, digest(said[0]))).carrier == "courier"
    found, _ = couriers.read(await couriers.prepare("s2"), "s2")
    acks = [open_ack(each, couriers.site.publics.get, lambda _: "bao-nhai") for each in found.acks]
    assert {each for ack in acks for each in ack.receipts} == {digest(each) for each in said}


async def test_a_return_file_tells_health_and_haves_and_never_makes_a_device_online(couriers: Couriers):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    await carried_to(couriers, s2, entry)
    file = s2.file(battery_pct=40, faults=("amplifier",))
    couriers.site.clock.forward(hours=20)
    taken = await couriers.give_back(file)
    state: DeviceState = await row(couriers.site, DeviceState, "s2")
    assert (state.presence, state.heard_at, state.battery_pct) == (Presence.NEVER, None, 40)
    assert state.faults == ["amplifier"]
    assert state.clock_at == taken.clock_at == couriers.site.clock() - timedelta(hours=20)
    proved = await delivery(couriers.site, entry)
    assert (proved.state, proved.has_order_at) == (DeliveryState.HAS_ORDER, taken.clock_at)


async def test_files_come_in_any_order_and_twice_and_an_older_one_never_overwrites_a_newer(couriers: Couriers):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    first = s2.speaker.receipt(ReceiptState.STORED, entry.occurrence_id, order=entry.id)
    older = s2.file([first], battery_pct=80)
    couriers.site.clock.forward(hours=5)
    await carried_to(couriers, s2, entry)
    second = s2.speaker.receipt(ReceiptState.PLAYED, entry.occurrence_id, order=entry.id)
    newer = s2.file([first, second], battery_pct=30)
    outcomes = [await couriers.give_back(file) for file in (newer, older, newer, older)]
    assert [(each.latest, each.again) for each in outcomes] == [
        (True, False), (False, False), (False, True), (False, True),
    ]  # fmt: skip
    assert (await row(couriers.site, DeviceState, "s2")).battery_pct == 30
    assert await count(couriers.site, ReceiptEntry) == 2
    assert await count(couriers.site, CourierReturn) == 2
    assert (await row(couriers.site, LastReturn, "s2")).held == [sha.hex() for sha in s2.held]


async def test_a_file_older_than_what_was_heard_live_still_brings_its_receipts(couriers: Couriers, uplink: Uplink):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    said = s2.speaker.receipt(ReceiptState.STORED, entry.occurrence_id, order=entry.id)
    file = s2.file([said], battery_pct=11)
    await uplink.say(s2.speaker, "heartbeat", s2.speaker.heartbeat(battery_pct=77))
    taken = await couriers.give_back(file)
    state = await row(couriers.site, DeviceState, "s2")
    assert (taken.latest, taken.receipts, state.battery_pct) == (False, 1, 77)
    assert state.presence is Presence.ONLINE
    assert (await delivery(couriers.site, entry)).state is DeliveryState.STORED


async def test_a_device_that_lost_its_flash_is_believed_when_its_clock_shows_a_later_time(couriers: Couriers):
    s2 = pocket(couriers)
    s2.speaker.boot = 7
    await couriers.give_back(s2.file())
    s2.speaker.boot, s2.speaker.beats = 1, 0
    couriers.site.clock.forward(days=1)
    unset = s2.file(clock=ClockReport(ClockState.UNSET, 0, 0))
    assert not (await couriers.give_back(unset)).latest
    assert (await couriers.give_back(s2.file())).latest
    state = await row(couriers.site, DeviceState, "s2")
    assert (state.boot, state.receipt_series) == (1, 1)


async def test_a_clock_far_in_the_future_overwrites_nothing(couriers: Couriers):
    s2 = pocket(couriers)
    s2.speaker.boot = 7
    await couriers.give_back(s2.file())
    s2.speaker.boot, s2.speaker.beats = 1, 0
    ahead = ClockReport(ClockState.SYNCED, to_ms(couriers.site.clock() + timedelta(days=400)), 0)
    assert not (await couriers.give_back(s2.file(clock=ahead))).latest


async def test_a_receipt_that_does_not_hold_is_left_out_and_the_others_are_taken(couriers: Couriers):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    good = s2.speaker.receipt(ReceiptState.STORED, entry.occurrence_id, order=entry.id)
    forged = bytearray(s2.speaker.receipt(ReceiptState.PLAYED, entry.occurrence_id, order=entry.id))
    forged[-1] ^= 1
    taken = await couriers.give_back(s2.file([bytes(forged), good]))
    assert (taken.receipts, taken.refused) == (1, 1)
    assert await count(couriers.site, ReceiptEntry) == 1


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file[:-1], "truncated"),
        (lambda file: file[: len(file) // 2], "truncated"),
        (lambda file: file + b"\0", "trailing"),
        (lambda file: b"%PDF-1.7" + file, "not_a_bundle"),
        (lambda file: file[:1_700] + bytes([file[1_700] ^ 1]) + file[1_701:], "altered"),
        (lambda file: file[:700] + bytes([file[700] ^ 1]) + file[701:], "altered"),
    ],
    ids=["cut", "half", "longer", "foreign", "receipt", "signed"],
)
async def test_a_spoilt_file_is_refused_whole(couriers: Couriers, spoil: Callable[[bytes], bytes], reason: str):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    said = [s2.speaker.receipt(ReceiptState.STORED, entry.occurrence_id, order=entry.id)]
    with pytest.raises(BadBundle, match=reason):
        await couriers.give_back(spoil(s2.file(said)))
    assert await count(couriers.site, ReceiptEntry) == 0
    assert await count(couriers.site, CourierReturn) == 0


async def test_a_device_that_is_not_enrolled_or_shut_out_gives_nothing_back(couriers: Couriers):
    s2, s3 = pocket(couriers), pocket(couriers, "s3")
    async with couriers.site.database.writing() as session:
        await revoke(session, "s2", clock=couriers.site.clock)
    with pytest.raises(Refused, match="return_unknown"):
        await couriers.give_back(s2.file())
    s3.speaker.enrolled.device.id = "s9"
    with pytest.raises(Refused, match="return_unknown"):
        await couriers.give_back(s3.file())


async def test_a_device_cannot_speak_for_another(couriers: Couriers):
    s2 = pocket(couriers)
    with pytest.raises(BadBundle, match="unknown_signer"):
        await couriers.give_back(s2.file(device="s3"))


async def test_a_bundle_goes_from_prepared_to_played_by_what_is_proved(couriers: Couriers):
    s2, s3 = pocket(couriers), pocket(couriers, "s3")
    entry = await couriers.announce("Họp thôn", audience=Audience(places=("v2",)))

    async def state() -> tuple[BundleState, int, int]:
        async with couriers.site.database.reading() as session:
            seen = await couriers.service.bundle(session, bundle.id)
        return seen.state, seen.handed, seen.proved

    bundle = await couriers.prepare("s2", "s3")
    assert await state() == (BundleState.PREPARED, 0, 0)
    async with couriers.site.database.writing() as session:
        await couriers.service.carried(session, bundle.id, " Chị Mai ", None)
        await couriers.service.carried(session, bundle.id, "Chị Mai", None)
        assert await couriers.service.handed(session, bundle.id, "s2", "taken")
        assert not await couriers.service.handed(session, bundle.id, "s2", "taken")
        assert not await couriers.service.handed(session, bundle.id, "s1", "taken")
    assert await state() == (BundleState.CARRIED, 1, 0)
    for each in (s2, s3):
        found, _ = couriers.read(bundle, each.speaker.id)
        each.took(bundle, found, [entry])
        await couriers.give_back(each.file())
    assert await state() == (BundleState.HANDED_OVER, 2, 2)
    for each in (s2, s3):
        said = each.speaker.receipt(ReceiptState.PLAYED, entry.occurrence_id, order=entry.id)
        await couriers.give_back(each.file([said]))
    # The gateway s1 has not transmitted it to w1, but this bundle was not for s1.
    assert await state() == (BundleState.PLAYED, 2, 2)
    assert (await delivery(couriers.site, entry)).state is DeliveryState.PLAYED


async def test_files_past_their_time_go_and_then_the_oldest_beyond_the_cap(
    couriers: Couriers, site: SmallSite, tmp_path: Path
):
    await couriers.announce("Họp thôn")
    old = await couriers.prepare("s2")
    couriers.site.clock.forward(days=31)
    await couriers.announce("Tiêm phòng")
    first, second = await couriers.prepare("s2"), await couriers.prepare("s2")
    small = Couriers.of(site, tmp_path, cap_bytes=second.size)
    async with site.database.writing() as session:
        gone = await small.service.forget_files(session, site.clock())
    await small.service.remove_files(gone)
    assert set(gone) == {old.id, first.id}
    assert [path.stem for path in (tmp_path / "couriers").iterdir()] == [second.id]
    async with site.database.reading() as session:
        seen = await small.service.bundle(session, first.id)
        (tmp_path / "couriers" / "leftover.part").write_bytes(b"x")
        await small.service.sweep_files(session)
    with pytest.raises(NotFound, match="bundle_gone"):
        small.service.file(seen.bundle)
    assert [path.stem for path in (tmp_path / "couriers").iterdir()] == [second.id]


async def test_what_the_phone_said_gives_way_to_the_devices_own_word(couriers: Couriers):
    s2 = pocket(couriers)
    entry = await couriers.announce("Họp thôn")
    bundle = await carried_to(couriers, s2, entry)
    async with couriers.site.database.writing() as session:
        await couriers.service.handed(session, bundle.id, "s2", "taken")
    taken = await couriers.give_back(s2.file())
    assert taken.handed == (bundle.id,)
    async with couriers.site.database.reading() as session:
        found = (await session.scalars(select(BundleDevice))).one()
    assert (found.proof, found.handed_at) == ("return", taken.clock_at)


async def test_a_village_that_slept_through_a_change_of_keys_is_told_under_the_key_it_knows(couriers: Couriers):
    site = couriers.site
    await couriers.announce("Họp thôn")
    async with site.database.writing() as session:
        await rotation.announce(session, site.keys, site.clock, "bao-nhai")
        await rotation.use(session, site.keys, site.clock, "bao-nhai", force=True)
    # The device file of s2 knows the first key alone, and so does `site.publics`.
    found, _ = couriers.read(await couriers.prepare("s2"), "s2")
    assert any(each.type == "keys" for each in await site_orders(couriers, found.orders))


async def site_orders(couriers: Couriers, envelopes: tuple[bytes, ...]) -> list[OrderEntry]:
    async with couriers.site.database.reading() as session:
        found = await session.scalars(select(OrderEntry).where(col(OrderEntry.envelope).in_(envelopes)))
        return list(found)
