"""Live pages over real connections: what changed arrives, and streams end with the session and with the server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from devices.changes import PresenceChanged
from server import live
from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.support.httpd import serving

COMMUNE = "bao-nhai"


async def _events(client: AsyncClient, query: str) -> AsyncIterator[str]:
    async with client.stream("GET", f"/events?{query}", timeout=60) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            yield line


async def _until(lines: AsyncIterator[str], wanted: str) -> None:
    async with asyncio.timeout(60):
        async for line in lines:
            if line == wanted:
                return
    raise AssertionError(f"{wanted} never came")


async def test_a_change_in_the_commune_reaches_the_open_page_by_name(station: Station):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    async with serving(station.app, station.runtime) as address:
        operator.base_url = address
        async with AsyncClient(base_url=address, headers=operator.headers) as browser:
            lines = _events(browser, f"clusters={COMMUNE}")
            await _until(lines, ": watching")
            station.runtime.hub.publish(PresenceChanged("another", "x", "lost"))
            station.runtime.hub.publish(PresenceChanged(COMMUNE, "bn-s01", "lost"))
            await _until(lines, "data: connected")
            await _until(lines, "event: changed")
            await _until(lines, "data: clusters")
            await lines.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_a_committed_act_reaches_the_open_page(station: Station):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    async with (
        serving(station.app, station.runtime) as address,
        AsyncClient(base_url=address, headers=operator.headers) as browser,
    ):
        lines = _events(browser, f"today={COMMUNE}")
        await _until(lines, ": watching")
        assert (await operator.post(f"/api/v1/places/{COMMUNE}/stop-all", json={})).status_code == 200
        await _until(lines, "data: today")
        await lines.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_stopping_the_server_ends_open_pages_quietly(station: Station):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    async with AsyncClient(headers=operator.headers) as browser:
        async with serving(station.app, station.runtime) as address:
            browser.base_url = address
            lines = _events(browser, f"today={COMMUNE}")
            await _until(lines, ": watching")
        async with asyncio.timeout(60):
            assert [line async for line in lines if line.startswith("data")] == ["data: connected"]


async def test_a_stream_ends_with_the_session(station: Station, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live, "KEEP_ALIVE_S", 0.05)
    operator = await station.person((Role.OPERATOR, COMMUNE))
    async with (
        serving(station.app, station.runtime) as address,
        AsyncClient(base_url=address, headers=operator.headers) as browser,
    ):
        lines = _events(browser, f"today={COMMUNE}")
        await _until(lines, ": ping")
        assert (await operator.delete("/api/v1/session")).status_code == 204
        async with asyncio.timeout(60):
            async for _ in lines:
                pass


async def test_nobody_watches_without_signing_in(station: Station):
    answer = await (await station.client()).get(f"/events?today={COMMUNE}")
    assert (answer.status_code, answer.json()["code"]) == (401, "server.not_signed_in")
