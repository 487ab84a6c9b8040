"""Sending a sound on the page: what is being prepared, how it went, what was found in it."""

from pathlib import Path

import pytest
from httpx import Response

from server.auth.models import Role
from server.web import sound_upload
from tests.integration.server.web.conftest import Office, Person, fields
from tests.support.until import until


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a short sound is shown while it is prepared."""
    monkeypatch.setattr(sound_upload, "AT_ONCE_S", 0)


@pytest.fixture(scope="session")
def bulletin(bulletin_wav: Path) -> bytes:
    """Some seconds of speech."""
    return bulletin_wav.read_bytes()


async def send(person: Person, content: bytes, *, name: str = "hop_thon.wav", **form: str) -> Response:
    return await person.post("/announcements/new/upload", form, files={"file": (name, content, "audio/wav")})


async def ended(office: Office, sent: Response) -> str:
    """The work's page, once it has ended."""
    path = sent.headers["location"]
    await until(lambda: office.runtime.sound_work.find(path.rsplit("/", 1)[1]).ended)
    return str(path)


@pytest.mark.usefixtures("unhurried")
async def test_what_takes_long_is_watched_and_ends_at_the_details(office: Office, bulletin: bytes):
    lan = await office.person(Role.OPERATOR)
    sent = await send(lan, bulletin, language="tyz", target="")
    path = sent.headers["location"]
    assert path.startswith("/announcements/new/work/")
    watched = await lan.get(path)
    assert "<progress" in watched.text
    assert '<noscript><meta http-equiv="refresh"' in watched.text
    assert "hop thon" in (await lan.get("/announcements/new")).text

    await ended(office, sent)
    done = await lan.get(path)
    assert done.status_code == 303
    details = await lan.get(done.headers["location"])
    assert 'value="tyz"' in details.text
    piece = await lan.get(f"{path}/progress")
    assert piece.headers["hx-redirect"] == done.headers["location"]
    assert path in (await lan.get("/announcements/new")).text
    form = {"asset": fields(details)["asset"], "language": "tyz", "title": "Họp thôn", "play_class": "1"}
    await lan.post("/announcements/new/details", form)
    assert path not in (await lan.get("/announcements/new")).text


@pytest.mark.usefixtures("unhurried")
async def test_a_file_that_fails_tells_its_reason_on_the_page(office: Office):
    lan = await office.person(Role.OPERATOR, language="vi")
    sent = await send(lan, b"not a sound" * 100, name="bai.docx")
    path = await ended(office, sent)
    failed = await lan.get(path)
    assert failed.status_code == 422
    assert "“bai.docx” không phải tệp âm thanh" in failed.text
    assert "Gửi lại âm thanh" in failed.text
    assert (await lan.get(f"{path}/progress")).headers["hx-redirect"] == path
    assert "bai" not in (await lan.get("/announcements/new")).text


@pytest.mark.usefixtures("unhurried")
async def test_cancelling_goes_back_and_says_so(office: Office, bulletin: bytes):
    lan = await office.person(Role.OPERATOR)
    sent = await send(lan, bulletin)
    path = sent.headers["location"]
    answer = await lan.post(f"{path}/cancel")
    assert answer.headers["location"] == "/announcements/new?done=sound_cancelled"
    assert "Cancelled. Nothing of that sound was kept." in (await lan.get(answer.headers["location"])).text
    assert "This was cancelled" in (await lan.get(path)).text
    assert list(office.runtime.uploads.iterdir()) == []


async def test_what_a_restart_cut_off_is_explained(office: Office):
    lan = await office.person(Role.OPERATOR)
    answer = await lan.get("/announcements/new/work/01M80000000000000000000000")
    assert answer.status_code == 404
    assert "the server was started again before it was done" in answer.text
    assert "Send a sound again" in answer.text


async def test_a_recording_is_cut_and_goes_to_its_announcement(office: Office, bulletin: bytes):
    lan = await office.person(Role.OPERATOR)
    target = (await office.announcement(lan)).rsplit("/", 1)[1]
    recording = {"language": "hmn", "target": target, "source": "recording", "start_ms": "500", "end_ms": "2500"}
    sent = await send(lan, bulletin, **recording)
    assert sent.headers["location"].endswith(f"&target={target}")
    details = await lan.get(sent.headers["location"])
    asset = (await lan.get(f"/api/v1/assets/{fields(details)['asset']}")).json()
    assert asset["source"] == "recording"
    assert asset["report"]["before"]["duration_ms"] == 2_000
    for way in ("record", "text"):
        assert (
            f'href="/announcements/new/{way}?target={target}"'
            in (await lan.get(f"/announcements/new?target={target}")).text
        )


async def test_the_language_that_is_wanted_is_carried_through_every_way(office: Office):
    lan = await office.person(Role.OPERATOR)
    page = (await lan.get("/announcements/new?language=tyz")).text
    assert '<option value="tyz" selected>' in page
    assert 'href="/announcements/new/record?language=tyz"' in page
    strange = (await lan.get("/announcements/new?language=%22%3E%3Cscript%3E")).text
    assert '<option value="vi" selected>' in strange


WRONG = [
    {"source": "speech"},
    {"language": "x" * 17},
    {"start_ms": "soon"},
    {"start_ms": "1" * 400},
    {"end_ms": "-3"},
    {"profile": "loudest"},
]


async def test_a_wish_that_cannot_be_is_refused_and_the_form_comes_back(office: Office, bulletin: bytes):
    lan = await office.person(Role.OPERATOR)
    for form in WRONG:
        answer = await send(lan, bulletin, **{"quieten": "1"} | form)
        assert answer.status_code == 422, form
        assert 'id="problem"' in answer.text
        assert '<input type="checkbox" name="quieten" value="1" checked>' in answer.text
    assert (await send(lan, b"x", target="01M80000000000000000000000")).status_code == 404
    assert list(office.runtime.uploads.iterdir()) == []


@pytest.mark.usefixtures("unhurried")
async def test_others_do_not_see_it(office: Office, bulletin: bytes):
    lan, other = await office.person(Role.OPERATOR), await office.person(Role.OPERATOR, place_id="bn-v01")
    path = (await send(lan, bulletin)).headers["location"]
    assert (await other.get(path)).status_code == 403
    assert (await other.post(f"{path}/cancel")).status_code == 403
    assert (await lan.post(f"{path}/cancel")).status_code == 303


async def test_the_report_says_what_was_wrong_and_what_was_done(office: Office, bulletin: bytes):
    lan = await office.person(Role.OPERATOR)
    quiet = bytearray(bulletin)
    samples = memoryview(quiet)[44:].cast("h")
    for place in range(len(samples)):
        samples[place] //= 160
    details = await lan.get((await send(lan, bytes(quiet))).headers["location"])
    assert "Recorded very quietly" in details.text
    assert "dB louder" in details.text
    assert '<path d="M0 ' in details.text
    assert len(details.text) < 30_000
