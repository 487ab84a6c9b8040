"""The players in real time: what lies in the file, what the sound card was asked for."""

import asyncio
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from devices.wire.content import Gap, Part, Tone
from devices.wire.orders import Repeat
from firmware_sim.card_player import SoundCardPlayer
from firmware_sim.effects import Sound
from firmware_sim.plan import SoundPlan
from firmware_sim.player import CONTENT_MISSING, Player, VirtualPlayer
from firmware_sim.wav_player import WavPlayer
from tests.support.until import until
from tests.unit.firmware_sim.rig import play, speech

LOW, HIGH = Tone(((500, 500, 600, 0),)), Tone(((1_500, 1_500, 300, 0),))


def _sound(*parts: Part, count: int = 1, position_ms: int = 0, volume: int = 100) -> Sound:
    item = play(parts=parts, repeat=Repeat(count, 0))
    return Sound("speaker", item.occurrence, 1, SoundPlan.of(item, ("vi",)), position_ms, volume, emergency=False)


MAKERS: dict[str, Callable[[Path], Player]] = {
    "virtual": lambda _folder: VirtualPlayer(),
    "wav": lambda folder: WavPlayer(folder, "bn-s01"),
    "card": lambda _folder: SoundCardPlayer(silent=True),
}


@pytest.fixture(params=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Callable[[Path], Player]:
    return MAKERS[request.param]


async def test_every_player_tells_once_that_it_has_come_to_the_end(make: Callable[[Path], Player], tmp_path: Path):
    player, ends = make(tmp_path), []
    player.sound(_sound(LOW), lambda _sha: None, lambda *end: ends.append(end))
    await until(lambda: bool(ends))
    assert ends == [(600, "")]
    player.close()


async def test_every_player_says_how_far_it_came_when_silenced_and_nothing_later(
    make: Callable[[Path], Player], tmp_path: Path
):
    player, ends = make(tmp_path), []
    sound = _sound(LOW, count=0, position_ms=10_000)
    player.sound(sound, lambda _sha: None, lambda *end: ends.append(end))
    await asyncio.sleep(0.3)
    assert player.silence("speaker", "another") == 0
    reached = player.silence("speaker", sound.occurrence)
    assert 10_100 <= reached <= 12_000
    assert player.silence("speaker", sound.occurrence) == 0
    player.close()
    assert ends == []


async def test_every_player_tells_of_speech_that_never_came(make: Callable[[Path], Player], tmp_path: Path):
    player, ends = make(tmp_path), []
    player.sound(_sound(Gap(50), speech(duration_ms=200)), lambda _sha: None, lambda *end: ends.append(end))
    await until(lambda: bool(ends))
    assert ends == [(250, CONTENT_MISSING)]
    player.close()


def _heard(path: Path) -> list[tuple[str, int, int]]:
    """Stretches of one pitch in the file: which, from, to in milliseconds.

    One frame alone is none: half silence and half a high tone, it has the crossings of a low one.
    """
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    names: list[str] = []
    for at in range(0, len(pcm) - 319, 320):
        frame = pcm[at : at + 320]
        loud = np.sqrt(np.mean(frame**2)) > 500
        crossings = int(np.sum(np.diff(np.signbit(frame))))
        names.append(("low" if crossings < 40 else "high") if loud else "")
    edges = [0, *[i for i in range(1, len(names)) if names[i] != names[i - 1]], len(names)]
    return [(names[a], a * 20, b * 20) for a, b in pairwise(edges) if names[a] and b - a > 1]


async def test_the_wav_file_holds_the_gap_and_the_interruption_where_they_were(tmp_path: Path):
    loop = asyncio.get_running_loop()
    player = WavPlayer(tmp_path, "bn-s01")
    began = loop.time()
    first, second, ends = _sound(LOW, LOW), _sound(HIGH), []
    player.sound(first, lambda _sha: None, lambda *end: ends.append(end))
    started = loop.time()
    await asyncio.sleep(0.4)
    reached = player.silence("speaker", first.occurrence)
    stopped = loop.time()
    player.sound(second, lambda _sha: None, lambda *end: ends.append(end))
    await until(lambda: bool(ends))
    player.close()
    (a, a_from, a_to), (b, b_from, b_to) = _heard(player.path("speaker"))
    assert (a, b) == ("low", "high")
    assert a_from == pytest.approx((started - began) * 1_000, abs=60)
    assert a_to - a_from == pytest.approx(reached, abs=60)
    assert a_to - a_from == pytest.approx((stopped - started) * 1_000, abs=80)
    assert b_from == pytest.approx(a_to, abs=60)
    assert b_to - b_from == pytest.approx(300, abs=60)
