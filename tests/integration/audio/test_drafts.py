"""What is listened to before it is used: early, once, and gone when nobody used it."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audio import codec
from audio import drafts as limits
from audio.drafts import Drafts, Wish
from audio.limits import AudioLimits
from audio.service import AudioService
from audio.speech.espeak import Espeak
from audio.store import ContentStore
from base.errors import NotFound, Refused, Unavailable
from tests.support.until import until

PLACE = "bao-nhai"
SHORT = "Mời bà con họp thôn."


class Counting(Espeak):
    """eSpeak that knows how often it spoke."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken: list[str] = []

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        self.spoken.append(text)
        await super().speak(text, voice_id, speed, out)


class Clock:
    """Seconds, moved by hand."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def engine():
    return Counting()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path: Path):
    return ContentStore(tmp_path / "content")


@pytest.fixture
async def drafts(engine: Counting, clock: Clock, store: ContentStore, tmp_path: Path) -> AsyncIterator[Drafts]:
    audio = AudioService(store, AudioLimits(), {"espeak": engine}, lambda: datetime(2026, 11, 21, tzinfo=UTC))
    made = Drafts(audio, tmp_path / "drafts", clock)
    yield made
    await made.close()
    assert list((tmp_path / "drafts").glob("*")) == []


def wish(text: str = SHORT, *, place_id: str = PLACE, voice: str = "vi", speed: float = 1.0) -> Wish:
    return Wish(place_id, text, text, "vi", voice, speed)


def kept(store: ContentStore):
    return [path for path in store.root.rglob("*") if path.is_file()]


async def test_what_is_heard_is_what_is_used_and_is_made_once(drafts: Drafts, engine: Counting, store: ContentStore):
    key = drafts.start(wish(), "lan")
    heard = (await drafts.heard(key, PLACE)).read_bytes()
    assert kept(store) == [], "listening leaves nothing in the store"

    assert drafts.start(wish(), "lan") == key
    prepared = await drafts.take(key, PLACE)
    again = await drafts.take(key, PLACE)

    assert store.path(prepared.renditions[0].sha256).read_bytes() == heard
    assert again == prepared
    assert engine.spoken == [SHORT]
    assert (prepared.source, prepared.voice, prepared.text, prepared.spoken) == ("speech", "vi", SHORT, SHORT)
    length_ms = sum(len(piece) for piece in codec.decode(store.path(prepared.renditions[0].sha256))) // 16
    assert length_ms == pytest.approx(prepared.duration_ms, abs=100)


async def test_it_can_be_heard_before_the_other_encodings_are_made(drafts: Drafts, tmp_path: Path):
    key = drafts.start(wish(" ".join([SHORT] * 60)), "lan")
    heard = await drafts.heard(key, PLACE)

    assert sum(len(piece) for piece in codec.decode(heard)) > 30 * 16_000
    assert not (heard.parent / "mastered.flac").exists()
    await drafts.take(key, PLACE)


@pytest.mark.parametrize("other", [wish("Khác."), wish(voice="vi-vn-x-south"), wish(speed=1.15), wish(place_id="khac")])
async def test_any_difference_makes_another_draft(other: Wish):
    assert other.key != wish().key


async def test_another_place_hears_nothing(drafts: Drafts):
    key = drafts.start(wish(), "lan")
    await drafts.heard(key, PLACE)
    for stranger in (drafts.heard, drafts.take):
        with pytest.raises(NotFound):
            await stranger(key, "another")
    with pytest.raises(NotFound):
        await drafts.heard("0" * 64, PLACE)


async def test_what_cannot_be_spoken_says_why_and_is_not_kept(drafts: Drafts, tmp_path: Path):
    for _ in range(2):
        key = drafts.start(wish("…"), "lan")
        with pytest.raises(Refused) as refused:
            await drafts.heard(key, PLACE)
        assert refused.value.code == "audio.text_unspeakable"
    with pytest.raises(NotFound):
        await drafts.heard(key, PLACE)
    assert list((tmp_path / "drafts").iterdir()) == []


async def test_one_person_does_not_take_every_place(drafts: Drafts):
    for number in range(limits.MOST_OF_ONE_PERSON):
        drafts.start(wish(f"{SHORT} {number}"), "lan")
    with pytest.raises(Unavailable) as refused:
        drafts.start(wish("Thêm."), "lan")
    assert refused.value.code == "audio.drafts_busy"
    drafts.start(wish("Thêm."), "hoa")


async def test_old_ones_make_room(drafts: Drafts, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 2)
    keys = []
    for word in ("Bản tin thứ nhất.", "Bản tin thứ hai.", "Bản tin thứ ba."):
        keys.append(drafts.start(wish(word), "lan"))
        await drafts.take(keys[-1], PLACE)
    with pytest.raises(NotFound):
        await drafts.heard(keys[0], PLACE)
    assert await drafts.heard(keys[1], PLACE)

    clock.now_s += limits.KEPT_S
    await drafts.take(drafts.start(wish("Bản tin thứ tư."), "lan"), PLACE)
    assert len(list((tmp_path / "drafts").iterdir())) == 1


async def test_closing_ends_what_is_under_way(drafts: Drafts, tmp_path: Path):
    key = drafts.start(wish(" ".join([SHORT] * 400)), "lan")
    waiting = asyncio.create_task(drafts.heard(key, PLACE))
    await until(lambda: any(tmp_path.glob("drafts/draft-*/raw")))
    await drafts.close()

    with pytest.raises(NotFound):
        await waiting
    assert list((tmp_path / "drafts").iterdir()) == []
    assert _children() == []


def _children() -> list[str]:
    """Processes of ours that master or decode."""
    mine = os.getpid()
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
            command = (entry.parent / "cmdline").read_bytes()
        except OSError:  # it ended while we looked
            continue
        if int(fields[1]) == mine and fields[0] != "Z" and b"audio." in command:
            found.append(command.decode())
    return found
