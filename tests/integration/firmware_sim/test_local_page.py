"""The local page with real bundles over a real socket: taken, refused in words, unmoved by those who mean ill."""

import asyncio
import io
from collections import namedtuple
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from firmware_sim import words
from firmware_sim.hand_over import HandOver
from firmware_sim.local import listening as socket_side
from firmware_sim.local import upload
from firmware_sim.local.listening import listening
from firmware_sim.local.page import LocalPage
from firmware_sim.local.rate import Bucket
from tests.support.until import until
from tests.support.village import Box, bundle, read_back
from tests.unit.firmware_sim.rig import T0

STATUS: dict[str, Any] = {
    "device": "bn-s01",
    "playing": [],
    "online": False,
    "clock": "drifting",
    "time": "07:00",
    "battery_pct": 61,
    "storage_free_mib": 300,
    "storage_total_mib": 512,
    "receipts_waiting": 4,
    "faults": ["amplifier", "<b>"],
}
RAW = {"Content-Type": "application/octet-stream", "Accept": "application/json"}


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def page(box: Box, tmp_path: Path) -> LocalPage:
    return LocalPage(HandOver(box), lambda: STATUS, tmp_path / "incoming")


@pytest.fixture
async def port(page: LocalPage) -> AsyncIterator[int]:
    async with listening(page.application(), "127.0.0.1", 0) as port:
        yield port


@pytest.fixture
async def phone(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client


async def test_a_phone_hands_over_a_bundle_and_takes_the_return_file_back(phone: httpx.AsyncClient, box: Box):
    answer = await phone.post("/bundle", content=bundle(), headers=RAW)
    told = answer.json()
    assert (answer.status_code, told["outcome"], told["contents"]) == (200, "taken", 1)
    assert box.taken == [told["bundle"]]
    back = await phone.get("/return.loa")
    assert back.headers["content-disposition"] == 'attachment; filename="bn-s01-return-3-7.loa"'
    assert read_back(back.content) == tuple(box.taken)


async def test_a_form_without_script_does_the_same_and_says_so_on_the_page(phone: httpx.AsyncClient, box: Box):
    sent = {"files": {"file": ("a.loa", bundle())}, "data": {"note": "x" * 1_000}}
    answer = await phone.post("/bundle?lang=vi", headers={"Accept": "text/html"}, **sent)
    assert answer.status_code == 200
    assert words.outcome("taken", "vi") in answer.text
    assert len(box.taken) == 1
    again = await phone.post("/bundle", files={"file": ("a.txt", b"Xin chao" * 100)}, headers={"Accept": "text/html"})
    assert again.status_code == 422
    assert words.outcome("not_a_bundle", "vi") in again.text


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"PK\3\4 something else" * 100, "not_a_bundle"),
        (bundle()[:-5_000], "truncated"),
        (bundle() + b"more", "trailing"),
        (bundle(devices=("bn-s77",)), "wrong_village"),
        (bundle(expires_ms=T0 - 1), "expired"),
        (bundle(signer="enemy"), "unknown_signer"),
        (b"abc", "truncated"),
    ],
)
async def test_what_is_not_for_this_speaker_is_refused_in_words(
    phone: httpx.AsyncClient, box: Box, data: bytes, outcome: str
):
    answer = await phone.post("/bundle", content=data, headers=RAW | {"Accept-Language": "en"})
    assert answer.json()["outcome"] == outcome
    assert answer.status_code == 422
    assert answer.json()["text"] == words.OUTCOMES[outcome][1]
    assert box.taken == []


async def test_the_second_time_a_bundle_is_known(phone: httpx.AsyncClient):
    data = bundle()
    outcomes = [(await phone.post("/bundle", content=data, headers=RAW)).json()["outcome"] for _ in range(2)]
    assert outcomes == ["taken", "replayed"]


async def test_the_page_is_small_in_both_languages_and_shows_how_the_speaker_is(phone: httpx.AsyncClient):
    vi, en = await phone.get("/"), await phone.get("/", headers={"Accept-Language": "fr, en;q=0.8"})
    assert (vi.headers["content-language"], en.headers["content-language"]) == ("vi", "en")
    assert "Pin</dt><dd>61 %" in vi.text
    assert "amplifier" in en.text
    assert "<b>" not in en.text
    total = len(vi.content) + sum([len((await phone.get(path)).content) for path in ("/local.css", "/local.js")])
    assert total <= 30_000
    assert "default-src 'none'" in vi.headers["content-security-policy"]
    assert (await phone.get("/status.json")).json() == STATUS


async def test_every_word_is_there_in_both_languages():
    for pairs in (words.OUTCOMES, words.PAGE, words.FAULTS):
        assert all(vi.strip() and en.strip() for vi, en in pairs.values())
    assert words.outcome("no such thing", "en") == words.OUTCOMES["failed"][1]


async def test_one_at_a_time(phone: httpx.AsyncClient, box: Box, page: LocalPage):
    gate = asyncio.Event()
    inner = box.take_bundle

    async def slow(file: io.BytesIO) -> Any:
        await gate.wait()
        return await inner(file)

    box.take_bundle = slow  # type: ignore[method-assign]
    first = asyncio.create_task(phone.post("/bundle", content=bundle(), headers=RAW))
    await until(lambda: page._hand_over.busy)
    for busy in (await phone.post("/bundle", content=bundle(), headers=RAW), await phone.get("/return.loa")):
        assert (busy.status_code, busy.json()["outcome"]) == (503, "busy")
    gate.set()
    assert (await first).json()["outcome"] == "taken"


async def test_bundles_cannot_be_tried_without_end(phone: httpx.AsyncClient, box: Box):
    codes = [(await phone.post("/bundle", content=b"x" * 600, headers=RAW)).status_code for _ in range(14)]
    assert codes == [422] * 12 + [429] * 2
    assert box.tries == 12


def test_permits_come_back_with_time():
    bucket = Bucket(burst=2, every_s=10)
    assert [bucket.take(at) for at in (0, 0, 0, 9, 10, 10, 1_000, 1_000, 1_000)] == [
        True, True, False, False, True, False, True, True, False,
    ]  # fmt: skip


async def test_a_device_whose_flash_fails_says_so(phone: httpx.AsyncClient, box: Box):
    box.fails = True
    answer = await phone.post("/bundle", content=bundle(), headers=RAW)
    assert (answer.status_code, answer.json()["outcome"]) == (500, "failed")


async def test_too_much_is_refused_before_it_is_read(port: int, box: Box):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /bundle HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000000\r\n\r\n")
    head = await reader.readuntil(b"\r\n")
    writer.close()
    assert b"413" in head
    assert box.tries == 0


async def test_a_full_disk_refuses_a_bundle_and_keeps_nothing(
    phone: httpx.AsyncClient, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("firmware_sim.local.upload.KEEP_FREE_BYTES", 1 << 60)
    answer = await phone.post("/bundle", content=bundle(), headers=RAW)
    assert (answer.status_code, answer.json()["outcome"]) == (507, "full")
    assert box.tries == 0
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_bundles_that_come_in_together_leave_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mib, came = 1 << 20, 0
    usage = namedtuple("usage", "free")  # noqa: PYI024 - as shutil makes it
    monkeypatch.setattr(upload.shutil, "disk_usage", lambda _: usage(upload.KEEP_FREE_BYTES + (8 - came) * mib))
    together = [upload.Incoming(tmp_path) for _ in range(3)]
    for incoming in together * 4:
        with suppress(upload.Refusal):
            await incoming.write(bytes(mib))
            came += 1
    for incoming in together:
        incoming.close()
    assert came == 8


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /return.loa HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 400_000 + b"\r\n\r\n",
        b"DELETE /bundle HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /bundle HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /bundle HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc",
        (
            b"POST /bundle HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\n"
            b"Content-Length: 6\r\n\r\n--b\r\n\r"
        ),
        b"POST /bundle HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\n"
        b"Content-Length: 70005\r\n\r\n--a\r\n" + b"h" * 70_000,
    ],
)
async def test_what_is_no_proper_request_changes_nothing_and_the_page_stays(
    port: int, phone: httpx.AsyncClient, box: Box, sent: bytes
):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(60):
        head = await reader.readline()
    writer.close()
    assert head == b"" or head.split()[1][:1] == b"4", head
    assert box.tries == 0
    assert (await phone.get("/")).status_code == 200


async def test_an_upload_broken_off_is_thrown_away(port: int, box: Box, tmp_path: Path, page: LocalPage):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /bundle HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + bytes(50_000))
    await writer.drain()
    writer.close()
    del reader
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as other:
        assert (await other.post("/bundle", content=bundle(), headers=RAW)).json()["outcome"] == "taken"
    assert box.tries == 1
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_those_who_say_nothing_are_not_kept(page: LocalPage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket_side, "FIRST_REQUEST_S", 0.2)
    async with listening(page.application(), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HT")
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()


async def test_a_port_that_is_taken_is_said_plainly(port: int, page: LocalPage):
    with pytest.raises(Exception, match=r"firmware\.local_port"):
        async with listening(page.application(), "127.0.0.1", port):
            pass
