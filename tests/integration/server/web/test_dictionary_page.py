"""The commune's dictionary on its page, and as programs use it."""

from sqlalchemy import select

from audio.models import DictionaryWord
from server.audit import AuditEntry
from server.auth.models import Role
from tests.integration.server.conftest import Station
from tests.integration.server.web.conftest import COMMUNE, Office

API = "/api/v1/dictionary"


async def audited(office: Office) -> list[tuple[str, str]]:
    async with office.runtime.database.reading() as session:
        found = await session.scalars(select(AuditEntry).order_by(AuditEntry.seq))  # type: ignore[arg-type]
        return [(entry.action, entry.object) for entry in found if entry.action.endswith("_word")]


async def test_a_word_is_added_changed_tried_and_taken_out(office: Office):
    lan = await office.person(Role.OPERATOR)
    empty = (await lan.get("/dictionary")).text
    assert "No word yet" in empty
    assert 'role="search"' not in empty
    for said in ("tái định canh", "tái định cư"):
        answer = await lan.post("/dictionary", {"written": "TĐC", "said": said})
        assert answer.headers["location"] == "/dictionary?done=saved"
    page = (await lan.get("/dictionary?word=T%C4%90C&sentence=Khu+T%C4%90C+ng%C3%A0y+5/9")).text
    assert 'value="tái định cư"' in page
    assert "Khu tái định cư ngày năm tháng chín" in page

    await lan.post("/dictionary/drop", {"written": "TĐC"})
    assert "No word yet" in (await lan.get("/dictionary")).text
    assert (await lan.post("/dictionary/drop", {"written": "TĐC"})).status_code == 404
    assert await audited(office) == [("put_word", "word/TĐC")] * 2 + [("drop_word", "word/TĐC")]


async def test_a_refused_word_stays_in_its_fields_with_the_way_to_write_it(office: Office):
    lan = await office.person(Role.OPERATOR, language="vi")
    answer = await lan.post("/dictionary", {"written": "QL4", "said": "quốc lộ 4"})
    assert answer.status_code == 422
    assert 'value="quốc lộ 4"' in answer.text
    assert "quốc lộ bốn" in answer.text


async def test_hostile_words_are_refused_or_only_text(office: Office):
    lan = await office.person(Role.OPERATOR)
    for written, said in (("a" * 61, "a"), ("x", "a" * 301), ("", "a"), ("x", ""), ("x", "a" * 900_000), ("\x00", "a")):
        assert (await lan.post("/dictionary", {"written": written, "said": said})).status_code == 422
    await lan.post("/dictionary", {"written": "X<b>&\"'", "said": "X<b>&\"'"})
    await lan.post("/dictionary/drop", {"written": "a" * 900_000})
    page = await lan.get('/dictionary?q=<i>&sentence="><i>&word=<i>')
    assert "<b>&" not in page.text
    assert "<i>" not in page.text
    assert (await lan.get("/dictionary?start=-1")).status_code == 422


async def test_two_thousand_words_are_found_and_paged_through(office: Office):
    lan = await office.person(Role.OPERATOR)
    async with office.runtime.database.writing() as session:
        session.add_all(
            DictionaryWord(
                commune_id=COMMUNE,
                written=f"Bản {n:04}",
                said="bản",
                changed_at=office.runtime.clock(),
                changed_by=None,
            )
            for n in range(2_000)
        )
    first = await lan.get("/dictionary")
    assert "2,000 of 2,000 words" in first.text
    assert len(first.content) < 40_000
    assert "Bản 0050" in (await lan.get("/dictionary?start=50")).text
    assert "1 of 2,000 words" in (await lan.get("/dictionary?q=b%E1%BA%A3n+1234")).text
    said = await lan.post("/announcements/new/text", {"act": "show", "text": "Họp tại Bản 1999 và Bản 19990."})
    assert "Họp tại bản và Bản mười chín nghìn chín trăm chín mươi." in said.text


async def test_nobody_without_the_right_to_write_changes_a_word(office: Office):
    technician = await office.person(Role.TECHNICIAN)
    assert (await technician.get("/dictionary")).status_code == 403
    assert (await technician.post("/dictionary", {"written": "TĐC", "said": "x"})).status_code == 403
    assert await audited(office) == []


async def test_the_dictionary_for_programs(both_stations: Station):
    lan = await both_stations.person((Role.OPERATOR, COMMUNE))
    word = {"place_id": COMMUNE, "written": "Pa Cheo", "said": "Pa Chéo"}
    assert (await lan.put(API, json=word)).json()["said"] == "Pa Chéo"
    assert [each["written"] for each in (await lan.get(API, params={"place_id": COMMUNE})).json()["items"]] == [
        "Pa Cheo"
    ]
    assert len((await lan.get(API, params={"place_id": "bn-v01"})).json()["items"]) == 1, "a village's is its commune's"
    body = {"text": "Pa Cheo họp 8h", "place_id": COMMUNE}
    spoken = (await lan.post("/api/v1/text/spoken", json=body)).json()
    assert spoken["spoken"] == "Pa Chéo họp tám giờ"
    assert [piece["rule"] for piece in spoken["pieces"] if piece["rule"]] == ["dictionary", "time"]
    assert (await lan.post("/api/v1/text/spoken", json={"text": "Pa Cheo", "language": "en"})).json()["pieces"] == []

    gone = {"place_id": COMMUNE, "written": "Pa Cheo"}
    assert (await lan.delete(API, params=gone)).status_code == 204
    assert (await lan.delete(API, params=gone)).json()["code"] == "audio.entry_unknown"


async def test_hostile_requests_for_programs(both_stations: Station):
    lan = await both_stations.person((Role.OPERATOR, COMMUNE))
    stranger = await both_stations.person((Role.OPERATOR, "somewhere-else"))
    word = {"place_id": COMMUNE, "written": "Pa Cheo", "said": "Pa Chéo"}
    for wrong in (
        {"written": "a" * 61},
        {"said": ""},
        {"said": "5"},
        {"written": "\x00"},
        {"more": 1},
        {"said": "a\x00"},
    ):
        assert (await lan.put(API, json=word | wrong)).status_code == 422, wrong
    assert (await lan.delete(API, params={"place_id": COMMUNE, "written": "a\x00b"})).status_code == 404
    assert (await stranger.put(API, json=word)).status_code == 403
    assert (await stranger.delete(API, params={"place_id": COMMUNE, "written": "x"})).status_code == 403
    assert (await stranger.get(API, params={"place_id": COMMUNE})).status_code == 403
    for nowhere in ("lao-cai", "nowhere"):
        assert (await lan.put(API, json=word | {"place_id": nowhere})).status_code in {403, 404}
    for text in ("", "a" * 20_001, "\x00"):
        assert (await lan.post("/api/v1/text/spoken", json={"text": text})).status_code == 422
    assert (await stranger.post("/api/v1/text/spoken", json={"text": "a", "place_id": COMMUNE})).status_code == 403


async def test_every_voice_is_told_and_can_be_named(station: Station):
    lan = await station.person((Role.OPERATOR, COMMUNE))
    voices = (await lan.get("/api/v1/voices")).json()["items"]
    assert {"id": "vi", "language": "vi"}.items() <= voices[0].items()
    assert {voice["language"] for voice in voices} >= {"vi", "en"}


async def test_a_program_says_what_is_to_be_said_or_leaves_it_to_the_dictionary(station: Station):
    lan = await station.person((Role.OPERATOR, COMMUNE))
    await lan.put(API, json={"place_id": COMMUNE, "written": "Pa Cheo", "said": "Pa Chéo"})
    body = {"place_id": COMMUNE, "title": "Họp", "text": "Pa Cheo họp lúc 8h."}
    for more, said in (({}, "Pa Chéo họp lúc tám giờ."), ({"spoken": "Mời họp."}, "Mời họp.")):
        made = (await lan.post("/api/v1/assets/speech", json=body | more)).json()
        async with station.runtime.database.reading() as session:
            sound = await station.runtime.audio.get(session, made["id"])
        assert (sound.text, sound.spoken) == (body["text"], said)


async def test_an_alarm_is_spoken_with_the_communes_words(office: Office):
    async with office.runtime.database.writing() as session:
        await office.runtime.dictionary.put(session, COMMUNE, "diễn tập", "tập dượt", user_id=None)
        templates = await office.runtime.emergencies.ensure_templates(session, COMMUNE)
        words = await office.runtime.dictionary.words(session, COMMUNE)
    template = next(each for each in templates if each.key == "flood")
    prepared = await office.runtime.emergencies.prepare_template(template, words)
    assert all("diễn tập" not in (sound.spoken or "") for sound in prepared.spoken.values())
    assert any("tập dượt" in (sound.spoken or "") for sound in prepared.spoken.values())
