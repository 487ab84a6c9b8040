from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from base.errors import NotFound, Refused
from base.times import to_ms
from devices.delivery import Proof, has_order
from devices.models import Cluster, ClusterKind, DeliveryState, Place, PlaceKind, Presence
from devices.orderlog import read_order
from devices.repository import deliveries as delivery_rows
from devices.service import DeviceService
from devices.wire.audience import Audience
from devices.wire.orders import PlayClass
from tests.support.speakers import SmallSite, bulletin


@pytest.fixture
def service(site: SmallSite) -> DeviceService:
    return DeviceService(site.keys, site.clock)


async def ids(service: DeviceService, site: SmallSite, audience: Audience) -> list[str]:
    async with site.database.reading() as session:
        return [cluster.id for cluster in await service.resolve(session, "bao-nhai", audience)]


async def zone(
    service: DeviceService, site: SmallSite, zone_id: str = "market", clusters: Sequence[str] = ("s1", "w1")
):
    async with site.database.writing() as session:
        return await service.save_zone(
            session, zone_id=zone_id, commune_id="bao-nhai", name="Khu chợ", cluster_ids=clusters
        )


async def play(service: DeviceService, site: SmallSite, audience: Audience | None = None, **said: Any):
    async with site.database.writing() as session:
        return await service.order_play(
            session, "bao-nhai", bulletin(**said), audience or Audience(), site.clock() + timedelta(hours=1)
        )


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience(), ["s1", "s2", "s3", "w1"]),
        (Audience(but=("s2",)), ["s1", "s3", "w1"]),
        (Audience(places=("v2",)), ["s2", "s3", "w1"]),
        (Audience(places=("v1",), clusters=("w1",)), ["s1", "w1"]),
        (Audience(places=("lao-cai",), but=("w1",)), ["s1", "s2", "s3"]),
        (Audience(zones=("market",), places=("v1",)), ["s1", "w1"]),
        (Audience(places=("elsewhere",)), []),
    ],
)
async def test_an_audience_means_these_clusters(
    service: DeviceService, site: SmallSite, audience: Audience, expected: list[str]
) -> None:
    await zone(service, site)
    assert await ids(service, site, audience) == expected


async def test_a_retired_cluster_is_meant_by_nothing(service: DeviceService, site: SmallSite) -> None:
    async with site.database.writing() as session:
        view = await service.cluster(session, "s2")
        view.cluster.retired_at = site.clock()
    assert "s2" not in await ids(service, site, Audience())


async def test_a_play_opens_a_delivery_for_every_cluster_it_is_for(service: DeviceService, site: SmallSite) -> None:
    entry = await play(service, site, Audience(places=("v2",)), play_class=PlayClass.PRIORITY)
    async with site.database.reading() as session:
        views = await service.deliveries(session, entry.occurrence_id)
        counts = (await service.delivery_counts(session, [entry.occurrence_id]))[entry.occurrence_id]
        assert [(v.delivery.cluster_id, v.village_name, v.kind) for v in views] == [
            ("s2", "Tả Thào", ClusterKind.SMART),
            ("s3", "Tả Thào", ClusterKind.SMART),
            ("w1", "Tả Thào", ClusterKind.WIRELESS),
        ]
        assert [v.delivery.device_id for v in views] == ["s2", "s3", "s1"]
        assert (counts.smart, counts.wireless, counts.total) == (
            {DeliveryState.ORDERED: 2},
            {DeliveryState.ORDERED: 1},
            3,
        )
        page = await service.deliveries(session, entry.occurrence_id, after="s2", limit=1)
        assert [v.delivery.cluster_id for v in page] == ["s3"]
        assert await service.deliveries(session, entry.occurrence_id, state=DeliveryState.PLAYED) == []
    assert entry.urgency == PlayClass.PRIORITY


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience(), {"s1", "s3", "w1"}),
        (Audience(but=("s1", "elsewhere")), {"s3", "w1"}),
        (Audience(places=("v2",)), {"s3", "w1"}),
        (Audience(places=("lao-cai",), but=("w1",)), {"s1", "s3"}),
        (Audience(zones=("market",)), {"s1", "w1"}),
        (Audience(zones=("market",), clusters=("s3",), but=("w1",)), {"s1", "s3"}),
        (Audience(clusters=("s2",)), set()),
        (Audience(clusters=("s9",)), set()),
    ],
)
async def test_deliveries_are_opened_for_the_clusters_meant_and_no_others(
    service: DeviceService, site: SmallSite, audience: Audience, expected: set[str], told: bool
) -> None:
    """s2 is retired, and s9 is another commune's; it changes nothing whether the caller says whom it means."""
    await zone(service, site)
    async with site.database.writing() as session:
        session.add(Place(id="bac-ha", kind=PlaceKind.COMMUNE, parent_id="lao-cai", name="Bắc Hà"))
        await session.flush()
        session.add(Cluster(id="s9", name="s9", kind=ClusterKind.SMART, commune_id="bac-ha", village_id="bac-ha"))
        (await service.cluster(session, "s2")).cluster.retired_at = site.clock()
    meant = await ids(service, site, audience) if told else None
    async with site.database.writing() as session:
        entry = await service.order_play(
            session, "bao-nhai", bulletin(), audience, site.clock() + timedelta(hours=1), meant=meant
        )
    async with site.database.reading() as session:
        views = await service.deliveries(session, entry.occurrence_id)
    assert {view.delivery.cluster_id for view in views} == expected
    for view in views:
        row = view.delivery
        assert (row.occurrence_id, row.order_id, row.commune_id) == (entry.occurrence_id, entry.id, "bao-nhai")
        assert (row.state, row.ordered_at, row.has_order_at) == (DeliveryState.ORDERED, site.clock(), None)
        assert (row.sounded_ms, row.step_n, row.reason) == (0, 0, "")
        assert row.device_id == ("s1" if row.cluster_id == "w1" else row.cluster_id)


async def test_counts_name_occurrences_nobody_was_ordered_for(service: DeviceService, site: SmallSite) -> None:
    async with site.database.reading() as session:
        assert (await service.delivery_counts(session, ["x"]))["x"].total == 0
        assert await service.delivery_counts(session, []) == {}


async def test_a_zone_is_written_out_so_that_devices_need_not_know_it(service: DeviceService, site: SmallSite) -> None:
    await zone(service, site)
    entry = await play(service, site, Audience(zones=("market",)))
    async with site.database.reading() as session:
        audience = (await read_order(session, entry)).audience
    assert audience == Audience(clusters=("s1", "w1"))


async def test_an_empty_zone_never_becomes_everyone(service: DeviceService, site: SmallSite) -> None:
    await zone(service, site, clusters=())
    with pytest.raises(Refused, match=r"devices\.audience_empty"):
        await play(service, site, Audience(zones=("market",)))


async def test_zones_are_kept_changed_and_guarded(service: DeviceService, site: SmallSite) -> None:
    await zone(service, site)
    await zone(service, site, clusters=("s2",))
    async with site.database.reading() as session:
        (view,) = await service.list_zones(session, "bao-nhai")
    assert (view.zone.name, view.cluster_ids) == ("Khu chợ", ("s2",))
    await zone(service, site, zone_id="empty", clusters=())
    await zone(service, site, clusters=("w1", "s2"))
    async with site.database.reading() as session:
        listed = await service.list_zones(session, "bao-nhai")
    assert {view.zone.id: view.cluster_ids for view in listed} == {"market": ("s2", "w1"), "empty": ()}
    with pytest.raises(Refused, match=r"devices\.cluster_foreign"):
        await zone(service, site, clusters=("nobodys",))
    with pytest.raises(Refused, match=r"devices\.name_bad"):
        await zone(service, site, zone_id="Khu chợ")


async def test_clusters_come_with_device_state_village_and_gateway(service: DeviceService, site: SmallSite) -> None:
    async with site.database.reading() as session:
        views = {view.cluster.id: view for view in await service.clusters(session, "bao-nhai")}
    assert list(views) == ["s1", "s2", "s3", "w1"]
    wireless, smart = views["w1"], views["s2"]
    assert (wireless.inferred, wireless.gateway_name, wireless.device.id) == (True, "Nà Lượt", "s1")
    assert (smart.inferred, smart.gateway_name, smart.village_name) == (False, None, "Tả Thào")
    assert (smart.presence, smart.state) == (Presence.NEVER, None)


async def test_clusters_are_found_by_kind_text_presence_and_page(service: DeviceService, site: SmallSite) -> None:
    async def found(**asked: Any):
        async with site.database.reading() as session:
            return [view.cluster.id for view in await service.clusters(session, "bao-nhai", **asked)]

    assert await found(kind=ClusterKind.WIRELESS) == ["w1"]
    assert await found(search="Thào") == ["s2", "s3", "w1"]
    assert await found(search="W1") == ["w1"]
    assert await found(search="%") == []
    assert await found(presence=Presence.NEVER, limit=2) == ["s1", "s2"]
    assert await found(presence=Presence.ONLINE) == []
    assert await found(after="s2") == ["s3", "w1"]


async def test_an_unknown_cluster_or_device_is_not_found(service: DeviceService, site: SmallSite) -> None:
    async with site.database.reading() as session:
        with pytest.raises(NotFound, match=r"devices\.cluster_unknown"):
            await service.cluster(session, "nobody")
        with pytest.raises(NotFound, match=r"devices\.device_unknown"):
            await service.set_planned_quiet(session, "nobody", None)


async def test_the_fleet_is_counted_by_kind_and_presence(service: DeviceService, site: SmallSite) -> None:
    async with site.database.reading() as session:
        summary = await service.fleet_summary(session, "bao-nhai")
    assert (summary.smart_total, summary.smart_never, summary.wireless_total) == (3, 3, 1)
    assert summary.wireless_reachable == 0


async def test_start_skew_is_measured_from_the_planned_start_or_the_order(
    service: DeviceService, site: SmallSite
) -> None:
    planned = await play(service, site, start_ms=to_ms(site.clock()) + 8000)
    now = await play(service, site)
    async with site.database.writing() as session:
        for entry in (planned, now):
            standings = await delivery_rows.standings(session, [entry.occurrence_id], ["s1", "s2"])
            begun = site.clock() + timedelta(milliseconds=8040)
            proof = has_order(Proof(started_at=begun), site.clock())
            await delivery_rows.save_proofs(session, [s._replace(proof=proof) for s in standings.values()])
    async with site.database.reading() as session:
        assert await service.start_skew(session, planned.occurrence_id) == [40, 40]
        assert await service.start_skew(session, now.occurrence_id) == [8040, 8040]
        assert await service.start_skew(session, "unknown") == []
