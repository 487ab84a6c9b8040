import asyncio
from collections.abc import Awaitable, Callable

from playwright.sync_api import Route

from devices.changes import PresenceChanged
from tests.browser.conftest import SignIn
from tests.support.consoles import Console

SOMETHING = PresenceChanged("bao-nhai", "bn-s01", "online")


def until_nobody_watches(console: Console) -> Callable[[], Awaitable[None]]:
    """Wait for the pages of other tests to be gone."""

    async def wait() -> None:
        while console.runtime.hub.watchers:  # noqa: ASYNC110 - the hub tells it in no other way
            await asyncio.sleep(0.02)

    return wait


def until_somebody_watches(console: Console) -> Callable[[], Awaitable[None]]:
    """Publish once a page is subscribed."""

    async def publish() -> None:
        hub = console.runtime.hub
        while not hub.watchers:  # noqa: ASYNC110 - the hub tells it in no other way
            await asyncio.sleep(0.02)
        hub.publish(SOMETHING)

    return publish


def without_looking_by_itself(route: Route) -> None:
    """The page without what it does for browsers behind a proxy that holds the stream back."""
    answer = route.fetch()
    assert ", every 20s" in answer.text()
    route.fulfill(response=answer, body=answer.text().replace(", every 20s", ""))


def test_a_change_on_the_server_reaches_an_open_page_without_its_asking(sign_in: SignIn, console: Console):
    page = sign_in("ky-thuat")
    page.goto("/account")
    console.run(until_nobody_watches(console))
    page.route("**/clusters", without_looking_by_itself)
    page.goto("/clusters")

    with page.expect_request("**/clusters/live**", timeout=60_000):
        console.run(until_somebody_watches(console))
