"""The courier's phone page in a real browser, before a real speaker's own page, with the commune out of reach."""

import asyncio
import contextlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from devices.contacts import Reach
from devices.couriers import plans
from devices.couriers.models import BundleDevice, CourierReturn
from devices.devicefile import Sound
from server.broker import free_port
from server.fleet import enrol_one
from server.processes import Child
from tests.browser.conftest import DESK, PHONE, SignIn, barriers
from tests.browser.looks import MOST_BYTES, SMALL_TARGETS, TOO_WIDE
from tests.support.consoles import Console
from tests.support.until import until

COMMUNE, DEVICE, VILLAGE = "bao-nhai", "bn-s30", "bn-v30"


@dataclass
class Road:
    """The way from the phone to the commune: a port that passes everything on while it is open."""

    console: Console
    port: int
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        async def listen() -> None:
            self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)

        self.console.run(listen)

    def close(self) -> None:
        async def stop() -> None:
            if self._server is not None:
                self._server.close()
            for writer in self._open:
                writer.close()

        self.console.run(stop)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.console.url.removeprefix("http://").split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        self._open |= {writer, far_writer}
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
def village(console: Console, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The speaker of a village without any network, and the address of its own page."""
    port, folder = free_port(), tmp_path_factory.mktemp("village")
    sound = Sound(broker_url="mqtt://127.0.0.1:1", content_urls=("http://127.0.0.1:1",), storage_root=str(folder))

    async def enrol() -> Child:
        runtime = console.runtime
        async with runtime.database.writing() as session:
            text = await enrol_one(
                session,
                keys=runtime.keys,
                clock=runtime.clock,
                device_id=DEVICE,
                commune_id=COMMUNE,
                cluster_ids=[DEVICE],
                transmitter_khz=None,
                sound=sound,
            )
            await plans.set_contact(session, DEVICE, reach=Reach.COURIER)
        text = re.sub(r"\[broker\]\n(?:[^\[\n].*\n|\n)*", "", text)
        config = folder / "device.toml"
        config.write_text(f'{text}\n[local]\nport = {port}\nbind = "127.0.0.1"\n', "utf-8")
        child = Child("village", _speaker(config), folder / "speaker.log")
        await child.start()
        await until(lambda: _listens(port))
        return child

    child = console.run(enrol)
    yield f"http://127.0.0.1:{port}/"
    console.run(child.stop)


def _speaker(config: Path) -> list[str]:
    return [sys.executable, "-m", "firmware_sim", "run", "--config", str(config), "--output", "virtual"]


async def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


@pytest.fixture
def road(console: Console) -> Iterator[Road]:
    made = Road(console, free_port())
    made.open()
    yield made
    made.close()


@pytest.fixture
def phone(browser: Browser, road: Road) -> Iterator[BrowserContext]:
    """A volunteer's phone that comes to the commune by that road."""
    context = browser.new_context(viewport=PHONE, locale="vi-VN", base_url=road.url)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    yield context
    context.close()


def signed_in(context: BrowserContext, console: Console) -> Page:
    page = context.new_page()
    page.goto("/sign-in?next=/courier")
    page.fill("#login", "lan")
    page.fill("#password", console.password)
    page.click("main button")
    page.wait_for_url(re.compile(r"/courier$"))
    return page


def handed_over(console: Console) -> list[BundleDevice]:
    async def look() -> list[BundleDevice]:
        async with console.runtime.database.reading() as session:
            return list(await session.scalars(select(BundleDevice).where(BundleDevice.proof != "")))  # type: ignore[arg-type]

    return console.run(look)


def returned(console: Console) -> list[CourierReturn]:
    async def look() -> list[CourierReturn]:
        async with console.runtime.database.reading() as session:
            return list(await session.scalars(select(CourierReturn)))

    return console.run(look)


def test_a_volunteer_carries_a_bundle_to_a_speaker_and_its_file_back(
    console: Console, village: str, road: Road, phone: BrowserContext
):
    page = signed_in(phone, console)
    page.check(f"table input[value={VILLAGE}]")
    page.click("text=Chuẩn bị gói")
    page.wait_for_url(re.compile(r"/courier/01"))

    page.goto("/courier/phone")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.click("#ready button")
    expect(page.locator("#bundles button", has_text="Trao cho loa")).to_be_visible()

    # No network at all: the page opens, and what was loaded is there.
    phone.set_offline(True)
    page.reload()
    expect(page.locator("#bundles button", has_text="Trao cho loa")).to_be_visible()
    expect(page.locator("#line")).to_contain_text("Không có mạng")
    assert barriers(page) == []
    phone.set_offline(False)

    # In the village: the commune is out of reach, the speaker's own page is not.
    road.close()
    page.reload()
    page.fill("#address", village)
    with phone.expect_page() as opened:
        page.click("#bundles button:has-text('Trao cho loa')")
    expect(page.locator("#returns li")).to_contain_text(f"{DEVICE}-return-1-")
    expect(page.locator("#said")).to_have_class("note ok")
    expect(opened.value.locator("#result")).to_have_class("good")
    opened.value.close()
    page.reload()
    expect(page.locator("#bundles")).to_contain_text(f"đã trao: {DEVICE}")
    expect(page.locator("#returns")).to_contain_text("chờ có mạng")
    assert page.input_value("#address") == village
    assert returned(console) == []

    # Back again.
    road.open()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#returns")).to_contain_text("đã nộp")
    [proof] = handed_over(console)
    assert (proof.device_id, proof.proof) == (DEVICE, "return")
    assert [each.device_id for each in returned(console)] == [DEVICE]


def test_a_file_chosen_by_hand_is_kept_and_refused_with_the_reason(
    console: Console, phone: BrowserContext, tmp_path: Path
):
    page = signed_in(phone, console)
    page.goto("/courier/phone")
    (tmp_path / "anh.loa").write_bytes(b"%PDF-1.7 not a return file" * 40)
    page.set_input_files("#add", tmp_path / "anh.loa")
    expect(page.locator("#returns li")).to_contain_text("Đây không phải tệp của Loa")
    expect(page.locator("#returns button", has_text="Lưu thành tệp")).to_be_visible()


@pytest.mark.parametrize(("size", "language"), [(DESK, "vi"), (PHONE, "en")], ids=["desk-vi", "phone-en"])
def test_the_couriers_pages_are_accessible_narrow_light_and_easy_to_hit(
    sign_in: SignIn, village: str, size: dict[str, int], language: str
):
    page = sign_in("admin", size=size, language=language)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto("/courier")
    page.check(f"table input[value={VILLAGE}]")
    page.click("button:has-text('Prepare a bundle'), button:has-text('Chuẩn bị gói')")
    page.wait_for_url(re.compile(r"/courier/01"))
    bundle = page.url
    for path in ("/courier", bundle, "/courier/routes/new", f"/clusters/{DEVICE}/contact", "/courier/phone"):
        page.goto("about:blank")
        sizes.clear()
        page.goto(path, wait_until="networkidle")
        assert barriers(page) == [], path
        assert page.evaluate(TOO_WIDE) <= 0, path
        assert page.evaluate(SMALL_TARGETS) == [], path
        assert sum(sizes) <= MOST_BYTES, (path, sum(sizes))


def test_everything_but_the_phone_page_works_without_javascript(sign_in: SignIn, village: str, tmp_path: Path):
    page = sign_in("lan", javascript=False)
    page.goto("/courier")
    page.check(f"table input[value={VILLAGE}]")
    page.click("text=Chuẩn bị gói")
    page.fill("#carrier", "Chị Mai")
    page.click("text=Ghi lại")
    expect(page.locator("main")).to_contain_text("Chị Mai")
    with page.expect_download() as loaded:
        page.click("text=Tải tệp xuống")
    assert re.fullmatch(r"bao-nhai-\d{8}-\d{4}-\w{6}\.loa", loaded.value.suggested_filename)
    page.goto("/courier")
    (tmp_path / "r.loa").write_bytes(b"x" * 2_000)
    page.set_input_files("#files", tmp_path / "r.loa")
    page.click("form[enctype] button")
    expect(page.locator("main")).to_contain_text("Đây không phải tệp của Loa")
