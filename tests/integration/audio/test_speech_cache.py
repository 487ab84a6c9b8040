import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audio.speech.cache import SpeechCache
from audio.speech.cached import CachedEngine, cache_key
from audio.speech.espeak import Espeak
from base.errors import Unavailable


class Counting(Espeak):
    """eSpeak that counts how often it was asked."""

    asked = 0

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        self.asked += 1
        await super().speak(text, voice_id, speed, out)


class Held(Espeak):
    """An engine that writes half a file, then waits."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.asked = 0
        self.stopped = False

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        self.asked += 1
        await asyncio.to_thread(out.write_bytes, b"half")
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.stopped = True
            raise
        await asyncio.to_thread(out.write_bytes, b"whole")


class Failing(Espeak):
    """An engine whose service is down."""

    asked = 0

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        raise Unavailable("audio.speech_failed", engine="down", answer="503")


@pytest.fixture
def folder(tmp_path: Path):
    return tmp_path / "spoken"


def files(folder: Path):
    return sorted(path.name for path in folder.iterdir())


async def test_the_second_time_the_same_sound_comes_from_the_cache(folder: Path, tmp_path: Path):
    engine = Counting()
    first, again = tmp_path / "1.wav", tmp_path / "2.wav"
    await CachedEngine(engine, SpeechCache(folder, 10_000_000)).speak("Xin chào", "vi", 1.0, first)
    await CachedEngine(engine, SpeechCache(folder, 10_000_000)).speak("Xin chào", "vi", 1.0, again)
    assert engine.asked == 1
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize("other", [("Chào", "vi", 1.0), ("Xin chào", "vi-vn-x-south", 1.0), ("Xin chào", "vi", 1.1)])
async def test_another_text_voice_or_speed_is_synthesised(other: tuple[str, str, float], folder: Path, tmp_path: Path):
    engine = Counting()
    cached = CachedEngine(engine, SpeechCache(folder, 10_000_000))
    await cached.speak("Xin chào", "vi", 1.0, tmp_path / "1.wav")
    await cached.speak(*other, tmp_path / "2.wav")
    assert engine.asked == 2


def test_the_key_holds_everything_apart():
    base = ("espeak", "1", "vi", 1.0, "text")
    others = [("piper", *base[1:]), ("espeak", "2", *base[2:]), ("espeak", "1v", "i", 1.0, "text")]
    assert len({cache_key(*each) for each in (base, *others)}) == 4


async def test_the_same_asked_for_at_once_is_synthesised_once(folder: Path, tmp_path: Path):
    engine = Held()
    cached = CachedEngine(engine, SpeechCache(folder, 1000))
    outs = [tmp_path / f"{number}.wav" for number in range(5)]
    tasks = [asyncio.create_task(cached.speak("a", "vi", 1.0, out)) for out in outs]
    await engine.begun.wait()
    engine.go_on.set()
    await asyncio.gather(*tasks)
    assert engine.asked == 1
    assert [out.read_bytes() for out in outs] == [b"whole"] * 5
    assert len(files(folder)) == 1


async def test_when_one_of_two_gives_up_the_other_still_gets_its_sound(folder: Path, tmp_path: Path):
    engine = Held()
    cached = CachedEngine(engine, SpeechCache(folder, 1000))
    first = asyncio.create_task(cached.speak("a", "vi", 1.0, tmp_path / "1.wav"))
    second = asyncio.create_task(cached.speak("a", "vi", 1.0, tmp_path / "2.wav"))
    await engine.begun.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    engine.go_on.set()
    await second
    assert (engine.asked, engine.stopped) == (1, False)
    assert (tmp_path / "2.wav").read_bytes() == b"whole"


async def test_when_all_give_up_the_synthesis_stops_and_leaves_nothing(folder: Path, tmp_path: Path):
    engine = Held()
    task = asyncio.create_task(
        CachedEngine(engine, SpeechCache(folder, 1000)).speak("a", "vi", 1.0, tmp_path / "1.wav")
    )
    await engine.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.stopped
    assert files(folder) == []
    assert not (tmp_path / "1.wav").exists()


async def test_an_error_goes_to_all_who_wait_and_is_not_kept(folder: Path, tmp_path: Path):
    engine = Failing()
    cached = CachedEngine(engine, SpeechCache(folder, 1000))
    waiting = [cached.speak("a", "vi", 1.0, tmp_path / f"{number}.wav") for number in range(3)]
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [getattr(end, "code", None) for end in ends] == ["audio.speech_failed"] * 3
    assert engine.asked == 1
    assert files(folder) == []
    with pytest.raises(Unavailable):
        await cached.speak("a", "vi", 1.0, tmp_path / "again.wav")
    assert engine.asked == 2


def kept(cache: SpeechCache, key: str, content: bytes):
    with cache.workplace() as place:
        made = Path(place) / "speech.wav"
        made.write_bytes(content)
        cache.keep(key, made)


def test_a_file_that_changed_on_disk_is_removed_and_not_taken(folder: Path, tmp_path: Path):
    cache = SpeechCache(folder, 1000)
    kept(cache, "a" * 64, b"sound")
    (file,) = folder.iterdir()
    file.write_bytes(b"sounD")
    assert not cache.take("a" * 64, tmp_path / "out")
    assert files(folder) == []


def test_the_least_recently_used_goes_first(folder: Path, tmp_path: Path):
    cache = SpeechCache(folder, 300)
    for age, name in enumerate("abc"):
        kept(cache, name * 64, name.encode() * 100)
        (file,) = folder.glob(f"{name}*")
        os.utime(file, (1000 + age, 1000 + age))
    assert cache.take("a" * 64, tmp_path / "out")
    kept(cache, "d" * 64, b"d" * 100)
    assert [name[0] for name in files(folder)] == ["a", "c", "d"]


def test_what_is_larger_than_the_cache_pushes_nothing_out(folder: Path):
    cache = SpeechCache(folder, 300)
    kept(cache, "a" * 64, b"a" * 100)
    kept(cache, "b" * 64, b"b" * 301)
    assert [name[0] for name in files(folder)] == ["a"]


async def test_what_is_larger_than_the_cache_is_still_spoken(folder: Path, tmp_path: Path):
    await CachedEngine(Counting(), SpeechCache(folder, 10)).speak("Xin chào", "vi", 1.0, tmp_path / "1.wav")
    assert (tmp_path / "1.wav").stat().st_size > 10
    assert files(folder) == []


def test_a_process_killed_in_the_middle_leaves_nothing_that_is_taken(folder: Path, tmp_path: Path):
    program = f"""
import asyncio, os, signal, sys
from pathlib import Path
from audio.speech.cache import SpeechCache
from audio.speech.cached import CachedEngine
from audio.speech.espeak import Espeak

class Dying(Espeak):
    async def speak(self, text, voice_id, speed, out):
        out.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

cached = CachedEngine(Dying(), SpeechCache(Path({str(folder)!r}), 1000))
asyncio.run(cached.speak("a", "vi", 1.0, Path({str(tmp_path / "out")!r})))
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False)
    assert ended.returncode == -signal.SIGKILL
    cache = SpeechCache(folder, 1000)
    assert len(files(folder)) == 1
    assert not cache.take(cache_key("espeak", Espeak().version("vi"), "vi", 1.0, "a"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_crash_left_is_never_taken_and_goes_after_a_day(folder: Path, tmp_path: Path):
    first = SpeechCache(folder, 1000)
    crashed, at_work = first.workplace(), first.workplace()
    (Path(crashed.name) / "speech.wav").write_bytes(b"half")
    os.utime(crashed.name, (1, 1))
    again = SpeechCache(folder, 1000)
    assert not again.take("a" * 64, tmp_path / "out")
    assert files(folder) == [Path(at_work.name).name]
    at_work.cleanup()
    crashed.cleanup()
