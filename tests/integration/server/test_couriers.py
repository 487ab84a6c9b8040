"""What the server does for couriers: who may, what is noted, what comes by itself."""

import errno
import io
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from base.times import to_ms, utc_now
from devices.contacts import Reach
from devices.couriers import plans
from devices.couriers.gathering import Gathered
from devices.couriers.models import CourierBundle, CourierRoute
from devices.couriers.service import Written
from devices.enrolment import enrol
from devices.models import AuthorityKey, Place, PlaceKind
from devices.wire.audience import Audience
from devices.wire.bundle import read_manifest
from devices.wire.config import Config, Hours
from devices.wire.envelope import CheckingKey, SigningKey
from devices.wire.reports import ClockReport, ClockState, Heartbeat
from devices.wire.returns import write_return
from server import courier_rounds
from server.auth.models import Role
from tests.integration.server.conftest import Station, running_station

COMMUNE, VILLAGE, DEVICE = "bao-nhai", "bn-v05", "bn-s05"


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[Station]:
    async with running_station(tmp_path) as made:
        async with made.runtime.database.writing() as session:
            await plans.set_contact(session, DEVICE, reach=Reach.COURIER)
            await made.runtime.devices.order(
                session, COMMUNE, Config(Hours((), 420)), Audience(), utc_now() + timedelta(days=3), kind="config"
            )
        yield made


@pytest.fixture
async def team(station: Station) -> AsyncClient:
    """A village digital team that may carry to one village and no other."""
    return await station.person((Role.COURIER, VILLAGE))


async def returned(station: Station, *bundles: str) -> bytes:
    """The device's return file, with an identity made for the test."""
    async with station.runtime.database.writing() as session:
        enrolled = await enrol(
            session,
            keys=station.runtime.keys,
            clock=station.runtime.clock,
            device_id=DEVICE,
            commune_id=COMMUNE,
            cluster_ids=[DEVICE],
        )
    clock = ClockReport(ClockState.SYNCED, to_ms(utc_now()), 50)
    out, key = io.BytesIO(), SigningKey.from_seed(DEVICE, enrolled.seed)
    write_return(out, heartbeat=Heartbeat(DEVICE, 1, 1, clock, {}), held=(), bundles=bundles, receipts=(), key=key)
    return out.getvalue()


async def prepared(who: AsyncClient) -> dict[str, object]:
    answer = await who.post("/api/v1/courier-bundles", json={"place_id": COMMUNE, "villages": [VILLAGE]})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def give_up(who: AsyncClient, *files: tuple[str, bytes]) -> list[dict[str, object]]:
    answer = await who.post("/api/v1/courier-returns", files=[("files", each) for each in files])
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_team_prepares_fetches_and_hands_over_what_is_for_its_village(station: Station, team: AsyncClient):
    made = await prepared(team)
    assert (made["state"], made["orders"], made["label"]) == ("prepared", 1, "Nà Chuông")
    file = await team.get(f"/api/v1/courier-bundles/{made['id']}/file")
    assert file.headers["content-disposition"] == f'attachment; filename="{made["file_name"]}"'
    assert len(file.content) == made["size"]
    async with station.runtime.database.reading() as session:
        key = await session.get_one(AuthorityKey, (COMMUNE, 1))
    trusted = CheckingKey.from_public(f"{COMMUNE}#1", key.public)
    assert read_manifest(io.BytesIO(file.content), lambda _: trusted).devices == (DEVICE,)
    carried = await team.post(f"/api/v1/courier-bundles/{made['id']}/carriers", json={"carrier": "Chị Mai"})
    assert (carried.json()["state"], carried.json()["carriages"][0]["carrier"]) == ("carried", "Chị Mai")
    told = {"device_id": DEVICE, "outcome": "full"}
    refused = await team.post(f"/api/v1/courier-bundles/{made['id']}/hand-overs", json=told)
    assert refused.json()["state"] == "carried"
    handed = await team.post(f"/api/v1/courier-bundles/{made['id']}/hand-overs", json=told | {"outcome": "taken"})
    assert handed.json()["state"] == "handed_over"
    listed = (await team.get("/api/v1/courier-bundles", params={"place_id": COMMUNE})).json()["items"]
    assert [each["id"] for each in listed] == [made["id"]]


async def test_nobody_carries_where_they_may_not(station: Station, team: AsyncClient):
    made = await prepared(await station.person((Role.OPERATOR, COMMUNE)))
    elsewhere = await station.person((Role.COURIER, "bn-v07"))
    approver = await station.person((Role.APPROVER, COMMUNE))
    for who in (elsewhere, approver):
        assert (await who.get(f"/api/v1/courier-bundles/{made['id']}/file")).status_code == 403
        carriers = f"/api/v1/courier-bundles/{made['id']}/carriers"
        assert (await who.post(carriers, json={"carrier": "x"})).status_code == 403
    body = {"place_id": COMMUNE, "villages": [VILLAGE, "bn-v07"]}
    assert (await team.post("/api/v1/courier-bundles", json=body)).status_code == 403
    assert (await elsewhere.get("/api/v1/courier-bundles", params={"place_id": COMMUNE})).json()["items"] == []
    assert (await elsewhere.get("/api/v1/courier-waiting", params={"place_id": COMMUNE})).json()["items"] == []
    [refused] = await give_up(elsewhere, ("r.loa", await returned(station)))
    assert (refused["accepted"], refused["code"]) == (False, "server.not_allowed")


async def test_of_several_files_the_good_are_taken_and_the_bad_refused_each_with_its_reason(
    station: Station, team: AsyncClient
):
    made = await prepared(team)
    good = await returned(station, str(made["id"]))
    taken, again, cut, foreign = await give_up(
        team, ("a.loa", good), ("a (1).loa", good), ("b.loa", good[:-1]), ("c.pdf", b"%PDF-1.7" * 100)
    )
    assert (taken["accepted"], taken["handed"], taken["latest"]) == (True, [made["id"]], True)
    assert (again["accepted"], again["again"], again["latest"]) == (True, True, False)
    assert (cut["accepted"], cut["code"], foreign["code"]) == (False, "bundle.truncated", "bundle.not_a_bundle")
    assert cut["detail"]
    seen = (await team.get(f"/api/v1/courier-bundles/{made['id']}")).json()
    assert (seen["state"], seen["devices"][0]["proof"]) == ("handed_over", "return")
    [waiting] = (await team.get("/api/v1/courier-waiting", params={"place_id": COMMUNE})).json()["items"]
    assert (waiting["cluster_id"], waiting["last_return_at"]) == (DEVICE, taken["clock_at"])


async def test_no_more_than_twenty_files_at_once(team: AsyncClient):
    answer = await team.post("/api/v1/courier-returns", files=[("files", ("x.loa", b"x"))] * 21)
    assert (answer.status_code, answer.json()["code"]) == (422, "server.too_many_files")


async def test_a_route_is_planned_and_its_bundle_comes_by_itself_before_the_visit(station: Station):
    technician = await station.person((Role.TECHNICIAN, COMMUNE))
    zone = courier_rounds.zone_of(await tree(station), COMMUNE)
    leaves = station.runtime.clock().astimezone(zone) + timedelta(minutes=30)
    visit = (leaves.weekday(), leaves.hour * 60 + leaves.minute)
    body = {"place_id": COMMUNE, "name": "Nậm Đét", "visits": [visit], "ahead_min": 120}
    saved = await technician.put("/api/v1/courier-routes/nam-det", json=body)
    assert saved.status_code == 200, saved.text
    contact = {"reach": "courier", "route_id": "nam-det"}
    assert (await technician.put(f"/api/v1/devices/{DEVICE}/contact", json=contact)).status_code == 200
    assert (await technician.get(f"/api/v1/devices/{DEVICE}/contact")).json()["route_id"] == "nam-det"
    for _ in range(2):
        await courier_rounds.prepare_due(station.runtime)
    async with station.runtime.database.reading() as session:
        [bundle] = await session.scalars(select(CourierBundle))
        route = await session.get_one(CourierRoute, "nam-det")
    assert (bundle.label, bundle.prepared_by, bundle.route_id) == ("Nậm Đét", None, "nam-det")
    [shown] = (await technician.get("/api/v1/courier-routes", params={"place_id": COMMUNE})).json()["items"]
    assert shown["prepared_for"] == shown["next_visit_at"]
    assert route.prepared_for is not None


async def test_the_route_of_another_commune_is_unknown(station: Station, team: AsyncClient):
    async with station.runtime.database.writing() as session:
        session.add(Place(id="nam-luc", kind=PlaceKind.COMMUNE, name="Nậm Lúc", parent_id="lao-cai"))
        await session.flush()
        session.add(CourierRoute(id="nam-luc-1", commune_id="nam-luc", name="Tuyến của xã khác"))
    body = {"place_id": COMMUNE, "villages": [VILLAGE], "route_id": "nam-luc-1"}
    answer = await team.post("/api/v1/courier-bundles", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "devices.route_unknown")


async def test_bundles_made_one_after_the_other_never_take_more_than_their_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with running_station(tmp_path) as station:
        operator = await station.person((Role.OPERATOR, COMMUNE))
        first = await prepared(operator)
        monkeypatch.setattr(station.runtime.couriers, "_cap_bytes", int(str(first["size"])) * 2)
        made = [first, *[await prepared(operator) for _ in range(4)]]
        kept = {path.stem for path in station.runtime.settings.couriers_dir.iterdir()}
    assert kept == {str(each["id"]) for each in made[-2:]}


async def test_a_bundle_that_cannot_be_written_keeps_no_other_from_its_way(
    station: Station, monkeypatch: pytest.MonkeyPatch
):
    zone = courier_rounds.zone_of(await tree(station), COMMUNE)
    leaves = station.runtime.clock().astimezone(zone) + timedelta(minutes=30)
    visit = (leaves.weekday(), leaves.hour * 60 + leaves.minute)
    async with station.runtime.database.writing() as session:
        for route_id, device_id in (("a", DEVICE), ("b", "bn-s07")):
            await plans.save_route(
                session,
                route_id=route_id,
                commune_id=COMMUNE,
                name=route_id,
                visits=[visit],
                travel_min=60,
                ahead_min=120,
            )
            await plans.set_contact(session, device_id, reach=Reach.COURIER, route_id=route_id)
    write = station.runtime.couriers.write

    async def full(gathered: Gathered) -> Written:
        if gathered.recipients[0].device_id == DEVICE:
            raise OSError(errno.ENOSPC, "No space left on device")
        return await write(gathered)

    monkeypatch.setattr(station.runtime.couriers, "write", full)
    await courier_rounds.prepare_due(station.runtime)
    async with station.runtime.database.reading() as session:
        assert [bundle.route_id for bundle in await session.scalars(select(CourierBundle))] == ["b"]


async def tree(station: Station):
    async with station.runtime.database.reading() as session:
        return await station.runtime.places.tree(session)


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: None], ids=["lost", "kept"])
async def test_a_file_past_its_time_is_gone_and_says_so(
    station: Station, team: AsyncClient, change: Callable[[Path], None]
):
    made = await prepared(team)
    async with station.runtime.database.writing() as session:
        bundle = await session.get_one(CourierBundle, str(made["id"]))
        bundle.expires_at = station.runtime.clock()
    change(station.runtime.settings.couriers_dir / f"{made['id']}.loa")
    await courier_rounds.prune(station.runtime)
    answer = await team.get(f"/api/v1/courier-bundles/{made['id']}/file")
    assert (answer.status_code, answer.json()["code"]) == (404, "devices.bundle_gone")
    assert list(station.runtime.settings.couriers_dir.iterdir()) == []
