import pytest

from server.auth.models import Role
from server.settings import LimitSettings
from server.web.sound_record import longest_s
from tests.integration.server.web.conftest import Office, fields

RECORDER = "/announcements/new/record"


async def test_only_the_recorders_page_may_ask_for_the_microphone(office: Office):
    lan = await office.person(Role.OPERATOR)
    assert "microphone=(self)" in (await lan.get(RECORDER)).headers["permissions-policy"]
    for path in ("/announcements/new", "/", f"{RECORDER}?target=01UNKNOWN"):
        assert "microphone=()" in (await lan.get(path)).headers["permissions-policy"], path


async def test_who_may_not_write_may_not_record(office: Office):
    courier = await office.person(Role.COURIER)
    assert (await courier.get(RECORDER)).status_code == 403


async def test_another_language_of_an_announcement_is_carried_through(office: Office):
    lan = await office.person(Role.OPERATOR)
    target = (await office.announcement(lan)).rsplit("/", 1)[1]
    page = await lan.get(f"{RECORDER}?target={target}&language=hmn")
    assert fields(page)["target"] == target
    assert '<option value="hmn" selected>' in page.text
    assert f"/announcements/new?target={target}" in page.text


@pytest.mark.parametrize("hostile", ["xx", "<script>", "vi'--", "x" * 5000])
async def test_a_language_nobody_knows_is_vietnamese(office: Office, hostile: str):
    lan = await office.person(Role.OPERATOR)
    page = await lan.client.get(RECORDER, params={"language": hostile})
    assert page.status_code == 200
    assert '<option value="vi" selected>' in page.text


@pytest.mark.parametrize("hostile", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "<script>", "../..", "x" * 5000])
async def test_an_announcement_nobody_knows_is_not_found(office: Office, hostile: str):
    lan = await office.person(Role.OPERATOR)
    assert (await lan.client.get(RECORDER, params={"target": hostile})).status_code == 404


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({}, 7_199),
        ({"sound_s": 60}, 59),
        ({"sound_s": 1}, 1),
        ({"upload_bytes": 1_200_000}, 120),
        ({"upload_bytes": 1_000}, 1),
    ],
)
def test_a_recording_ends_before_the_server_would_refuse_it(limits: dict[str, int], seconds: int):
    assert longest_s(LimitSettings(**limits)) == seconds
