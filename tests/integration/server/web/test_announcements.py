from pathlib import Path

from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office, fields


async def test_from_a_recording_to_the_air_in_steps(office: Office, bulletin_wav: Path):
    lan = await office.person(Role.OPERATOR)
    boss = await office.person(Role.APPROVER)
    with bulletin_wav.open("rb") as file:
        sent = await lan.post(
            "/announcements/new/upload", {"language": "vi"}, files={"file": ("hop_thon.wav", file, "audio/wav")}
        )
    details = await lan.get(sent.headers["location"])
    assert 'value="hop thon"' in details.text
    form = {"asset": fields(details)["asset"], "language": "vi", "title": "Họp thôn", "play_class": "2"}
    path = (await lan.post("/announcements/new/details", form)).headers["location"].split("?")[0]

    assert "Ask for approval" in (await lan.get(path)).text
    await lan.post(f"{path}/submit", {"revision": "1"})
    assert "Broadcast now" not in (await lan.get(path)).text
    assert "Approve" in (await boss.get(path)).text
    await boss.post(f"{path}/approve", {"revision": "1"})
    airing = await lan.post(f"{path}/broadcast", {"key": "a-key-of-mine", "where": "all", "volume": "80"})

    shown = await lan.get(airing.headers["location"])
    assert "57</b> ordered" in shown.text
    assert [order.type for order in await office.orders("play")] == ["play"]


async def test_pressing_broadcast_twice_broadcasts_once(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan, boss)
    form = {"key": "pressed-twice", "where": "villages", "village": ["bn-v01", "bn-v02"], "volume": "70"}
    first = await lan.post(f"{path}/broadcast", form)
    second = await lan.post(f"{path}/broadcast", form)

    assert first.headers["location"] == second.headers["location"]
    assert len(await office.orders("play")) == 1


async def test_counting_who_hears_it_broadcasts_nothing(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan, boss)
    form = {"key": "only-counting", "where": "villages", "village": ["bn-v01"], "volume": "80", "count": "1"}
    answer = await lan.post(f"{path}/broadcast", form)

    assert answer.status_code == 200
    assert "2 clusters</b> · 1 village" in answer.text
    assert await office.orders("play") == []


async def test_broadcasting_to_nobody_is_refused_and_keeps_the_choice(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan, boss)
    answer = await lan.post(f"{path}/broadcast", {"key": "nobody-at-all", "where": "villages", "volume": "60"})

    assert answer.status_code == 422
    assert "nobody would hear it" in answer.text
    assert '<option value="60" selected>' in answer.text


async def test_what_is_not_approved_is_not_broadcast(office: Office):
    lan = await office.person(Role.OPERATOR)
    path = await office.announcement(lan)
    answer = await lan.post(f"{path}/broadcast", {"key": "not-approved", "where": "all", "volume": "80"})

    assert answer.status_code == 409
    assert "is not approved" in answer.text


async def test_an_author_cannot_approve(office: Office):
    lan = await office.person(Role.OPERATOR)
    path = await office.announcement(lan)
    await lan.post(f"{path}/submit", {"revision": "1"})

    assert (await lan.post(f"{path}/approve", {"revision": "1"})).status_code == 403


async def test_sending_back_needs_a_comment_which_the_author_then_reads(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan)
    await lan.post(f"{path}/submit", {"revision": "1"})

    assert (await boss.post(f"{path}/send-back", {"revision": "1", "comment": " "})).status_code == 422
    await boss.post(f"{path}/send-back", {"revision": "1", "comment": "Ghi rõ mấy giờ"})
    page = (await lan.get(path)).text
    assert "<q>Ghi rõ mấy giờ</q>" in page
    assert "Ask for approval" in page


async def test_a_file_that_is_no_sound_is_refused_with_the_reason(office: Office):
    lan = await office.person(Role.OPERATOR, language="vi")
    answer = await lan.post(
        "/announcements/new/upload",
        {"language": "hmn"},
        files={"file": ("bai.docx", b"PK\x03\x04 this is a document, not a sound" * 50, "audio/mpeg")},
    )

    assert answer.status_code == 422
    assert "“bai.docx” không phải tệp âm thanh" in answer.text
    assert '<option value="hmn" selected>' in answer.text


async def test_no_file_at_all_is_told_and_a_name_is_only_text(office: Office):
    lan = await office.person(Role.OPERATOR)
    assert "No file came" in (await lan.post("/announcements/new/upload", {"language": "vi"})).text
    answer = await lan.post(
        "/announcements/new/upload", files={"file": ("<script>alert(1)</script>.mp3", b"not a sound", "audio/mpeg")}
    )
    assert "<script>alert(1)" not in answer.text


async def test_a_text_that_cannot_be_spoken_stays_in_its_field(office: Office):
    lan = await office.person(Role.OPERATOR)
    answer = await lan.post("/announcements/new/text", {"text": "Xin chào", "voice": "vi", "speed": "99"})

    assert answer.status_code == 422
    assert ">Xin chào</textarea>" in answer.text


async def test_somebody_elses_change_is_not_overwritten(office: Office):
    lan = await office.person(Role.OPERATOR)
    path = await office.announcement(lan)
    await lan.post(f"{path}/edit", {"revision": "1", "title": "Họp thôn sớm", "play_class": "1"})
    answer = await lan.post(f"{path}/edit", {"revision": "1", "title": "Của tôi", "play_class": "1"})

    assert answer.status_code == 412
    assert "Somebody changed this" in answer.text
    assert 'value="Của tôi"' in answer.text


async def test_a_second_language_is_added_to_the_same_announcement(office: Office):
    lan = await office.person(Role.OPERATOR)
    path = await office.announcement(lan)
    target = path.rsplit("/", 1)[1]
    spoken = await lan.post("/announcements/new/text", {"text": "Meeting tonight.", "voice": "en", "target": target})
    page = fields(await lan.get(spoken.headers["location"]))
    await lan.post("/announcements/new/details", {"asset": page["asset"], "target": target, "language": "en"})

    shown = (await lan.get(path)).text
    assert "<h2>Vietnamese</h2>" in shown
    assert "<h2>English</h2>" in shown


async def test_another_communes_sound_is_not_there(office: Office):
    lan = await office.person(Role.OPERATOR)
    path = await office.announcement(lan)
    async with office.runtime.database.writing() as session:
        (asset,) = await office.runtime.audio.list_recent(session, COMMUNE, 1)
        asset.commune_id = "somewhere-else"

    assert (await lan.get(f"/announcements/new/details?asset={asset.id}")).status_code == 404
    assert path
