# ruff: noqa: ASYNC240
"""Previews are made once, kept within a bound, and never half."""

import asyncio
from pathlib import Path

import pytest

from base.errors import Refused
from server.preview_files import AT_ONCE, PreviewFiles


@pytest.fixture
def files(tmp_path: Path) -> PreviewFiles:
    made = PreviewFiles(tmp_path / "previews", most_bytes=2_500)
    made.sweep()
    return made


def writing(size: int, made: list[str], name: str = ""):
    async def make(out: Path) -> None:
        made.append(name)
        await asyncio.sleep(0)
        out.write_bytes(b"x" * size)

    return make


def names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "previews").iterdir())


async def test_many_who_ask_at_once_get_one_file_made_once(files: PreviewFiles):
    made: list[str] = []
    paths = await asyncio.gather(*(files.get("a", writing(10, made)) for _ in range(20)))
    assert len(set(paths)) == len(made) == 1
    assert await files.get("a", writing(10, made)) == paths[0]
    assert len(made) == 1


async def test_one_that_somebody_else_removed_is_made_again(files: PreviewFiles):
    made: list[str] = []
    (await files.get("a", writing(10, made))).unlink()
    assert (await files.get("a", writing(10, made))).exists()
    assert len(made) == 2


async def test_what_was_not_used_for_longest_makes_room(files: PreviewFiles, tmp_path: Path):
    made: list[str] = []
    for key in ("a", "b", "a", "c"):
        await files.get(key, writing(1_000, made, key))
    assert names(tmp_path) == ["a.flac", "c.flac"]
    assert made == ["a", "b", "c"]


async def test_one_that_is_larger_than_the_bound_is_kept_alone(files: PreviewFiles, tmp_path: Path):
    await files.get("a", writing(1_000, []))
    path = await files.get("b", writing(9_000, []))
    assert names(tmp_path) == ["b.flac"]
    assert path.stat().st_size == 9_000


async def test_a_failure_reaches_everybody_who_waits_leaves_nothing_and_is_tried_again(
    files: PreviewFiles, tmp_path: Path
):
    async def fail(out: Path) -> None:
        out.write_bytes(b"half")
        await asyncio.sleep(0)
        raise Refused("audio.preview_too_long", limit_min=120)

    answers = await asyncio.gather(*(files.get("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Refused] * 3
    assert names(tmp_path) == []
    assert (await files.get("a", writing(5, []))).read_bytes() == b"xxxxx"


async def test_who_goes_away_does_not_end_the_making(files: PreviewFiles, tmp_path: Path):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(out: Path) -> None:
        begun.set()
        await go_on.wait()
        out.write_bytes(b"whole")

    impatient = asyncio.create_task(files.get("a", slowly))
    await begun.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    go_on.set()
    assert (await files.get("a", slowly)).read_bytes() == b"whole"
    assert names(tmp_path) == ["a.flac"]


async def test_only_a_few_are_made_at_the_same_time(files: PreviewFiles):
    running: list[int] = []
    most = 0

    async def make(out: Path) -> None:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        for _ in range(5):
            await asyncio.sleep(0)
        running.pop()
        out.write_bytes(b"x")

    await asyncio.gather(*(files.get(str(number), make) for number in range(8)))
    assert most == AT_ONCE


async def test_a_sweep_leaves_nothing_of_before(files: PreviewFiles, tmp_path: Path):
    await files.get("a", writing(10, []))
    (tmp_path / "previews" / "half").write_bytes(b"x")
    files.sweep()
    assert names(tmp_path) == []
