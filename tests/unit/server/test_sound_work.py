import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from audio.progress import Progress
from base.errors import NotFound, Refused
from server.errors import TooMany
from server.sound_work import KEPT_S, MOST_ENDED, MOST_OF_A_PERSON, MOST_OF_A_PLACE, SoundWork, Work, WorkState


@dataclass
class Bench:
    """A registry on a clock of its own, and sounds that are made when the test says so."""

    now_s: float = 0.0
    released: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.works = SoundWork(2, lambda: self.now_s)
        self.gates: dict[str, asyncio.Event] = {}

    def start(
        self, name: str, *, user: str = "u", place: str = "p", is_long: bool = False, error: Exception | None = None
    ) -> Work:
        gate = self.gates.setdefault(name, asyncio.Event())

        async def make(progress: Progress) -> str:
            self.begun.append(name)
            progress(0.25)
            await gate.wait()
            if error is not None:
                raise error
            return name

        async def then(made: str) -> str:
            return f"asset of {made}"

        work = Work(name=name, place_id=place, user_id=user, is_long=is_long)
        return self.works.start(work, make, then, lambda: self.released.append(name))

    async def finish(self, work: Work) -> None:
        self.gates[work.name].set()
        await self.works.wait(work)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_work_waits_works_and_becomes_a_sound(bench: Bench):
    work = bench.start("a")
    assert (work.state, work.share) == (WorkState.WAITING, 0)
    await settle()
    assert (work.state, work.share, bench.works.ahead(work)) == (WorkState.WORKING, 0.25, 0)
    await bench.finish(work)
    assert (work.state, work.share, work.asset_id) == (WorkState.DONE, 1, "asset of a")
    assert bench.released == ["a"]


async def test_long_ones_wait_for_each_other_and_short_ones_do_not_wait_for_them(bench: Bench):
    long = [bench.start(name, is_long=True) for name in ("one", "two", "three")]
    short = bench.start("short")
    await settle()
    assert bench.begun == ["one", "short"]
    assert [bench.works.ahead(work) for work in (*long, short)] == [0, 1, 2, 0]
    await bench.finish(long[0])
    await settle()
    assert bench.begun == ["one", "short", "two"]
    assert [bench.works.ahead(work) for work in long] == [0, 0, 1]
    await bench.works.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Refused("audio.silent", name="x"), "audio.silent"),
        (RuntimeError("unforeseen"), "server.unexpected"),
        (OSError(errno.ENOSPC, "No space left on device"), "server.disk_full"),
    ],
)
async def test_what_fails_says_why_and_releases_what_it_held(bench: Bench, error: Exception, expected: str):
    work = bench.start("a", error=error)
    await bench.finish(work)
    assert (work.state, work.error and work.error.code, work.asset_id) == (WorkState.FAILED, expected, None)
    assert bench.released == ["a"]


@pytest.mark.parametrize("begun", [False, True], ids=["before its first step", "while it works"])
async def test_cancelling_ends_it_wherever_it_is(bench: Bench, *, begun: bool):
    work = bench.start("a")
    if begun:
        await settle()
    bench.works.cancel(work.id)
    await bench.works.wait(work)
    assert (work.state, work.asset_id, bench.released) == (WorkState.CANCELLED, None, ["a"])
    bench.works.cancel(work.id)
    assert work.state is WorkState.CANCELLED


async def test_what_is_being_kept_is_kept(bench: Bench):
    keeping, kept = asyncio.Event(), asyncio.Event()

    async def make(_: Progress) -> str:
        return "made"

    async def then(_: str) -> str:
        keeping.set()
        await kept.wait()
        return "id"

    work = bench.works.start(Work(name="a", place_id="p", user_id="u"), make, then, lambda: None)
    await keeping.wait()
    bench.works.cancel(work.id)
    kept.set()
    await bench.works.wait(work)
    assert (work.state, work.asset_id) == (WorkState.DONE, "id")


async def test_a_person_and_a_place_may_have_so_much_going_on(bench: Bench):
    for number in range(MOST_OF_A_PERSON):
        bench.start(f"mine {number}")
    with pytest.raises(TooMany) as mine:
        bench.start("one more")
    assert (mine.value.code, mine.value.params["limit"]) == ("server.sound_work_yours", MOST_OF_A_PERSON)
    for number in range(MOST_OF_A_PLACE - MOST_OF_A_PERSON):
        bench.start(f"theirs {number}", user=f"u{number}")
    with pytest.raises(TooMany) as ours:
        bench.start("one more", user="somebody else")
    assert ours.value.code == "server.sound_work_full"
    bench.start("elsewhere", user="somebody else", place="q")
    await bench.works.close()
    assert "one more" not in bench.released
    bench.start("again")
    await bench.works.close()


async def test_closing_ends_everything(bench: Bench):
    works = [bench.start(name, user=name, is_long=name == "b") for name in "abc"]
    await settle()
    await bench.works.close()
    assert [work.state for work in works] == [WorkState.CANCELLED] * 3
    assert sorted(bench.released) == ["a", "b", "c"]


async def test_what_ended_is_known_for_an_hour(bench: Bench):
    work = bench.start("a")
    await bench.finish(work)
    bench.now_s = KEPT_S - 1
    assert bench.works.find(work.id) is work
    assert bench.works.of("p", "u") == [work]
    bench.now_s = KEPT_S + 1
    with pytest.raises(NotFound) as caught:
        bench.works.find(work.id)
    assert caught.value.code == "server.sound_work_unknown"


async def test_a_sound_that_is_used_is_no_longer_listed(bench: Bench):
    used, unused, going_on = bench.start("used"), bench.start("unused"), bench.start("going on")
    await bench.finish(used)
    await bench.finish(unused)
    bench.works.use(str(used.asset_id))
    assert bench.works.of("p", "u") == [going_on, unused]
    await bench.works.close()


async def test_no_more_is_remembered_than_fits(bench: Bench):
    works = []
    for number in range(MOST_ENDED + 3):
        work = bench.start(str(number))
        await bench.finish(work)
        works.append(work)
    assert len(bench.works.of("p", "u")) == MOST_ENDED
    assert bench.works.find(works[-1].id) is works[-1]


@pytest.mark.parametrize("known", [lambda works: works.find, lambda works: works.cancel])
async def test_what_never_was_is_not_found(bench: Bench, known: Callable[[SoundWork], Callable[[str], Work]]):
    with pytest.raises(NotFound):
        known(bench.works)("nonsense")
