"""Typing a text: its spoken form, what a person changes in it, listening, using; and what must not pass."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from httpx import Response
from sqlalchemy import select

from audio.models import AudioAsset
from audio.speech.registry import UNSPOKEN
from base.errors import NotFound
from server.audit import AuditEntry
from server.auth.models import Role, User
from tests.integration.server.conftest import running_station
from tests.integration.server.web.conftest import COMMUNE, Office, Person, fields

PATH = "/announcements/new/text"
TEXT = "UBND xã mời họp lúc 8h ngày 5/9."
SAID = "Ủy ban nhân dân xã mời họp lúc tám giờ ngày năm tháng chín."


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One console for these tests; each has its own person, and looks at what that person did."""
    async with running_station(tmp_path_factory.mktemp("texts")) as station, AsyncExitStack() as clients:
        yield Office(station, clients)


@pytest_asyncio.fixture(loop_scope="module")
async def lan(office: Office) -> Person:
    return await office.person(Role.OPERATOR)


def spoken_in(page: Response) -> str:
    found = re.search(r'<textarea id="spoken"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    return found[1] if found else ""


def form_of(page: Response, text: str = TEXT, **more: str) -> dict[str, str]:
    """The form as a browser would send it back."""
    kept = {name: value for name, value in fields(page).items() if name in {"made", "source", "heard"}}
    return {"text": text, "language": "vi", "voice": "vi", "speed": "1.0", "spoken": spoken_in(page)} | kept | more


async def sounds(office: Office, person: Person) -> Sequence[AudioAsset]:
    """What this person kept."""
    async with office.runtime.database.reading() as session:
        theirs = select(AudioAsset).join(User, User.id == AudioAsset.created_by).where(User.login == person.login)  # type: ignore[arg-type]
        return list(await session.scalars(theirs))


async def words_put(office: Office, person: Person) -> list[AuditEntry]:
    """What this person put into the dictionary, as the activity log has it."""
    async with office.runtime.database.reading() as session:
        theirs = select(AuditEntry).join(User, User.id == AuditEntry.user_id).where(User.login == person.login)  # type: ignore[arg-type]
        return [entry for entry in await session.scalars(theirs) if entry.action == "put_word"]


async def test_the_spoken_form_and_what_was_changed_are_shown(lan: Person, office: Office):
    page = await lan.post(PATH, {"act": "show", "text": TEXT, "language": "vi"})

    assert page.status_code == 200
    assert spoken_in(page) == SAID
    assert "3 things are said otherwise than written" in page.text
    assert "<b>5/9</b> → năm tháng chín" in page.text
    assert await sounds(office, lan) == []


async def test_what_is_heard_is_used_and_nothing_is_kept_before(lan: Person, office: Office):
    page = await lan.post(PATH, {"act": "listen", "text": TEXT, "language": "vi", "voice": "vi-vn-x-south"})
    heard = await lan.get(f"{PATH}/heard/{fields(page)['heard']}")
    assert heard.headers["content-type"] == "audio/ogg; codecs=opus"
    assert heard.content.startswith(b"OggS")
    assert await sounds(office, lan) == []

    answer = await lan.post(PATH, form_of(page, act="use", voice="vi-vn-x-south"))
    assert answer.headers["location"].startswith("/announcements/new/details?asset=")
    (sound,) = await sounds(office, lan)
    assert (sound.text, sound.spoken, sound.voice, sound.source) == (TEXT, SAID, "vi-vn-x-south", "speech")
    served = await lan.get(f"/api/v1/assets/{sound.id}/audio")
    assert served.content == heard.content


async def test_a_part_of_the_sound_can_be_asked_for(lan: Person):
    page = await lan.post(PATH, {"act": "listen", "text": TEXT})
    part = await lan.client.get(f"{PATH}/heard/{fields(page)['heard']}", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"OggS")


async def test_what_a_person_changed_by_hand_is_said(lan: Person, office: Office):
    page = await lan.post(PATH, {"act": "show", "text": TEXT})
    await lan.post(PATH, form_of(page, act="use", spoken="Mời bà con đi họp sáng mai."))
    (sound,) = await sounds(office, lan)
    assert (sound.text, sound.spoken) == (TEXT, "Mời bà con đi họp sáng mai.")


async def test_a_changed_text_changes_the_spoken_form_unless_it_was_changed_by_hand(lan: Person):
    page = await lan.post(PATH, {"act": "show", "text": TEXT})
    other = await lan.post(PATH, form_of(page, "họp lúc 9h", act="show"))
    assert spoken_in(other) == "họp lúc chín giờ"

    by_hand = form_of(page, "họp lúc 9h", act="show", spoken="Họp sớm.")
    kept = await lan.post(PATH, by_hand)
    assert spoken_in(kept) == "Họp sớm."
    assert "You changed the text after" in kept.text
    anew = await lan.post(PATH, form_of(kept, "họp lúc 9h", act="again"))
    assert spoken_in(anew) == "họp lúc chín giờ"


async def test_what_was_changed_since_listening_is_heard_first(lan: Person, office: Office):
    page = await lan.post(PATH, {"act": "listen", "text": TEXT})
    again = await lan.post(PATH, form_of(page, act="use", speed="0.85"))

    assert again.status_code == 200
    assert "Something was changed since you listened" in again.text
    assert await sounds(office, lan) == []
    assert (await lan.post(PATH, form_of(again, act="use", speed="0.85"))).status_code == 303


async def test_a_southern_voice_counts_as_the_south_does(lan: Person):
    page = await lan.post(PATH, {"act": "show", "text": "2105 hộ", "voice": "vi-vn-x-south"})
    assert spoken_in(page) == "hai ngàn một trăm lẻ năm hộ"


async def test_a_word_goes_into_the_dictionary_and_is_said_so_at_once(lan: Person, office: Office):
    page = await lan.post(PATH, {"act": "show", "text": "Khu TĐC Pa Cheo họp."})
    form = form_of(page, "Khu TĐC Pa Cheo họp.")
    row = {"act": "word:new", "written-new": "Pa Cheo", "said-new": "Pa Chéo"}
    page = await lan.post(PATH, form | row)

    assert "“Pa Cheo” is in the commune" in page.text
    assert "Pa Chéo" in spoken_in(page)
    (entry,) = await words_put(office, lan)
    assert (entry.object, entry.place_id, entry.details) == ("word/Pa Cheo", COMMUNE, {"said": "Pa Chéo"})


async def test_a_word_that_is_not_written_as_it_is_said_is_refused_and_the_text_stays(lan: Person, office: Office):
    row = {"act": "word:new", "written-new": "QL4", "said-new": "quốc lộ 4"}
    page = await lan.post(PATH, {"text": TEXT} | row)

    assert page.status_code == 422
    assert "quốc lộ bốn" in page.text
    assert spoken_in(page) == SAID
    assert await words_put(office, lan) == []


async def test_a_language_nobody_speaks_is_to_be_recorded(lan: Person, office: Office):
    for language in UNSPOKEN:
        page = await lan.get(f"{PATH}?language={language}")
        assert f"/announcements/new/record?language={language}" in page.text
        assert f"/announcements/new?language={language}#upload" in page.text
        assert 'value="listen"' not in page.text

    answer = await lan.post(PATH, {"act": "use", "text": "Nyob zoo", "language": "hmn", "voice": "vi"})
    assert answer.status_code == 422
    assert await sounds(office, lan) == []


async def test_typing_that_changed_nothing_leaves_the_page_as_it_is(lan: Person):
    made = fields(await lan.post(PATH, {"act": "typing", "text": "UBND họp.", "language": "vi"}))
    again = {"act": "typing", "text": "UBND họp.", "language": "vi", "source": made["source"], "made": made["made"]}
    assert (await lan.post(PATH, again)).status_code == 204
    assert "Đảng ủy họp" in (await lan.post(PATH, again | {"text": "Đảng ủy họp."})).text


async def test_the_announcement_that_gets_another_language_is_carried_along(lan: Person, office: Office):
    target = (await office.announcement(lan)).rsplit("/", 1)[1]
    page = await lan.get(f"{PATH}?target={target}&language=hmn")
    assert f"/announcements/new/record?language=hmn&amp;target={target}" in page.text

    answer = await lan.post(PATH, {"act": "use", "text": "Meeting.", "language": "en", "target": target})
    assert answer.headers["location"].endswith(f"target={target}")


async def test_htmx_gets_what_it_asked_for_even_when_it_is_refused(lan: Person):
    part = await lan.client.post(
        PATH, data={"csrf": lan.csrf, "act": "listen", "text": "…"}, headers={"HX-Request": "true"}
    )
    assert part.status_code == 200
    assert "Nothing in this text can be spoken" in part.text
    blank = await lan.client.post(PATH, data={"csrf": lan.csrf, "act": "typed"}, headers={"HX-Request": "true"})
    assert 'role="alert"' not in blank.text


async def test_as_many_characters_as_allowed_are_put_into_words_and_one_more_is_refused(lan: Person):
    text = ("Họp lúc 8h. " * 2_000)[:20_000].strip()
    page = await lan.post(PATH, {"act": "show", "text": "a" * 20_000})
    assert page.status_code == 200
    assert (await lan.post(PATH, {"act": "show", "text": "a" * 20_001})).status_code == 422
    grown = await lan.post(PATH, {"act": "show", "text": text})
    assert grown.status_code == 422, "in words it is longer than can be spoken"
    assert "at most 20" in grown.text


async def test_a_body_of_a_megabyte_is_refused(lan: Person):
    assert (await lan.post(PATH, {"act": "show", "text": "a" * 1_000_001})).status_code == 413


async def test_control_characters_and_markup_are_only_text(lan: Person):
    hostile = "<script>alert(1)</script>\x00\x1b[2J </textarea><b>Họp\u202e"
    page = await lan.post(PATH, {"act": "show", "text": hostile, "voice": "<i>", "speed": "<i>", "made": "<i>"})
    for mark in ("<script>alert", "</textarea><b>", "<i>"):
        assert mark not in page.text
    row = {"written-new": "<b>A</b>", "said-new": "<script>", "act": "word:new"}
    assert "<script>" not in (await lan.post(PATH, {"text": TEXT} | row)).text.replace("<script src", "")


async def test_wrong_values_are_refused_in_words(lan: Person):
    for wrong in ({"speed": "nan"}, {"speed": "9"}, {"speed": "x"}, {"act": "word:99"}):
        answer = await lan.post(PATH, {"act": "listen", "text": TEXT} | wrong)
        assert answer.status_code == 422, wrong
        assert 'role="alert"' in answer.text


async def test_a_language_or_voice_nobody_knows_makes_no_sound(lan: Person, office: Office):
    answer = await lan.post(PATH, {"act": "use", "text": TEXT, "language": "xx"})
    assert answer.status_code == 422
    assert (await lan.post(PATH, {"act": "use", "text": TEXT, "voice": "nobody"})).status_code == 303
    assert [sound.voice for sound in await sounds(office, lan)] == ["vi"]


async def test_only_who_writes_here_hears_what_is_being_written(lan: Person, office: Office):
    page = await lan.post(PATH, {"act": "listen", "text": TEXT})
    path = f"{PATH}/heard/{fields(page)['heard']}"
    viewer = await office.person(Role.TECHNICIAN)
    assert (await viewer.get(path)).status_code == 403
    assert (await lan.get(f"{PATH}/heard/{'0' * 64}")).status_code == 404
    assert (await lan.get(f"{PATH}/heard/..%2f..%2fetc%2fpasswd")).status_code == 404
    with pytest.raises(NotFound):
        await office.runtime.drafts.heard(fields(page)["heard"], "another")
