"""What pages and the REST interface say of languages that are missing."""

import re
from collections.abc import Sequence
from pathlib import Path

from httpx import Response
from sqlalchemy import update
from sqlmodel import col

from devices.models import Cluster
from schedules.composition import Composition, Item
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office, Person


async def speak(office: Office, village_id: str | None, languages: Sequence[str]) -> None:
    """Give the clusters of a village, or of all, these languages."""
    async with office.runtime.database.writing() as session:
        query = update(Cluster).values(languages=list(languages))
        await session.execute(query if village_id is None else query.where(col(Cluster.village_id) == village_id))


async def valley(office: Office) -> tuple[Person, str]:
    """All speak Vietnamese but one Hmong village, and one that hears Tày first; an announcement in Vietnamese."""
    await speak(office, None, ["vi"])
    await speak(office, "bn-v01", ["hmn"])
    await speak(office, "bn-v02", ["tyz", "vi"])
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    return lan, await office.announcement(lan, boss)


def words(page: Response) -> str:
    """What is written on a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


async def test_an_announcement_names_what_is_missing_for_whom_and_leads_to_recording_it(office: Office):
    lan, path = await valley(office)
    shown = await lan.get(path)
    written = words(shown)
    assert "Languages still missing" in written
    assert written.index("■ Hmong Nà Lượt (1 village, about 201 people)") < written.index("▲ Tày Nà Hoai")
    assert "1 village hears none of its languages. No voice speaks it: a person must record it." in written
    assert "1 village puts it first and hears another of its languages." in written
    target = path.rsplit("/", 1)[-1]
    assert f'href="/announcements/new/record?target={target}&amp;language=hmn"' in shown.text
    assert "language=hmn" not in "".join(re.findall(r'href="/announcements/new/text[^"]*"', shown.text))


async def test_what_a_voice_can_speak_may_be_typed(office: Office):
    lan, path = await valley(office)
    await speak(office, "bn-v03", ["en", "vi"])
    shown = await lan.get(path)
    assert f'href="/announcements/new/text?target={path.rsplit("/", 1)[-1]}&amp;language=en"' in shown.text


async def test_nothing_is_missing_when_everybody_hears_all_their_languages(office: Office):
    lan, path = await valley(office)
    await speak(office, None, ["vi"])
    assert "Languages still missing" not in (await lan.get(path)).text


async def test_who_may_not_write_is_told_but_not_asked_to_record(office: Office):
    _, path = await valley(office)
    watcher = await office.person(Role.TECHNICIAN)
    shown = await watcher.get(path)
    assert "Languages still missing" in shown.text
    assert "/new/record" not in shown.text


async def test_before_a_broadcast_it_says_what_is_missing_where_it_will_be_heard(office: Office):
    lan, path = await valley(office)
    asked = f"announcement={path.rsplit('/', 1)[-1]}"
    everywhere = words(await lan.get(f"{path}/broadcast"))
    assert "Languages still missing there ■ Hmong , about 201 people" in everywhere
    some = await lan.get(f"/audience?{asked}&where=villages&village=bn-v02")
    assert "Tày" in some.text
    assert "Hmong" not in some.text
    form = {"key": "a-key-of-mine", "where": "villages", "village": ["bn-v03"], "volume": "80", "count": "1"}
    assert "still missing" not in (await lan.post(f"{path}/broadcast", form)).text
    assert "still missing" not in (await lan.get(f"/audience?{asked}&where=villages")).text
    assert (await lan.get(f"/audience?{asked}&where=villages&village=nowhere")).status_code == 422
    assert (await lan.get(f"/audience?announcement={'0' * 26}")).status_code == 404


async def test_before_a_schedule_it_says_it_too(office: Office):
    lan, path = await valley(office)
    announcement = path.rsplit("/", 1)[-1]
    shown = words(await lan.get(f"/schedules/new?announcement={announcement}"))
    assert "about 14,200 people" in shown
    assert "■ Hmong , about 201 people" in shown
    form = {"announcement": announcement, "preview": "1", "where": "villages", "village": ["bn-v03"]}
    elsewhere = words(await lan.post("/schedules/new", form))
    assert "1 village" in elsewhere
    assert "still missing" not in elsewhere


async def test_a_session_shows_what_is_in_it_and_what_each_part_lacks(office: Office):
    lan, path = await valley(office)
    item = path.rsplit("/", 1)[-1]
    async with office.runtime.database.writing() as session:
        made = await office.runtime.announcements.compose(
            session, place_id=COMMUNE, title="Buổi sáng", composition=Composition(items=(Item(item),)), user_id=item
        )
    shown = await lan.get(f"/announcements/{made.id}")
    assert shown.status_code == 200
    assert f'href="/announcements/{made.id}/compose"' in shown.text
    assert f'href="/announcements/{made.id}/listen"' in shown.text
    assert f"/announcements/new/record?target={item}&amp;language=hmn" in shown.text
    assert f"/announcements/new?target={made.id}" not in shown.text
    assert words(shown).count("Họp thôn") >= 2


async def test_each_language_shows_what_came_in_and_what_became_of_it(office: Office, bulletin_wav: Path):
    lan = await office.person(Role.OPERATOR)
    prepared = await office.runtime.audio.prepare_upload(bulletin_wav, "hop.wav")
    async with office.runtime.database.writing() as session:
        asset = await office.runtime.audio.save(session, prepared, commune_id=COMMUNE, title="Họp", user_id=None)
        made = await office.runtime.announcements.create(
            session, place_id=COMMUNE, title="Họp", versions={"vi": asset.id}, user_id="x"
        )
    shown = await lan.get(f"/announcements/{made.id}")
    assert "What came in, and what became of it" in shown.text
    assert '<svg class="wave"' in shown.text
    assert len(shown.text) < 40_000


async def test_the_interface_tells_it_by_village_and_for_an_audience(office: Office):
    lan, path = await valley(office)
    address = f"/api/v1{path}/missing-languages"
    (item,) = (await lan.get(address)).json()["items"]
    assert item["announcement_id"] == path.rsplit("/", 1)[-1]
    assert item["missing"] == [
        {
            "language": "hmn",
            "has_voice": False,
            "people": 201,
            "villages": [{"id": "bn-v01", "name": "Nà Lượt", "people": 201, "need": "nothing"}],
        },
        {
            "language": "tyz",
            "has_voice": False,
            "people": 358,
            "villages": [{"id": "bn-v02", "name": "Nà Hoai", "people": 358, "need": "first"}],
        },
    ]
    (item,) = (await lan.get(f"{address}?places=bn-v02&places=bn-v03")).json()["items"]
    assert [each["language"] for each in item["missing"]] == ["tyz"]
    (item,) = (await lan.get(f"{address}?clusters=bn-s03")).json()["items"]
    assert item["missing"] == []


async def test_the_interface_refuses_strangers_unknown_places_and_what_is_no_name(office: Office):
    lan, path = await valley(office)
    address = f"/api/v1{path}/missing-languages"
    elsewhere = await office.person(Role.OPERATOR, place_id="lao-cai-2")
    assert (await elsewhere.get(address)).status_code in {403, 404}
    assert (await lan.get(f"{address}?places=nowhere")).status_code == 422
    assert (await lan.get(f"{address}?places=../../etc")).status_code == 422
    assert (await lan.get(f"{address}?" + "&".join(f"clusters=c{n}" for n in range(3_000)))).status_code == 422
    assert (await lan.get(f"/api/v1/announcements/{'0' * 26}/missing-languages")).status_code == 404
    assert COMMUNE in (await lan.get("/api/v1/places")).text
