import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import devices.couriers.models  # noqa: F401 - its tables are made from the models
from base.errors import NotFound, Refused
from devices.contacts import Carrier, Forecast, Reach, Remedy
from devices.couriers import outlook, plans
from devices.couriers.models import CourierRoute
from devices.couriers.outlook import Broadcast, Outlook
from devices.models import DeviceState, Presence
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.reports import ReceiptState
from tests.support.courier import Couriers
from tests.support.speakers import NOON, SmallSite
from tests.support.uplinks import Uplink, row

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
# It is noon in Hà Nội, a Saturday.
EVENING = (18 * 60, 18 * 60 + 15)


@pytest.fixture
def couriers(site: SmallSite, tmp_path: Path) -> Couriers:
    return Couriers.of(site, tmp_path)


async def plan(site: SmallSite, device_id: str, reach: Reach, **more: object) -> None:
    async with site.database.writing() as session:
        await plans.set_contact(session, device_id, reach=reach, **more)  # type: ignore[arg-type]


async def route(site: SmallSite, *visits: tuple[int, int]) -> CourierRoute:
    async with site.database.writing() as session:
        return await plans.save_route(
            session,
            route_id="ta-thao",
            commune_id="bao-nhai",
            name="Tả Thào",
            visits=visits,
            travel_min=120,
            ahead_min=600,
        )


async def foretold(site: SmallSite, occurrence_id: str | None, *devices: str) -> dict[str, Forecast]:
    async with site.database.reading() as session:
        return await Outlook().of_occurrence(session, str(occurrence_id), devices, HANOI, site.clock())


async def test_each_device_of_a_broadcast_is_foretold_by_what_carries_to_it(couriers: Couriers, uplink: Uplink):
    site = couriers.site
    await route(site, (6, 7 * 60))
    await plan(site, "s2", Reach.WINDOW, spans=[EVENING], rate_kbit=16)
    await plan(site, "s3", Reach.COURIER, route_id="ta-thao")
    speaker = site.speakers["s1"]
    await uplink.say(speaker, "heartbeat", speaker.heartbeat(link="4g"))
    entry = await couriers.announce("Họp thôn", start=site.clock() + timedelta(days=1))
    found = await foretold(site, entry.occurrence_id, "s1", "s2", "s3")
    assert {each: it.carrier for each, it in found.items()} == {
        "s1": Carrier.LINK,
        "s2": Carrier.WINDOW,
        "s3": Carrier.COURIER,
    }
    assert found["s1"].expected_at < site.clock() + timedelta(seconds=1)
    assert timedelta(0) < found["s2"].expected_at - (site.clock() + timedelta(hours=6)) < timedelta(seconds=5)
    # Sunday at seven, and two hours on the way.
    assert found["s3"].expected_at == site.clock() + timedelta(hours=21)
    assert all(it.in_time for it in found.values())


async def test_who_has_it_is_left_out_and_whom_it_will_not_reach_in_time_is_told_what_to_do(
    couriers: Couriers, uplink: Uplink
):
    site = couriers.site
    await plan(site, "s2", Reach.WINDOW, spans=[EVENING])
    soon = await couriers.announce("Họp thôn", start=site.clock() + timedelta(hours=5))
    speaker = site.speakers["s3"]
    await uplink.say(speaker, "receipt", speaker.receipt(ReceiptState.STORED, soon.occurrence_id, order=soon.id))
    found = await foretold(site, soon.occurrence_id, "s1", "s2", "s3")
    assert set(found) == {"s1", "s2"}
    assert (found["s1"].expected_at, found["s1"].in_time) == (None, None)  # never heard of
    assert found["s2"].in_time is False
    assert [each.remedy for each in found["s2"].proposals] == [Remedy.COURIER, Remedy.LATER]


async def test_a_devices_own_wake_plan_goes_before_what_people_wrote(couriers: Couriers, uplink: Uplink):
    site = couriers.site
    await plan(site, "s2", Reach.WINDOW, spans=[EVENING])
    speaker = site.speakers["s2"]
    await uplink.say(speaker, "heartbeat", speaker.heartbeat(wake=((420, 435),)))
    entry = await couriers.announce("Họp thôn", start=site.clock() + timedelta(days=1))
    found = await foretold(site, entry.occurrence_id, "s2")
    assert timedelta(0) < found["s2"].expected_at - (site.clock() + timedelta(hours=2)) < timedelta(seconds=5)


async def test_a_broadcast_not_yet_ordered_is_foretold_for_those_who_are_not_always_online(couriers: Couriers):
    site = couriers.site
    await plan(site, "s3", Reach.COURIER)
    broadcast = Broadcast(100_000, 50_000, site.clock() + timedelta(hours=1), 1)
    async with site.database.reading() as session:
        found = await Outlook().of_broadcast(session, broadcast, ["s1", "s2", "s3"], HANOI, site.clock())
    assert {each: (it.carrier, it.expected_at) for each, it in found.items()} == {"s3": (Carrier.COURIER, None)}


async def test_two_who_ask_at_once_do_not_forget_what_the_other_needs(
    couriers: Couriers, uplink: Uplink, monkeypatch: pytest.MonkeyPatch
):
    site, shared = couriers.site, Outlook()
    monkeypatch.setattr(outlook, "MAX_KNOWN", 1)
    village, other = Audience(places=("v1",)), Audience(places=("v2",))
    first = await couriers.announce("Họp thôn", audience=village)

    async def ask(device_id: str) -> dict[str, Forecast]:
        async with site.database.reading() as session:
            occurrence_id = str(first.occurrence_id)
            return await shared.of_occurrence(session, occurrence_id, [device_id], HANOI, site.clock())

    for _ in range(5):
        await ask("s1")
        await couriers.announce("Tiêm phòng", audience=other)
        await couriers.announce("Phát quà", audience=village)
        answers = await asyncio.gather(ask("s2"), ask("s1"))
        assert [set(answer) for answer in answers] == [set(), {"s1"}]


async def test_a_visit_is_due_once_when_it_comes_near(couriers: Couriers):
    site = couriers.site
    made = await route(site, (6, 7 * 60))
    leaves_at = site.clock() + timedelta(hours=19)
    assert plans.due_visit(made, HANOI, leaves_at - timedelta(hours=11)) is None
    due = plans.due_visit(made, HANOI, leaves_at - timedelta(hours=9))
    assert due is not None
    assert due.visit.leaves_at == leaves_at
    made.prepared_for = leaves_at
    assert plans.due_visit(made, HANOI, leaves_at - timedelta(hours=9)) is None
    assert plans.due_visit(made, HANOI, leaves_at + timedelta(days=6)) is None


async def test_silence_outside_contact_hours_is_planned_and_ends_with_the_plan(couriers: Couriers, uplink: Uplink):
    site = couriers.site
    devices = DeviceService(site.keys, site.clock)
    for device_id in ("s1", "s2", "s3"):
        speaker = site.speakers[device_id]
        await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    await plan(site, "s2", Reach.WINDOW, spans=[EVENING])
    await plan(site, "s3", Reach.COURIER)
    site.clock.forward(minutes=30)
    async with site.database.writing() as session:
        await plans.plan_silences(session, lambda _: HANOI, site.clock())
        await devices.sweep_presence(session, site.clock())
    presence = {name: (await row(site, DeviceState, name)).presence for name in ("s1", "s2", "s3")}
    assert presence == {"s1": Presence.LOST, "s2": Presence.QUIET, "s3": Presence.QUIET}
    await plan(site, "s3", Reach.ONLINE)
    async with site.database.writing() as session:
        await devices.sweep_presence(session, site.clock())
    assert (await row(site, DeviceState, "s3")).presence is Presence.LOST


async def test_who_was_not_heard_in_its_contact_hours_stays_lost_until_it_is_heard(couriers: Couriers, uplink: Uplink):
    site, s2 = couriers.site, couriers.site.speakers["s2"]
    seen: list[Presence] = []

    def steady_s() -> float:
        return (site.clock() - NOON).total_seconds()

    devices = DeviceService(site.keys, site.clock, steady_s)

    async def pass_by(hours: int) -> None:
        for _ in range(hours * 6):
            site.clock.forward(minutes=10)
            async with site.database.writing() as session:
                await plans.plan_silences(session, lambda _: HANOI, site.clock())
                told = await devices.sweep_presence(session, site.clock())
            seen.extend(Presence(each.state) for each in told if each.state != Presence.LATE)

    await uplink.say(s2, "heartbeat", s2.heartbeat())
    await plan(site, "s2", Reach.WINDOW, spans=[EVENING])
    await pass_by(5)
    assert seen == [Presence.QUIET], "its hours come in the evening"
    await pass_by(36)
    assert seen == [Presence.QUIET, Presence.LOST]
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    await pass_by(1)
    assert seen == [Presence.QUIET, Presence.LOST, Presence.QUIET]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"reach": Reach.WINDOW}, Refused),
        ({"reach": Reach.WINDOW, "spans": [(600, 500)]}, Refused),
        ({"reach": Reach.ONLINE, "rate_kbit": 0}, Refused),
        ({"reach": Reach.COURIER, "route_id": "nowhere"}, NotFound),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused(site: SmallSite, fields: dict[str, object], error: type[Refused]):
    with pytest.raises(error):
        await plan(site, "s2", **fields)  # type: ignore[arg-type]
    async with site.database.reading() as session:
        assert (await plans.contact(session, "s2")).reach is Reach.ONLINE


async def test_a_route_needs_a_name_and_visits_that_exist(site: SmallSite):
    with pytest.raises(Refused, match="route_wrong"):
        await route(site, (7, 0))
