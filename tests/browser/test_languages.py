from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update
from sqlmodel import col

from devices.models import Cluster
from schedules.models import Announcement
from tests.browser.conftest import PHONE, SignIn, barriers
from tests.support.consoles import Console

HMONG_VILLAGE = "bn-v05"


@pytest.fixture
def announcement(console: Console) -> Iterator[str]:
    """The id of an approved announcement in Vietnamese, in a commune where one village speaks Hmong alone."""
    runtime, place_id = console.runtime, "bao-nhai"
    query = update(Cluster).where(col(Cluster.village_id) == HMONG_VILLAGE)

    async def make() -> tuple[str, list[str]]:
        prepared = await runtime.audio.prepare_text("Mời bà con họp thôn.")
        async with runtime.database.writing() as session:
            clusters = select(Cluster.languages).where(col(Cluster.village_id) == HMONG_VILLAGE).limit(1)
            before = await session.scalar(clusters)
            await session.execute(query.values(languages=["hmn"]))
            sound = await runtime.audio.save(session, prepared, commune_id=place_id, title="Họp thôn", user_id=None)
            made: Announcement = await runtime.announcements.create(
                session, place_id=place_id, title="Họp thôn", versions={"vi": sound.id}, user_id="lan"
            )
            await runtime.announcements.submit(session, made.id, "lan")
            await runtime.announcements.approve(session, made.id, "chu-tich")
            return made.id, before or []

    async def put_back() -> None:
        async with runtime.database.writing() as session:
            await session.execute(query.values(languages=before))

    made, before = console.run(make)
    yield made
    console.run(put_back)


def test_what_is_missing_follows_the_audience_while_it_is_chosen(sign_in: SignIn, announcement: str):
    lan = sign_in("lan")
    lan.goto(f"/announcements/{announcement}")
    expect(lan.locator("#missing")).to_contain_text("Tiếng Mông")
    expect(lan.locator(f"a[href*='record?target={announcement}&language=hmn']")).to_be_visible()
    assert barriers(lan) == []
    for address in (f"/announcements/{announcement}/broadcast", f"/schedules/new?announcement={announcement}"):
        lan.goto(address)
        expect(lan.locator("#missing")).to_contain_text("không được nghe tiếng nào")
        lan.click("text=Chọn thôn")
        lan.check("input[value=bn-v01]")
        expect(lan.locator("#heard")).to_contain_text("1 thôn")
        expect(lan.locator("#missing")).not_to_contain_text("Tiếng Mông")
        lan.check(f"input[value={HMONG_VILLAGE}]")
        expect(lan.locator("#missing")).to_contain_text("Tiếng Mông")
        assert lan.locator("#missing").count() == 1
        assert barriers(lan) == []


def test_on_a_phone_without_javascript_it_is_all_there(sign_in: SignIn, announcement: str):
    lan = sign_in("lan", size=PHONE, javascript=False)
    lan.goto(f"/announcements/{announcement}")
    expect(lan.locator("#missing")).to_contain_text("phải có người ghi âm")
    lan.goto(f"/announcements/{announcement}/broadcast")
    lan.check("#where-villages")
    lan.click("text=Chọn thôn")
    lan.check(f"input[value={HMONG_VILLAGE}]")
    lan.click("button[name=count]")
    expect(lan.locator("#missing")).to_contain_text("Tiếng Mông")
