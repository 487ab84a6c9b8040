"""What cannot be right is refused with a reason, nothing is kept, and the server goes on."""

import errno
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from structlog.testing import capture_logs

from server.auth.models import Role
from server.errors import MESSAGES
from tests.integration.server.conftest import Station, running_station
from tests.integration.server.test_way_to_air import approved_announcement, staff, upload

COMMUNE = "bao-nhai"


async def _upload(client: AsyncClient, content: bytes, name: str = "x.mp3") -> Any:
    fields = {"place_id": COMMUNE, "title": "Thử"}
    return await client.post("/api/v1/assets", data=fields, files={"file": (name, content)})


async def _nothing_kept(station: Station) -> bool:
    async with station.runtime.database.reading() as session:
        assets = await station.runtime.audio.list_recent(session, COMMUNE, 10)
    return assets == [] and not list(station.runtime.uploads.iterdir())


NO_SOUND = {
    b"": "audio.empty",
    b"just some words, no sound at all": "audio.not_audio",
    b"\xff\xfb\x90" * 50: "audio.not_audio",
    b"RIFF\x24\x00\x00\x00WAVEfmt ": "audio.not_audio",
}


async def test_a_file_that_is_no_sound_is_refused_and_not_kept(station: Station):
    operator, _ = await staff(station)
    for content, code in NO_SOUND.items():
        answer = await _upload(operator, content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert "x.mp3" in answer.json()["detail"]
        assert await _nothing_kept(station)


async def test_half_a_file_is_refused_as_cut_off(station: Station, bulletin_wav: Path):
    operator, _ = await staff(station)
    answer = await _upload(operator, _half(bulletin_wav), "nửa.wav")
    assert (answer.status_code, answer.json()["code"]) == (422, "audio.truncated")
    assert await _nothing_kept(station)


def _half(path: Path) -> bytes:
    whole = path.read_bytes()
    return whole[: len(whole) // 2]


class _Counting:
    """A body that says nothing of its size and counts how much of it was asked for."""

    def __init__(self, size: int) -> None:
        self.size, self.sent = size, 0

    async def __aiter__(self) -> Any:
        head = (
            b'--b\r\nContent-Disposition: form-data; name="place_id"\r\n\r\nbao-nhai\r\n'
            b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.wav"\r\n\r\n'
        )
        yield head
        while self.sent < self.size:
            self.sent += 65_536
            yield bytes(65_536)
        yield b"\r\n--b--\r\n"


async def test_an_oversized_upload_is_refused_by_its_header_before_a_byte_is_read(tmp_path: Path):
    async with running_station(tmp_path, limits={"upload_bytes": 1_000_000}) as station:
        operator = await station.person((Role.OPERATOR, COMMUNE))
        answer = await _upload(operator, bytes(2_000_000))
        assert (answer.status_code, answer.json()["code"]) == (413, "server.body_too_large")
        assert await _nothing_kept(station)


async def test_an_upload_that_hides_its_size_is_cut_off_while_it_streams_in(tmp_path: Path):
    async with running_station(tmp_path, limits={"upload_bytes": 1_000_000}) as station:
        operator = await station.person((Role.OPERATOR, COMMUNE))
        body = _Counting(20_000_000)
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        request = operator.build_request("POST", "/api/v1/assets", content=body, headers=form)
        answer = await operator.send(request)
        assert (answer.status_code, answer.json()["code"]) == (413, "server.body_too_large")
        assert await _nothing_kept(station)


async def test_a_form_of_many_parts_is_cut_off_before_they_fill_the_memory(station: Station):
    operator, _ = await staff(station)
    sent = 0

    async def many() -> Any:
        nonlocal sent
        for number in range(400):
            sent += 1
            part = f'--b\r\nContent-Disposition: form-data; name="f{number}"; filename="x"\r\n\r\n'.encode()
            yield part[1:2] if number else part[:2]  # the mark in two pieces
            yield part[2:] + bytes(10_000) + b"\r\n-"
        yield b"-b--\r\n"

    form = {"Content-Type": 'multipart/form-data; x=1; boundary="b"'}
    answer = await operator.post("/api/v1/assets", content=many(), headers=form)
    assert (answer.status_code, answer.json()["code"]) == (422, "server.input_wrong")
    assert sent < 100


async def test_a_large_form_from_nobody_is_refused_unread(station: Station):
    nobody = await station.client()
    answer = await _upload(nobody, bytes(3_000_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "server.body_too_large")


async def test_large_json_is_refused(station: Station):
    operator, _ = await staff(station)
    answer = await operator.post("/api/v1/assets/speech", json={"text": "a" * 2_000_000})
    assert answer.status_code == 413


BAD_JSON = (b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"{}" * 9, b"[" * 5_000)


async def test_bad_json_is_refused_with_a_problem(station: Station):
    operator, _ = await staff(station)
    for content in BAD_JSON:
        answer = await operator.post(
            "/api/v1/broadcasts", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {400, 422}, content
        assert answer.json()["code"] == "server.input_wrong"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_every_wrong_field_is_named(station: Station):
    operator, _ = await staff(station)
    body = {"announcement_id": "x", "volume": 101, "surprise": True}
    answer = (await operator.post("/api/v1/broadcasts", json=body)).json()
    assert {each["field"] for each in answer["errors"]} == {"announcement_id", "volume", "surprise"}


async def test_clusters_villages_and_groups_that_do_not_exist_are_named(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    for part in ("clusters", "places", "zones"):
        body = {"announcement_id": announcement_id, "audience": {part: ["no-such-thing"]}}
        answer = await operator.post("/api/v1/broadcasts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "schedules.audience_unknown")
        assert "no-such-thing" in answer.json()["detail"]


async def test_a_time_in_the_past_is_refused(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    body = {"announcement_id": announcement_id, "times": ["05:00"], "first_day": "2020-01-01"}
    answer = await operator.post("/api/v1/schedules", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "schedules.in_the_past")


async def test_a_rule_that_is_none_or_never_happens_is_refused(station: Station, bulletin_wav: Path):
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    for rule in ("FREQ=NEVER", "nonsense", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"):
        body = {"announcement_id": announcement_id, "rrule": rule, "times": ["05:00"], "first_day": "2099-01-01"}
        answer = await operator.post("/api/v1/schedules", json=body)
        assert answer.status_code == 422, rule
        assert answer.json()["code"] in {"schedules.rule_invalid", "schedules.rule_never_day"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": {"kind": "lunar", "days": ["31"]}},
        {"pattern": {"kind": "lunar", "days": []}},
        {"pattern": {"kind": "lunar", "days": ["1"], "leap": "sometimes"}},
        {"pattern": {"kind": "every", "every": 0, "anchor": "2099-01-01"}},
        {"pattern": {"kind": "branches", "branches": ["Mèo"]}},
        {"pattern": {"kind": "weekly"}},
        {"pattern": {"kind": "lunar", "days": ["1"]}, "rrule": "FREQ=DAILY"},
        {"rrule": "FREQ=DAILY", "removed": ["2099-02-31"]},
        {"rrule": "FREQ=DAILY", "added": ["2099-01-01"] * 1_001},
        {"rrule": "FREQ=DAILY", "on_holidays": "perhaps"},
        {"rrule": "FREQ=DAILY", "zone_name": "../../etc/passwd"},
        {"rrule": "FREQ=DAILY", "last_day": "2098-01-01"},
        {"rrule": "FREQ=MINUTELY"},
        {"times": ["5h"]},
    ],
)
async def test_parts_of_a_rule_that_cannot_be_are_refused(
    station: Station, bulletin_wav: Path, wrong: dict[str, object]
):
    operator, approver = await staff(station)
    announcement_id = await approved_announcement(operator, approver, bulletin_wav)
    body = {"announcement_id": announcement_id, "times": ["05:00"], "first_day": "2099-01-01"} | wrong
    answer = await operator.post("/api/v1/schedules", json=body)
    assert answer.status_code == 422, answer.text
    assert (await operator.get("/api/v1/schedules?place_id=bao-nhai")).json()["items"] == []


HOSTILE = ["../../etc/passwd", "..%2f..%2floa.db", "A" * 64, "0" * 63, "0" * 65, "%00", "0" * 64, "loa.db", "é"]


async def test_hostile_names_of_content_are_not_found(station: Station):
    client = await station.client()
    for name in HOSTILE:
        assert (await client.get(f"/content/{name}")).status_code == 404, name


async def test_unknown_and_hostile_cluster_names_are_not_found_or_refused(station: Station):
    operator, _ = await staff(station)
    for name in ("no-such-cluster", "../users", "bn-s01;drop", "bn-s01%00", "BN-S01"):
        assert (await operator.get(f"/api/v1/clusters/{name}")).status_code in {403, 404, 422}, name


async def test_an_unknown_address_is_a_problem_for_programs_and_a_page_for_people(station: Station):
    client = await station.client()
    program = await client.get("/api/v1/nothing")
    assert (program.status_code, program.json()["code"]) == (404, "server.page_unknown")
    page = await client.get("/nothing")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    wrong = await client.put("/healthz")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "server.method_unknown")
    assert "GET" in wrong.headers["allow"]


async def test_an_error_nobody_foresaw_is_a_problem_with_a_number_and_no_inner_detail(
    station: Station, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> None:
        raise RuntimeError("secret inner detail")

    operator, _ = await staff(station)
    monkeypatch.setattr(type(station.runtime.devices), "fleet_summary", broken)
    with capture_logs() as logs:
        answer = await operator.get(f"/api/v1/places/{COMMUNE}/fleet")
    assert "request.failed" in {entry["event"] for entry in logs}
    assert (answer.status_code, answer.json()["code"]) == (500, "server.unexpected")
    assert answer.json()["params"]["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text


async def test_a_full_disk_is_told_as_one(station: Station, monkeypatch: pytest.MonkeyPatch):
    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "inner/path")

    operator, _ = await staff(station)
    monkeypatch.setattr(type(station.runtime.devices), "fleet_summary", full)
    answer = await operator.get(f"/api/v1/places/{COMMUNE}/fleet")
    assert (answer.status_code, answer.json()["code"]) == (503, "server.disk_full")
    assert "inner" not in answer.text


async def test_a_text_that_postgresql_cannot_hold_is_refused_like_any_other_input(
    both_stations: Station, bulletin_wav: Path
):
    operator, _ = await staff(both_stations)
    asset = await upload(operator, bulletin_wav)
    body = {"place_id": COMMUNE, "title": "a\0b", "versions": {"vi": asset["id"]}}
    written = await operator.post("/api/v1/announcements", json=body)
    page = await operator.get("/announcements/a%00b")
    if both_stations.runtime.database.is_sqlite:
        assert (written.status_code, page.status_code) == (201, 404)
    else:
        assert (written.status_code, written.json()["code"]) == (422, "server.input_wrong")
        assert page.status_code == 422


async def test_problems_speak_the_language_asked_for(station: Station):
    client = await station.client()
    spoken = {
        language: (await client.get("/api/v1/session", headers={"Accept-Language": language})).json()["detail"]
        for language in ("vi", "en")
    }
    assert spoken["en"] == MESSAGES["server.not_signed_in"]
    assert spoken["vi"] != spoken["en"]
