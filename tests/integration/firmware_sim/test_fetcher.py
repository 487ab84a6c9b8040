"""Content comes whole or not at all, costs no byte twice, and the urgent goes first."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from devices.wire.content import Rendition
from firmware_sim.contents import ContentFolder, Contents
from firmware_sim.fetcher import CONCURRENCY, Fetcher
from firmware_sim.flash import Flash
from tests.integration.firmware_sim.breaking import break_writes, mend_writes
from tests.integration.firmware_sim.content_server import ContentServer, serving
from tests.support.until import until


@dataclass
class Bench:
    fetcher: Fetcher
    contents: Contents
    folder: ContentFolder
    flash: Flash
    stored: list[bytes] = field(default_factory=list)
    failed: list[tuple[bytes, str]] = field(default_factory=list)

    def want(self, sha: bytes, size: int, urgency_ms: int = 0, *, bank: bool = False, emergency: bool = False) -> None:
        self.fetcher.want(Rendition(sha, size, "opus16", 1_000), urgency_ms, bank=bank, emergency=emergency)

    @property
    def idle(self) -> bool:
        return not self.fetcher._wanted


@asynccontextmanager
async def bench(root: Path, urls: Callable[[], list[str]], capacity: int = 1 << 30) -> AsyncIterator[Bench]:
    flash, folder = Flash(root / "flash.db"), ContentFolder(root / "content")
    contents = Contents("bn-s01", folder, flash.slot("bn-s01"), capacity)
    await contents.load()
    async with httpx.AsyncClient(trust_env=False) as client:
        stored: list[bytes] = []
        failed: list[tuple[bytes, str]] = []
        fetcher = Fetcher(
            device="bn-s01",
            client=client,
            gate=asyncio.Semaphore(8),
            urls=urls,
            contents=contents,
            on_stored=stored.append,
            on_failed=lambda sha, reason: failed.append((sha, reason)),
            jitter=lambda: -0.4,
        )
        yield Bench(fetcher, contents, folder, flash, stored, failed)
        fetcher.close()
    flash.close()


def _urls(server: ContentServer) -> Callable[[], list[str]]:
    return lambda: [server.url]


async def test_every_cut_is_resumed_where_it_was(tmp_path: Path):
    data = os.urandom(100_000)
    async with serving("cut30000", "cut20000", "503", "cut0") as server, bench(tmp_path, _urls(server)) as b:
        sha = server.put(data)
        b.want(sha, len(data))
        await until(lambda: b.stored == [sha])
        assert b.folder.path(sha).read_bytes() == data
        assert server.sent_bytes == len(data), "no byte was sent twice"
        assert [wanted for _, wanted in server.requests] == [
            "",
            "bytes=30000-",
            "bytes=50000-",
            "bytes=50000-",
            "bytes=50000-",
        ]


async def test_a_part_is_taken_up_after_a_restart(tmp_path: Path):
    data = os.urandom(50_000)
    async with serving() as server:
        sha = server.put(data)
        async with bench(tmp_path, _urls(server)) as b:
            b.folder.part("bn-s01", sha).write_bytes(data[:40_000])
            b.want(sha, len(data))
            await until(lambda: b.stored == [sha])
        assert server.sent_bytes == 10_000
        async with bench(tmp_path, _urls(server)) as again:
            again.want(sha, len(data))
            await until(lambda: again.stored == [sha])
        assert len(server.requests) == 1, "what is here is not fetched again"


@pytest.mark.parametrize("spoilt", [bytes(5_000), b"", b"short"])
async def test_what_was_spoilt_on_disk_is_fetched_again(tmp_path: Path, spoilt: bytes):
    data = os.urandom(5_000)
    async with serving() as server:
        sha = server.put(data)
        async with bench(tmp_path, _urls(server)) as b:
            b.want(sha, len(data))
            await until(lambda: b.stored == [sha])
            b.folder.path(sha).write_bytes(spoilt)
        async with bench(tmp_path, _urls(server)) as again:
            again.want(sha, len(data))
            await until(lambda: again.stored == [sha])
            assert again.folder.path(sha).read_bytes() == data


async def test_corrupt_bytes_are_never_kept(tmp_path: Path):
    data = os.urandom(9_000)
    async with serving("corrupt", "long") as server, bench(tmp_path, _urls(server)) as b:
        sha = server.put(data)
        b.want(sha, len(data))
        await until(lambda: b.stored == [sha])
        assert b.folder.path(sha).read_bytes() == data
        assert len(server.requests) == 3


@pytest.mark.parametrize(("fault", "reason"), [("404", "not_found"), ("corrupt", "corrupt"), ("long", "corrupt")])
async def test_an_answer_that_stays_wrong_is_given_up(tmp_path: Path, fault: str, reason: str):
    async with serving(*[fault] * 9) as server, bench(tmp_path, _urls(server)) as b:
        sha = server.put(b"x" * 5_000)
        b.want(sha, 5_000)
        await until(lambda: b.failed == [(sha, reason)])
        assert not b.folder.path(sha).exists()
        assert list((tmp_path / "content" / "parts").iterdir()) == []


async def test_a_server_without_range_sends_it_whole_again(tmp_path: Path):
    data = os.urandom(20_000)
    async with serving("cut8000", "whole") as server, bench(tmp_path, _urls(server)) as b:
        sha = server.put(data)
        b.want(sha, len(data))
        await until(lambda: b.stored == [sha])
        assert b.folder.path(sha).read_bytes() == data


@pytest.mark.parametrize("dead", ["http://127.0.0.1:9/content", "http://xn--/content"])
async def test_another_address_is_tried_when_one_is_dead(tmp_path: Path, dead: str):
    async with serving() as server, bench(tmp_path, lambda: [dead, server.url]) as b:
        sha = server.put(b"here")
        b.want(sha, 4)
        await until(lambda: b.stored == [sha])


async def test_the_urgent_takes_the_place_of_the_less_urgent_and_at_most_two_run(tmp_path: Path):
    async with serving() as server, bench(tmp_path, _urls(server)) as b:
        server.pace_s = 0.01
        slow = [server.put(os.urandom(200_000)) for _ in range(4)]
        for place, sha in enumerate(slow):
            b.want(sha, 200_000, 1_000 + place)
        await until(lambda: server.open_now == CONCURRENCY)
        urgent = server.put(os.urandom(8_000))
        b.want(urgent, 8_000, 0)
        await until(lambda: bool(b.stored))
        assert b.stored == [urgent]
        server.pace_s = 0.0
        await until(lambda: len(b.stored) == 5)
        assert b.stored.index(slow[0]) < b.stored.index(slow[3])
        assert server.sent_bytes <= 808_000 + 200_000, "what gave way goes on where it was"


async def test_what_is_not_needed_goes_first_and_the_bank_only_for_an_emergency(tmp_path: Path):
    async with serving() as server, bench(tmp_path, _urls(server), capacity=25_000) as b:
        old, bank, new, big = (server.put(os.urandom(10_000)) for _ in range(4))
        b.want(old, 10_000)
        b.want(bank, 10_000, bank=True)
        await until(lambda: len(b.stored) == 2)
        b.fetcher.drop(old)
        b.want(new, 10_000)
        await until(lambda: new in b.stored)
        assert not b.folder.path(old).exists()
        assert b.folder.path(bank).exists()
        b.want(big, 10_000)
        await until(lambda: b.failed == [(big, "full")])
        assert b.folder.path(bank).exists(), "a bulletin does not push the sirens out"
        b.want(big, 10_000, emergency=True)
        await until(lambda: big in b.stored)
        assert b.failed[1:] == [(bank, "dropped")]
        last = server.put(os.urandom(10_000))
        b.want(last, 10_000, emergency=True)
        await until(lambda: (last, "full") in b.failed)
        assert b.contents.used_bytes == 20_000


async def test_content_that_flash_could_not_note_is_not_fetched_again(tmp_path: Path):
    async with serving() as server, bench(tmp_path, _urls(server)) as b:
        await break_writes(b.flash)
        sha = server.put(os.urandom(10_000))
        b.want(sha, 10_000)
        await until(lambda: b.fetcher._wanted[sha].tries == 1)
        await mend_writes(b.flash)
        await until(lambda: b.stored == [sha])
        assert b.idle
        assert len(server.requests) == 1
        assert list((tmp_path / "content" / "parts").iterdir()) == []


async def test_what_came_by_another_way_is_not_waited_for(tmp_path: Path):
    async with bench(tmp_path, list) as b:
        sha = bytes(32)
        b.want(sha, 10_000)
        await until(lambda: b.fetcher._wanted[sha].tries == 1)
        assert b.failed == [], "where there is no address nothing is given up"
        b.fetcher.here(sha)
        assert b.stored == [sha]
        assert b.idle


async def test_what_a_power_cut_left_of_a_moment_is_swept_away(tmp_path: Path):
    async with bench(tmp_path, list) as b:
        for suffix in (".courier", ".link", ".map-new", ".part"):
            for device in ("bn-s01", "bn-s01-x"):
                b.folder.part(device, bytes(32)).with_suffix(suffix).write_bytes(b"x")
    async with bench(tmp_path, list) as again:
        left = sorted(path.name for path in (tmp_path / "content" / "parts").iterdir())
        assert len(left) == 5
        assert again.folder.parts("bn-s01") == {bytes(32)}


async def test_what_is_dropped_while_it_comes_leaves_nothing(tmp_path: Path):
    async with serving() as server, bench(tmp_path, _urls(server)) as b:
        server.pace_s = 0.01
        sha = server.put(os.urandom(500_000))
        b.want(sha, 500_000)
        await until(lambda: server.sent_bytes > 8_000)
        b.fetcher.drop(sha)
        assert b.idle
        await until(lambda: server.open_now == 0)
        assert not b.folder.path(sha).exists()
        assert b.stored == []
