"""A board makes itself known to a server: codes by REST, and limits that hold."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import AsyncClient, Response

from devices.enrolment_code import fingerprint, proof_input
from devices.models import Device
from firmware_sim.enrol import fingerprint as fingerprint_at_the_board
from firmware_sim.settings import checked
from server.auth.models import Role
from tests.integration.server.conftest import Station, running_station

COMMUNE = "bao-nhai"
WRONG = "AAAAA-AAAAA"


def board(code: str, key: Ed25519PrivateKey | None = None) -> dict[str, str]:
    key = key or Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    proof = key.sign(proof_input(code.replace("-", ""), public))
    return {"code": code, "public": public.hex(), "proof": proof.hex(), "model": "test-board"}


async def made(station: Station, device: str = "bn-s02") -> dict[str, str]:
    technician = await station.person((Role.TECHNICIAN, COMMUNE))
    answer = await technician.post(f"/api/v1/devices/{device}/enrolment-code", json={})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


async def test_a_technician_makes_a_code_and_a_board_gets_its_device_file(station: Station):
    code = await made(station)
    key = Ed25519PrivateKey.generate()
    nobody = await station.client()
    answer = await nobody.post("/enrol", json=board(code["code"], key))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert "seed" not in told["device_file"]["keys"]
    told["device_file"]["keys"]["seed"] = key.private_bytes_raw().hex()
    file = checked(told["device_file"], "answer")
    assert (file.device, file.model, file.player.output) == ("bn-s02", "test-board", "sound")
    trusted = told["device_file"]["trust"]
    assert told["fingerprint"] == code["fingerprint"] == fingerprint_at_the_board(trusted)
    assert fingerprint((each["kid"], bytes.fromhex(each["public"])) for each in trusted) == code["fingerprint"]
    async with station.runtime.database.reading() as session:
        device = await session.get(Device, "bn-s02")
    assert device is not None
    assert device.public == key.public_key().public_bytes_raw()


async def test_only_who_looks_after_the_clusters_there_makes_codes(station: Station):
    others = [(role, COMMUNE) for role in (Role.OPERATOR, Role.APPROVER, Role.EMERGENCY)]
    for grant in (*others, (Role.TECHNICIAN, "elsewhere")):
        person = await station.person(grant)
        answer = await person.post("/api/v1/devices/bn-s02/enrolment-code", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "server.not_allowed"), grant


async def test_refusals_are_problems_in_the_language_asked_for(station: Station):
    code = await made(station)
    client = await station.client(**{"Accept-Language": "vi"})
    assert (await client.post("/enrol", json=board(code["code"]))).status_code == 200
    used = await client.post("/enrol", json=board(code["code"]))
    assert (used.status_code, used.json()["code"]) == (422, "devices.code_used")
    assert "bo mạch khác" in used.json()["detail"]
    assert (await client.post("/enrol", json=board(WRONG))).json()["code"] == "devices.code_unknown"
    for bad in ({}, {**board(WRONG), "public": "zz"}, {**board(WRONG), "seed": "0" * 64}):
        assert (await client.post("/enrol", json=bad)).status_code == 422


async def _tries(client: AsyncClient, count: int) -> list[int]:
    return [(await client.post("/enrol", json=board(WRONG))).status_code for _ in range(count)]


async def test_codes_cannot_be_tried_by_the_dozen(tmp_path: Path):
    async with running_station(tmp_path, limits={"address_enrolments_per_minute": 3}) as station:
        code = await made(station)
        client = await station.client()
        assert await _tries(client, 5) == [422, 422, 422, 429, 429]
        late: Response = await client.post("/enrol", json=board(code["code"]))
        assert (late.status_code, late.json()["code"]) == (429, "server.too_many_enrolments")
        assert late.headers["Retry-After"] == "60"
