import re
from html.parser import HTMLParser

import pytest
from httpx import Response

from server.auth.models import EVERYWHERE, Role
from tests.integration.server.web.conftest import Office, Person

PAGES = (
    "/",
    "/today/live",
    "/announcements",
    "/announcements?state=submitted",
    "/announcements/new",
    "/schedules",
    "/schedules?page=7",
    "/programme",
    "/programme?from=2027-02-06&village=bn-v04",
    "/programme?cluster=bn-w01",
    "/programme/day",
    "/programme/day?day=2027-02-06&cluster=bn-s04&hour=17",
    "/programme/next",
    "/clusters/bn-s04/hear",
    "/clusters/bn-w01/hear?day=2027-02-06",
    "/schedules/new",
    "/schedules/preview?repeat=daily&time=17:00&first_day=2030-01-01",
    "/audience?where=villages&village=bn-v01",
    "/clusters",
    "/clusters?kind=wireless&presence=never&search=Na",
    "/clusters/live?after=bn-s10",
    "/clusters/bn-s04",
    "/clusters/bn-w01",
    "/clusters/bn-s04/settings",
    "/clusters/bn-s04/live",
    "/clusters/bn-s04/contact",
    "/courier",
    "/courier/routes/new",
    "/emergency",
    "/drill",
    "/people",
    "/people/new",
    "/keys",
    "/activity",
    "/account",
    "/stop-all",
)


class Page(HTMLParser):
    """Counts what a page must not have, and what it must have once."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.headings = 0
        self.ids: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.headings += tag == "h1"
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        self.inline += ["<style>"] if tag == "style" else []
        self._script = tag == "script"
        if found.get("id"):
            self.ids.append(str(found["id"]))

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append("<script>")
        self._script = False


def read(answer: Response) -> Page:
    page = Page()
    page.feed(answer.text)
    return page


@pytest.fixture
async def administrator(office: Office) -> Person:
    return await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE)


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_every_page_answers_in_each_language_without_anything_inline(office: Office, language: str):
    person = await office.person(Role.ADMINISTRATOR, place_id=EVERYWHERE, language=language)
    await office.template()
    for path in PAGES:
        answer = await person.get(path)
        page = read(answer)
        assert answer.status_code == 200, (path, answer.text[:2_000])
        assert page.inline == [], path
        assert len(page.ids) == len(set(page.ids)), path
        assert answer.headers["content-language"] == language
        assert answer.headers["cache-control"] == "no-store"
        if "<html" in answer.text:
            assert f'<html lang="{language}">' in answer.text
            assert page.headings == 1, path


async def test_a_page_lists_at_most_fifty_rows_and_leads_to_the_rest(office: Office, administrator: Person):
    first = await administrator.get("/clusters")
    assert first.text.count('<th scope="row">') == 50
    more = re.search(r'href="(/clusters\?after=[^"]+)"', first.text)
    assert more is not None

    second = await administrator.get(more[1])
    assert second.text.count('<th scope="row">') == 7


async def test_what_is_not_there_is_a_page_that_says_so(administrator: Person):
    for path in ("/nowhere", "/clusters/bn-x99", "/occurrences/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/announcements/none"):
        answer = await administrator.get(path)
        assert answer.status_code == 404, path
        assert "<h1>Not found</h1>" in answer.text


async def test_what_is_not_allowed_is_a_page_that_says_whom_to_ask(office: Office):
    lan = await office.person(Role.OPERATOR)
    for path in ("/people", "/activity", "/emergency", "/drill"):
        answer = await lan.get(path)
        assert answer.status_code == 403, path
        assert "Ask an administrator" in answer.text


async def test_nobody_sees_another_commune(office: Office):
    stranger = await office.person(Role.OPERATOR, place_id="somewhere-else")

    assert (await stranger.get("/clusters/bn-s04")).status_code == 403
    assert (await stranger.get("/")).status_code == 404


async def test_a_form_without_its_secret_changes_nothing(office: Office):
    lan = await office.person(Role.OPERATOR)
    answer = await lan.client.post("/announcements/new/text", data={"text": "Xin chào", "voice": "vi"})

    assert answer.status_code == 403
    assert "no longer valid" in answer.text
    async with office.runtime.database.reading() as session:
        assert await office.runtime.audio.list_recent(session, "bao-nhai", 10) == []


async def test_a_fragment_asked_for_after_the_session_ended_takes_the_browser_to_sign_in(office: Office):
    client = await office.station.client()
    answer = await client.get("/today/live", headers={"HX-Request": "true"})

    assert answer.headers["hx-redirect"].startswith("/sign-in")
