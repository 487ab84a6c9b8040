"""Sounds prepared in the background over the REST interface: how far, how it ended, and that nothing is left over."""

import asyncio
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from httpx import AsyncClient, Response

from audio import codec
from server.auth.models import Role
from server.jobs import prune
from server.sound_work import MOST_OF_A_PERSON
from tests.integration.server.conftest import Station, running_station
from tests.support.until import until

COMMUNE = "bao-nhai"
ASYNC = {"Prefer": "wait=5, respond-async; x=1"}
HALF_AN_HOUR = 30


@pytest.fixture(scope="session")
def minute_mp3(bulletin_wav: Path) -> bytes:
    """A minute of speech."""
    speech = np.concatenate(list(codec.decode(bulletin_wav)))
    out = io.BytesIO()
    codec.encode_mp3(iter([np.tile(speech, 1 + 60 * codec.RATE_HZ // len(speech))]), bitrate=32_000, out=out)
    return out.getvalue()


@pytest.fixture(scope="session")
def bulletin(bulletin_wav: Path) -> bytes:
    """Some seconds of speech."""
    return bulletin_wav.read_bytes()


async def send(client: AsyncClient, content: bytes, *, headers: dict[str, str] = ASYNC, **fields: Any) -> Response:
    form = {"place_id": COMMUNE, "title": "Thử"} | fields
    return await client.post("/api/v1/assets", data=form, files={"file": ("thử.mp3", content)}, headers=headers)


async def ended(client: AsyncClient, sent: Response) -> dict[str, Any]:
    """How the work ended."""
    assert sent.status_code == 202, sent.text
    found: dict[str, Any] = {}

    async def is_over() -> bool:
        found.update((await client.get(sent.headers["location"])).json())
        return found["state"] in {"done", "failed", "cancelled"}

    await until(is_over)
    return found


async def is_at_work(client: AsyncClient, sent: Response) -> bool:
    found = (await client.get(sent.headers["location"])).json()
    return found["state"] == "working" and found["share"] > 0.01


def workers() -> Iterator[int]:
    """Processes of ours that work on a sound."""
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"_worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                yield int(child)


def leftovers(station: Station) -> list[Path]:
    """Staged uploads, half files and content."""
    runtime = station.runtime
    return [*runtime.uploads.iterdir(), *(path for path in runtime.store.root.rglob("*") if path.is_file())]


async def test_a_sound_prepared_in_the_background_is_told_of_to_its_end(station: Station, minute_mp3: bytes):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    sent = await send(operator, minute_mp3, language="vi", source="recording", start_ms=2_000, end_ms=22_000)
    assert sent.headers["preference-applied"] == "respond-async"
    assert sent.json()["state"] in {"waiting", "working"}
    work = await ended(operator, sent)
    assert (work["state"], work["share"], work["ahead"], work["problem"]) == ("done", 1, 0, None)

    asset = (await operator.get(f"/api/v1/assets/{work['asset_id']}")).json()
    assert (asset["source"], asset["language"], asset["title"]) == ("recording", "vi", "Thử")
    assert asset["report"]["before"]["duration_ms"] == pytest.approx(20_000, abs=1)
    assert asset["report"]["after"]["lufs"] == pytest.approx(-14, abs=0.7)
    assert asset["report"]["warnings"] == []
    outline = (await operator.get(f"/api/v1/assets/{work['asset_id']}/waveform")).json()
    assert len(outline["lowest"]) == len(outline["highest"]) == 1_000
    assert list(station.runtime.uploads.iterdir()) == []


async def test_without_the_preference_the_answer_is_the_sound(station: Station, bulletin: bytes):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    music = await send(operator, bulletin, headers={"Prefer": "wait=1"}, profile="music", quieten="true")
    assert music.status_code == 201, music.text
    assert music.json()["lufs"] == pytest.approx(-16, abs=0.7)
    assert music.json()["source"] == "upload"


async def test_a_file_that_fails_says_why(station: Station):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    work = await ended(operator, await send(operator, b"no sound at all" * 100))
    assert (work["state"], work["asset_id"], work["problem"]["code"]) == ("failed", None, "audio.not_audio")
    assert "thử.mp3" in work["problem"]["detail"]
    assert leftovers(station) == []


WRONG_PARTS = [
    ({"start_ms": "-1"}, "audio.trim_wrong"),
    ({"start_ms": "3000", "end_ms": "3000"}, "audio.trim_wrong"),
    ({"end_ms": str(10**18)}, "audio.trim_wrong"),
    ({"start_ms": "3600000"}, "audio.trim_outside"),
    ({"start_ms": "1000", "end_ms": "1001"}, "audio.too_short"),
    ({"start_ms": "1e3"}, "server.input_wrong"),
    ({"start_ms": "NaN"}, "server.input_wrong"),
    ({"start_ms": "9" * 400}, "server.input_wrong"),
    ({"start_ms": "9" * 5_000}, "server.input_wrong"),
    ({"language": "vi\0"}, "server.input_wrong"),
    ({"profile": "loudest"}, "server.input_wrong"),
    ({"source": "speech"}, "server.input_wrong"),
    ({"language": "x" * 17}, "server.input_wrong"),
    ({"quieten": "perhaps"}, "server.input_wrong"),
]


async def test_a_part_or_a_wish_that_cannot_be_is_refused(station: Station, bulletin: bytes):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    for fields, code in WRONG_PARTS:
        answer = await send(operator, bulletin, headers={}, **fields)
        assert (answer.status_code, answer.json()["code"]) == (422, code), fields
    assert leftovers(station) == []


async def test_cancelled_work_leaves_no_process_and_no_file(station: Station, minute_mp3: bytes):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    sent = await send(operator, minute_mp3 * HALF_AN_HOUR)
    await until(lambda: is_at_work(operator, sent))
    busy = list(workers())
    assert busy
    assert (await operator.delete(sent.headers["location"])).status_code == 204
    assert (await operator.get(sent.headers["location"])).json()["state"] == "cancelled"
    assert (await operator.delete(sent.headers["location"])).status_code == 204
    for pid in busy:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert leftovers(station) == []


async def test_behind_two_hours_of_sound_others_wait_in_order_and_a_short_one_does_not(
    station: Station, minute_mp3: bytes, bulletin: bytes
):
    operator, colleague = [await station.person((Role.OPERATOR, COMMUNE)) for _ in range(2)]
    sent = [await send(operator, minute_mp3 * HALF_AN_HOUR) for _ in range(MOST_OF_A_PERSON)]
    await until(lambda: is_at_work(operator, sent[0]))
    waiting = [(await operator.get(each.headers["location"])).json() for each in sent[1:]]
    assert [(work["state"], work["ahead"]) for work in waiting] == [("waiting", 1), ("waiting", 2), ("waiting", 3)]
    one_more = await send(operator, bulletin)
    assert (one_more.status_code, one_more.json()["code"]) == (429, "server.sound_work_yours")
    assert one_more.headers["retry-after"]

    short = await ended(colleague, await send(colleague, bulletin))
    assert short["state"] == "done"
    assert [(await operator.get(each.headers["location"])).json()["state"] for each in sent[1:]] == ["waiting"] * 3
    await asyncio.gather(*(operator.delete(each.headers["location"]) for each in sent))
    assert list(station.runtime.uploads.iterdir()) == []


async def test_a_server_that_stops_ends_its_work_and_then_knows_nothing_of_it(tmp_path: Path, minute_mp3: bytes):
    async with running_station(tmp_path) as station:
        operator = await station.person((Role.OPERATOR, COMMUNE))
        sent = await send(operator, minute_mp3 * HALF_AN_HOUR)
        await until(lambda: is_at_work(operator, sent))
    assert list(workers()) == []
    assert leftovers(station) == []
    async with running_station(tmp_path) as again:
        operator = await again.person((Role.OPERATOR, COMMUNE))
        gone = await operator.get(sent.headers["location"])
        assert (gone.status_code, gone.json()["code"]) == (404, "server.sound_work_unknown")


async def test_what_a_crash_left_a_day_ago_goes_without_another_start(station: Station):
    incoming = station.runtime.store.root / "incoming"
    for name, age_s in (("old", 90_000), ("at-work", 80_000)):
        (incoming / name).mkdir()
        (incoming / name / "raw").write_bytes(b"x")
        os.utime(incoming / name, (time.time() - age_s,) * 2)
    await prune(station.runtime)
    assert [path.name for path in incoming.iterdir()] == ["at-work"]


async def test_others_neither_see_nor_end_it(station: Station, minute_mp3: bytes):
    operator = await station.person((Role.OPERATOR, COMMUNE))
    stranger = await station.person((Role.OPERATOR, "bn-v01"))
    assert (await send(stranger, minute_mp3)).status_code == 403
    sent = await send(operator, minute_mp3 * HALF_AN_HOUR)
    for method in ("GET", "DELETE"):
        answer = await stranger.request(method, sent.headers["location"])
        assert (answer.status_code, answer.json()["code"]) == (403, "server.not_allowed")
    await operator.delete(sent.headers["location"])
