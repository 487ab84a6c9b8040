"""A station: added, tried, relayed as a slot, put into a session at its time."""

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from server import stream_trial
from tests.browser.conftest import DESK, PHONE, SignIn
from tests.browser.looks import fits
from tests.support.consoles import Console
from tests.support.stream_answers import StationServer, hum, mp3, station

SORRY, SONG = "Đài đang mất tín hiệu", "Nhạc không lời"


@dataclass
class Air:
    """A real station, and the ids of two announcements of the commune."""

    station: StationServer
    sorry: str
    song: str


@pytest.fixture(scope="module")
def air(console: Console, bulletin_wav: Path) -> Iterator[Air]:
    opened = AsyncExitStack()

    async def begin() -> Air:
        runtime = console.runtime
        made = await opened.enter_async_context(station())
        made.body = mp3(hum(2))
        prepared = await runtime.audio.prepare_upload(bulletin_wav, "a.wav", language="vi")
        ids = []
        async with runtime.database.writing() as session:
            sound = await runtime.audio.save(session, prepared, commune_id="bao-nhai", title="Tin", user_id=None)
            for title in (SORRY, SONG):
                it = await runtime.announcements.create(
                    session, place_id="bao-nhai", title=title, versions={"vi": sound.id}, user_id="tests"
                )
                await runtime.announcements.submit(session, it.id, "tests")
                ids.append((await runtime.announcements.approve(session, it.id, "leader")).id)
        return Air(made, *ids)

    yield console.run(begin)
    console.run(opened.aclose)


def add_station(page: Page, air: Air, name: str) -> None:
    page.goto("/relays/new")
    page.fill("#name", name)
    page.fill("#url", air.station.url)
    page.select_option("#fallback", air.sorry)
    page.click("form.card button")
    page.wait_for_url(re.compile(r"/relays/[0-9A-Z]{26}\?done"))


def test_a_station_is_added_tried_and_relayed_for_half_an_hour(
    sign_in: SignIn, air: Air, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stream_trial, "LISTEN_S", 0.5)
    page = sign_in("admin", size=DESK)
    page.goto("/relays/new")
    fits(page)
    page.fill("#name", "Đài huyện")
    page.fill("#url", "http://loa:bimat@127.0.0.1/live")
    page.click("form.card button")
    assert "mật khẩu" in page.locator("#problem").inner_text()
    assert page.input_value("#name") == "Đài huyện", "what was typed is still there"
    assert page.locator("#again_s option:checked").inner_text() == "lặp lại, mỗi lần cách 60 giây"
    add_station(page, air, "Đài huyện")
    fits(page)
    page.click("form[action$='/try'] button")
    assert "MP3" in page.locator("[role=status] .facts").inner_text()
    fits(page)
    page.click(".head .btn")
    fits(page)
    assert page.input_value("#minutes") == "30"
    page.click("form.card button")
    page.wait_for_url(re.compile(r"/announcements/[0-9A-Z]{26}"))
    assert page.locator("h1").inner_text() == "Tiếp âm: Đài huyện, 30 phút"
    assert air.station.url in page.locator(".rows").inner_text(), "who approves sees what will be heard"
    fits(page)
    page.click("a[href$='/listen']")
    assert page.locator(".parts .live").count() == 1
    assert page.locator("audio").count() == 0
    fits(page)


def compose(page: Page, air: Air) -> None:
    """Music from the beginning, and a station at its minute."""
    page.goto("/sessions/new")
    page.fill("#title", "Morning")
    page.click(".further summary")
    page.select_option("#add_music", air.song)
    page.click("#add-music-it")
    page.locator(".items > li:nth-child(1)").wait_for()
    page.select_option("#add_relay", label="VOV1")
    page.click("#add-relay-it")
    page.locator(".items > li:nth-child(2)").wait_for()
    page.fill("#at-1", "4:00")
    page.fill("#long-1", "15")


def test_on_a_phone_a_session_has_music_and_a_station_at_its_time(sign_in: SignIn, air: Air):
    page = sign_in("admin", size=PHONE, language="en")
    add_station(page, air, "VOV1")
    compose(page, air)
    fits(page)
    page.click("button[value=listen]")
    page.wait_for_url(re.compile(r"/listen$"))
    assert page.locator(".parts .more").count() == 1
    assert page.locator(".parts .live time").inner_text() == "4:00"
    fits(page)
    for path in ("/relays", "/sessions/new?relay=", "/sessions/new?music="):
        page.goto(path)
        fits(page)
