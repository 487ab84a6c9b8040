"""Composing a session with plain forms, and listening to what a chosen cluster will sound."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from httpx import Response
from numpy.typing import NDArray

from audio import codec
from devices.wire.orders import Play
from firmware_sim.effects import Sound
from firmware_sim.plan import SoundPlan
from firmware_sim.render import Rendering
from server.auth.models import Role
from tests.integration.server.conftest import running_station
from tests.integration.server.web.conftest import COMMUNE, Office, Person, fields

pytestmark = pytest.mark.asyncio(loop_scope="module")

Pcm = NDArray[np.int16]
EMPTY = {"title": "Sáng thứ hai", "play_class": "1", "opening": "chime", "identification": "", "closing": "closing"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One console for this file: nothing here depends on what else is in it."""
    async with running_station(tmp_path_factory.mktemp("office")) as station, AsyncExitStack() as clients:
        yield Office(station, clients)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lan(office: Office) -> Person:
    return await office.person(Role.OPERATOR)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spoken(office: Office, lan: Person) -> str:
    """The path of an announcement."""
    return await office.announcement(lan)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def abc(office: Office, spoken: str) -> list[str]:
    """The ids of three announcements with one and the same sound."""
    first = spoken.rpartition("/")[2]
    async with office.runtime.database.writing() as session:
        view = await office.runtime.announcements.get(session, first)
        sound = {version.language: version.asset.id for version in view.versions}
        more = [
            await office.runtime.announcements.create(
                session, place_id=COMMUNE, title=title, versions=sound, user_id="tests"
            )
            for title in ("Tin hai", "Tin ba")
        ]
        return [first, *(each.id for each in more)]


def pcm_of(answer: Response) -> Pcm:
    return np.concatenate(list(codec.decode(io.BytesIO(answer.content))))


def items_of(answer: Response) -> list[str]:
    """The ids of the items a page of the form holds."""
    return re.findall(r'name="item" value="([^"]+)"', answer.text)


async def composed(writer: Person, *ids: str, **more: str) -> str:
    """The path of a session saved as a draft."""
    key = fields(await writer.get("/sessions/new"))["key"]
    gaps = ["0.7", "1.5", "0", "2"][: len(ids)]
    saved = await writer.post("/sessions/new", {**EMPTY, **more, "key": key, "do": "save", "item": ids, "gap": gaps})
    assert saved.status_code == 303, saved.text
    return saved.headers["location"].split("?")[0]


async def as_the_speaker_sounds(office: Office, path: str, *languages: str, codec_name: str = "opus16") -> Pcm:
    """The very play order's parts, rendered by the speaker's own code."""
    async with office.runtime.database.reading() as session:
        parts = await office.runtime.programme.parts(session, path.rpartition("/")[2])

    plan = SoundPlan.of(Play(occurrence="o", start_ms=0, parts=parts), languages)
    fetched = {r.sha256 for version in plan.versions for r in version.renditions if r.codec == codec_name}

    def locate(sha256: bytes) -> Path | None:
        return office.runtime.audio.rendition_path(sha256.hex()) if sha256 in fetched else None

    return np.concatenate(list(Rendering(Sound("main", "o", 1, plan, 0, 100, emergency=False), locate).chunks()))


async def test_a_session_is_composed_step_by_step_without_a_script(lan: Person, abc: list[str]):
    a, b, _ = abc
    page = await lan.get("/sessions/new")
    assert '<a href="/announcements" aria-current="page">' in page.text
    form = {**EMPTY, "key": fields(page)["key"]}
    page = await lan.post("/sessions/new", {**form, "do": "add", "add": a})
    assert items_of(page) == [a]
    page = await lan.post("/sessions/new", {**form, "do": "add", "add": b, "item": [a], "gap": ["1.5"]})
    assert items_of(page) == [a, b]
    assert 'value="1.5"' in page.text
    assert "Length:" in page.text
    page = await lan.post("/sessions/new", {**form, "do": "up:1", "item": [a, b], "gap": ["1.5", "0.7"]})
    assert items_of(page) == [b, a]
    assert 'id="down-0" autofocus' in page.text, "the keyboard goes on with the item that moved"
    page = await lan.post("/sessions/new", {**form, "do": "remove:0", "item": [b, a], "gap": ["0.7", "1.5"]})
    assert items_of(page) == [a]
    assert "Sáng thứ hai" in page.text
    saving = {**form, "do": "listen", "item": [b, a], "gap": ["0.7", "1.5"]}
    first, second = [await lan.post("/sessions/new", saving) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"], "pressed twice, saved once"
    assert "What sounds when" in (await lan.get(first.headers["location"])).text
    shown = await lan.get("/announcements")
    assert "Sáng thứ hai" in shown.text
    assert "♫ session" in shown.text


async def test_a_preview_is_sample_for_sample_what_the_speaker_sounds(office: Office, lan: Person, abc: list[str]):
    a, b, who = abc
    path = await composed(lan, a, b, a, identification=who)
    for asked, codec_name in (
        ("smart", "opus16"),
        ("weak", "opus8"),
        ("wireless", "opus16"),
        ("cluster:bn-s04", "opus16"),
    ):
        heard = await lan.get(f"{path}/listen/audio?who={asked}&languages=vi")
        assert heard.status_code == 200
        assert heard.headers["content-type"] == "audio/flac"
        assert np.array_equal(pcm_of(heard), await as_the_speaker_sounds(office, path, "vi", codec_name=codec_name))


async def test_a_browser_gets_parts_of_the_sound_nothing_twice_and_the_horn(lan: Person, spoken: str):
    url = f"{spoken}/listen/audio?who=smart&languages=vi"
    whole = await lan.get(url)
    part = await lan.client.get(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
    again = await lan.client.get(url, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    beyond = await lan.client.get(url, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416
    plain, horn, skimmed = [
        pcm_of(await lan.get(f"{spoken}/listen/audio?who=smart{more}")) for more in ("", "&horn=1", "&skim=1")
    ]
    assert len(plain) == len(horn)
    assert not np.array_equal(plain, horn)
    assert np.array_equal(skimmed, plain), "a short announcement is heard whole"


async def test_the_page_says_which_rendition_languages_and_parts_it_is(lan: Person, spoken: str):
    good = (await lan.get(f"{spoken}/listen")).text
    assert "Opus, 16 kbit/s" in good
    assert "Chime, two notes" in good
    assert "Sample for sample" in good
    late = (await lan.get(f"{spoken}/listen?who=weak")).text
    assert "Opus, 8 kbit/s, the lighter one" in late
    assert "Sample for sample" not in (await lan.get(f"{spoken}/listen?horn=1")).text
    on_air = (await lan.get(f"{spoken}/listen?who=cluster:bn-w01&horn=1&skim=1")).text
    assert "FM carries up to 15 kHz" in on_air
    assert 'src="' + f"{spoken}/listen/audio?who=cluster%3Abn-w01" in on_air
    hmong = (await lan.get(f"{spoken}/listen?languages=hmn")).text
    assert "none of the village's languages" in hmong


HOSTILE = {
    "who=nobody": 422,
    "who=cluster:bn-x99": 404,
    "who=cluster:": 404,
    "who=cluster:../../etc": 404,
    "who=late:" + "a" * 5_000: 404,
    "who=smart&languages=" + "vi," * 500: 422,
    "who=smart&languages=" + "a" * 200: 422,
    "who=%00": 422,
}


async def test_nobody_is_listened_as_who_is_not_there_by_who_may_not_see_or_for_too_long(
    office: Office, lan: Person, spoken: str, monkeypatch: pytest.MonkeyPatch
):
    stranger = await office.person(Role.OPERATOR, place_id="bn-v01")
    for page in ("listen", "listen/audio"):
        for asked, status in HOSTILE.items():
            assert (await lan.get(f"{spoken}/{page}?{asked}")).status_code == status, asked
        assert (await stranger.get(f"{spoken}/{page}")).status_code == 403
    monkeypatch.setattr("audio.preview.LIMIT_MS", 2_000)
    shown = await lan.get(f"{spoken}/listen")
    assert shown.status_code == (await lan.get(f"{spoken}/listen/audio")).status_code == 422
    assert "more than can be listened to here" in shown.text
    assert "What sounds when" in shown.text
    assert "<audio" not in shown.text


async def test_a_session_that_cannot_be_is_refused_and_what_was_typed_stays(lan: Person, abc: list[str]):
    a = abc[0]
    wrong = [
        {"item": [], "gap": []},
        {"item": [a], "gap": ["61"]},
        {"item": [a], "gap": ["-1"]},
        {"item": [a], "gap": ["soon"]},
        {"item": [a], "gap": ["1E999999"]},
        {"item": [a], "gap": ["0.7"], "opening": "nothing-we-know"},
        {"item": [a], "gap": ["0.7"], "opening": "siren-flood"},
        {"item": [a], "gap": ["0.7"], "identification": a},
        {"item": ["01J0000000000000000000000A"], "gap": ["0.7"]},
        {"item": [a], "gap": ["0.7"], "title": " "},
        {"item": [a], "gap": ["0.7"], "play_class": "9"},
        {"item": [a] * 21, "gap": ["0.7"] * 21},
    ]
    for form in wrong:
        key = fields(await lan.get("/sessions/new"))["key"]
        answer = await lan.post("/sessions/new", {**EMPTY, "key": key, "do": "save", **form})
        assert answer.status_code == 422, form
        assert 'id="problem"' in answer.text
        assert items_of(answer) == form["item"]


async def test_a_session_is_changed_unless_somebody_else_did_meanwhile(lan: Person, abc: list[str]):
    a, b, _ = abc
    path = await composed(lan, a, b)
    page = await lan.get(f"{path}/compose")
    assert items_of(page) == [a, b]
    form = {**EMPTY, "revision": fields(page)["revision"], "item": [b], "gap": ["3"]}
    assert items_of(await lan.post(f"{path}/compose", {**form, "do": "add", "add": a})) == [b, a]
    saved = await lan.post(f"{path}/compose", {**form, "do": "save"})
    assert saved.headers["location"].startswith(path)
    assert items_of(await lan.get(f"{path}/compose")) == [b]
    late = await lan.post(f"{path}/compose", {**form, "do": "save", "title": "Khác"})
    assert late.status_code == 412
    assert "Khác" in late.text


async def test_an_announcement_older_than_all_that_are_offered_stays_in_its_session(
    lan: Person, abc: list[str], monkeypatch: pytest.MonkeyPatch
):
    a, b, who = abc
    path = await composed(lan, a, b, identification=who)
    monkeypatch.setattr("server.web.session_new.CHOICES", 0)
    page = await lan.get(f"{path}/compose")
    assert items_of(page) == [a, b]
    assert f'<option value="{who}" selected>Tin ba</option>' in page.text
    assert "Tin hai" in page.text
    assert "No announcement yet" in page.text


async def test_the_way_to_air_of_a_session_says_what_holds_for_sessions(office: Office, lan: Person, abc: list[str]):
    boss = await office.person(Role.APPROVER)
    path = await composed(lan, *abc[:2], opening="")
    told = "Each announcement in it must be approved too"
    assert told in (await lan.get(path)).text
    for each in (*abc[:2], path.rpartition("/")[2]):
        assert (await lan.post(f"/announcements/{each}/submit")).status_code == 303
        assert (await boss.post(f"/announcements/{each}/approve")).status_code == 303
    assert told not in (await lan.get(path)).text
    on_air = (await lan.get(f"{path}/broadcast")).text
    assert "everywhere at the same time." in on_air, "its own opening, here none, takes the place of the chime"
    page = await lan.get(f"{path}/compose")
    assert "it needs a new approval" in page.text
    form = {**EMPTY, "revision": fields(page)["revision"], "item": [abc[0]], "gap": ["3"], "do": "up:0"}
    assert "it needs a new approval" in (await lan.post(f"{path}/compose", form)).text


async def test_only_a_session_is_composed_and_only_by_who_may_write(office: Office, lan: Person, spoken: str):
    boss = await office.person(Role.APPROVER)
    assert (await lan.get(f"{spoken}/compose")).status_code == 404
    assert (await lan.get("/announcements/01J0000000000000000000000A/compose")).status_code == 404
    assert (await boss.get("/sessions/new")).status_code == 403
    assert (await boss.post("/sessions/new", {**EMPTY, "do": "save"})).status_code == 403
    assert "New session" in (await lan.get("/announcements")).text
    assert "New session" not in (await boss.get("/announcements")).text
