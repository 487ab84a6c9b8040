"""Keys that follow one another and devices that are set singly, as programs ask for it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update

from devices.models import AuthorityKey, OrderEntry
from devices.orderlog import read_order
from devices.wire.config import Config
from server.auth.models import EVERYWHERE, Role
from tests.integration.server.conftest import Station
from tests.support.commands import SITE, done

COMMUNE, DEVICE = "bao-nhai", "bn-s01"
KEYS = f"/api/v1/authorities/{COMMUNE}/keys"
CONFIG = f"/api/v1/devices/{DEVICE}/config"


def states(answer: Any) -> list[tuple[str, str]]:
    return [(key["kid"], key["state"]) for key in answer.json()["items"]]


async def last_config(station: Station, log: str) -> Config:
    async with station.runtime.database.reading() as session:
        found = select(OrderEntry).where(OrderEntry.log == log, OrderEntry.type == "config").order_by(OrderEntry.seq)
        body = (await read_order(session, (await session.scalars(found)).all()[-1])).body
    assert isinstance(body, Config)
    return body


async def test_an_administrator_leads_a_key_through_its_life(station: Station) -> None:
    admin = await station.person((Role.ADMINISTRATOR, EVERYWHERE))
    assert states(await admin.get(KEYS)) == [("bao-nhai#1", "signing")]
    announced = await admin.post(KEYS)
    assert announced.status_code == 201
    assert states(announced) == [("bao-nhai#1", "signing"), ("bao-nhai#2", "announced")]
    assert announced.json()["items"][1]["lacking"] == 0
    assert (await admin.post(KEYS)).status_code == 409
    used = await admin.post(f"{KEYS}/use", json={})
    assert states(used) == [("bao-nhai#1", "trusted"), ("bao-nhai#2", "signing")]
    retired = await admin.post(f"{KEYS}/retire")
    assert states(retired)[0] == ("bao-nhai#1", "retired")
    assert (await admin.post(f"{KEYS}/retire")).json()["code"] == "devices.key_none_old"
    activity = (await admin.get("/api/v1/activity")).json()["items"]
    assert {"announce_key", "use_key", "retire_key"} <= {entry["action"] for entry in activity}


async def test_nobody_else_may_touch_keys(station: Station) -> None:
    for role in (Role.TECHNICIAN, Role.OPERATOR, Role.EMERGENCY):
        other = await station.person((role, COMMUNE))
        for answer in (await other.get(KEYS), await other.post(KEYS), await other.post(f"{KEYS}/retire")):
            assert answer.status_code == 403
    elsewhere = await station.person((Role.ADMINISTRATOR, "na-hoi"))
    assert (await elsewhere.post(KEYS)).status_code == 403


async def test_a_key_near_its_end_is_named_by_the_health_of_the_server(station: Station) -> None:
    client = await station.client()
    assert (await client.get("/healthz")).json()["warnings"] == []
    soon = station.runtime.clock() + timedelta(days=59)
    async with station.runtime.database.writing() as session:
        await session.execute(update(AuthorityKey).where(AuthorityKey.authority_id == COMMUNE).values(expires_at=soon))
    (warning,) = (await client.get("/healthz")).json()["warnings"]
    assert "bao-nhai#1" in warning
    assert f"{soon:%Y-%m-%d}" in warning


@pytest.fixture
async def technician(station: Station) -> AsyncClient:
    return await station.person((Role.TECHNICIAN, COMMUNE))


async def test_a_device_is_set_and_told_in_its_own_log(station: Station, technician: AsyncClient) -> None:
    wanted = {
        "volume_max": 60,
        "heartbeat_s": 60,
        "online": [["05:30", "05:45"], ["23:30", "00:30"]],
        "low_pct": 40,
        "critical_pct": 20,
    }
    answer = await technician.put(CONFIG, json=wanted)
    assert answer.status_code == 200
    assert (await technician.get(CONFIG)).json()["volume_max"] == 60
    assert answer.json()["online"] == [["00:00", "00:30"], ["05:30", "05:45"], ["23:30", "24:00"]]
    told = await last_config(station, f"d/{DEVICE}")
    assert (told.volume_max, told.heartbeat_s, told.saver_pct) == (60, 60, (40, 20))
    assert told.online == ((0, 30), (330, 345), (1410, 1440))
    url = station.runtime.settings.public_url
    assert (told.content, told.exchange) == ((f"{url}/content",), (f"{url}/exchange",))
    general = await last_config(station, COMMUNE)
    assert (general.hours, general.content, general.volume_max) == (told.hours, told.content, 100)


async def test_wrong_settings_and_strangers_change_nothing(station: Station, technician: AsyncClient) -> None:
    for wrong in (
        {"volume_max": 101},
        {"heartbeat_s": 4},
        {"low_pct": 10, "critical_pct": 20},
        {"online": [["5:30", "05:45"]]},
        {"louder": True},
    ):
        assert (await technician.put(CONFIG, json=wrong)).status_code == 422
    assert (await technician.put("/api/v1/devices/nobody/config", json={})).status_code == 404
    operator = await station.person((Role.OPERATOR, COMMUNE))
    assert (await operator.put(CONFIG, json={})).status_code == 403
    assert (await technician.get(CONFIG)).json()["volume_max"] is None


def test_the_command_line_leads_a_key_through_its_life(tmp_path: Path) -> None:
    done(tmp_path, "device", "import", str(SITE))
    assert "bao-nhai#2\tannounced" in done(tmp_path, "keys", "announce", COMMUNE)
    used = json.loads(done(tmp_path, "keys", "use", COMMUNE, "--json"))
    assert [(key["kid"], key["state"]) for key in used] == [("bao-nhai#1", "trusted"), ("bao-nhai#2", "signing")]
    lines = done(tmp_path, "keys", "retire", COMMUNE).splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["bao-nhai#1", "retired"], ["bao-nhai#2", "signing"]]
