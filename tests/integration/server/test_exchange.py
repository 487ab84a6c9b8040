"""The HTTP carrier at the server's door: who is answered, who is turned away, and with which status."""

from httpx import AsyncClient, Response

from devices.wire.up import MAX_UP_BYTES, UpFrame
from tests.integration.server.conftest import Station

DEVICE = "bn-s01"


async def post(client: AsyncClient, body: bytes, device: str = DEVICE) -> Response:
    return await client.post(f"/exchange/{device}", content=body, headers={"Content-Type": "application/cbor"})


async def test_a_stranger_and_a_hostile_body_are_refused_as_problems(station: Station) -> None:
    client = await station.client()
    empty = UpFrame(()).to_bytes()
    for answer, status, code in (
        (await post(client, empty, "nobody"), 404, "devices.device_unknown"),
        (await post(client, b"junk"), 422, "wire.malformed"),
        (await post(client, empty), 422, "devices.exchange_refused"),
        (await post(client, bytes(MAX_UP_BYTES + 1)), 413, "wire.too_large"),
        (await post(client, empty, "No_Name"), 422, "server.input_wrong"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_no_session_is_asked_for_and_a_page_of_another_site_gets_nothing(station: Station) -> None:
    client = await station.client(Origin="https://elsewhere.example")
    assert (await post(client, UpFrame(()).to_bytes())).status_code == 403
    assert (await client.get(f"/exchange/{DEVICE}")).status_code == 405


async def test_one_speaker_cannot_take_the_servers_time_from_the_others(station: Station) -> None:
    client, limit = await station.client(), station.runtime.settings.limits.device_exchanges_per_minute
    statuses = [(await post(client, b"")).status_code for _ in range(limit + 1)]
    assert statuses == [*([422] * limit), 429]
    assert (await post(client, b"", "bn-s02")).status_code == 422
