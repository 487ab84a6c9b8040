import pytest

from tests.browser.conftest import DESK, PHONE, SignIn
from tests.browser.looks import MOST_BYTES, MOST_REQUESTS, fits
from tests.support.consoles import Console

PAGES = (
    "/",
    "/announcements",
    "/announcements/new",
    "/announcements/new/text",
    "/dictionary",
    "/relays",
    "/relays/new",
    "/sessions/new?relay=",
    "/announcements/new/record",
    "/programme",
    "/programme?village=bn-v04",
    "/programme/day",
    "/programme/next",
    "/clusters/bn-s04/hear",
    "/schedules",
    "/schedules/new",
    "/programme/clashes",
    "/programme/copy",
    "/programme/pauses",
    "/programme/pauses/new",
    "/programme/undo",
    "/programme/drafts",
    "/programme/bulk",
    "/programme/bulk?week=2040-01-02",
    "/reports",
    "/reports/day",
    "/reports/month",
    "/reports/log",
    "/clusters",
    "/clusters/bn-s04",
    "/clusters/bn-w01",
    "/clusters/bn-s04/settings",
    "/clusters/bn-s04/position",
    "/emergency",
    "/emergency/where?template={template}",
    "/emergency/review?template={template}&where=all",
    "/drill",
    "/drill/review?template={template}&where=all",
    "/people",
    "/people/new",
    "/policy",
    "/policy/approval",
    "/holidays",
    "/keys",
    "/activity",
    "/account",
    "/stop-all",
)


@pytest.fixture(scope="session")
def template(console: Console) -> str:
    """The id of the flood template."""

    async def find() -> str:
        async with console.runtime.database.writing() as session:
            found = await console.runtime.emergencies.ensure_templates(session, "bao-nhai")
            return next(each.id for each in found if each.key == "flood")

    return console.run(find)


@pytest.mark.parametrize(("size", "language"), [(DESK, "vi"), (PHONE, "en")], ids=["desk-vi", "phone-en"])
def test_every_page_is_accessible_narrow_enough_and_easy_to_hit(
    sign_in: SignIn, template: str, size: dict[str, int], language: str
):
    page = sign_in("admin", size=size, language=language)
    for path in PAGES:
        page.goto(path.format(template=template))
        fits(page)


def test_every_page_is_light(sign_in: SignIn, template: str):
    page = sign_in("admin")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    for path in PAGES:
        page.goto("about:blank")  # what the page before still does is not this one's
        sizes.clear()
        page.goto(path.format(template=template), wait_until="load")
        assert sum(sizes) <= MOST_BYTES, (path, sum(sizes))
        assert len(sizes) <= MOST_REQUESTS, (path, len(sizes))


def test_the_keyboard_reaches_the_content_first(sign_in: SignIn):
    page = sign_in("lan")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
