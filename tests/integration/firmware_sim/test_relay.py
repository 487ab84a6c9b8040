"""A relay slot in real time: what is heard of a real stream over HTTP, and of what stands in for it."""

import asyncio
import hashlib
import io
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from audio.codec import RATE_HZ, encode_opus, pieces
from devices.wire.content import Fill, Part, Rendition, Speech, Stream, Tone, Version
from firmware_sim.effects import Sound
from firmware_sim.live import LiveStreams
from firmware_sim.plan import SoundPlan
from firmware_sim.player import VirtualPlayer
from firmware_sim.render import Rendering
from firmware_sim.streaming_player import StreamingPlayer
from firmware_sim.streams import BLOCK_MS
from firmware_sim.tallies import Tallies
from firmware_sim.wav_player import WavPlayer
from tests.support.station import Station
from tests.support.until import until
from tests.unit.firmware_sim.rig import play

STREAM_HZ, INSTEAD_HZ, ALARM_HZ = 700, 1_500, 2_500
_HEAD_BYTES = 44
DEAD = "http://127.0.0.1:9/live"
"""The port of `discard`, where nobody answers."""


def recording(folder: Path, hz: int, duration_ms: int) -> tuple[Speech, Callable[[bytes], Path | None]]:
    """A recorded tone, and where it is found."""
    at_s = np.arange(RATE_HZ * duration_ms // 1_000) / RATE_HZ
    out = io.BytesIO()
    encode_opus(pieces((np.sin(2 * np.pi * hz * at_s) * 8_000).astype(np.int16)), bitrate=16_000, out=out)
    sha = hashlib.sha256(out.getvalue()).digest()
    path = folder / sha.hex()
    path.write_bytes(out.getvalue())
    speech = Speech((Version("vi", (Rendition(sha, path.stat().st_size, "opus16", duration_ms),)),))
    return speech, lambda wanted: path if wanted == sha else None


def sound_of(*parts: Part) -> Sound:
    item = play(parts=parts)
    return Sound("speaker", item.occurrence, 1, SoundPlan.of(item, ("vi",)), 0, 100, emergency=False)


class Ear:
    """A speaker with a file in the place of its horn."""

    def __init__(self, folder: Path) -> None:
        self.player = WavPlayer(folder, "bn-s01", LiveStreams())
        self.ends: list[tuple[int, str]] = []

    def sound(self, sound: Sound, locate: Callable[[bytes], Path | None] = lambda _sha: None) -> None:
        self.player.sound(sound, locate, lambda *end: self.ends.append(end))

    async def end(self) -> str:
        await until(lambda: self.ends)
        return self.ends[0][1]

    def heard(self, output: str = "speaker") -> list[int]:
        """The pitch of every tenth of a second that was heard, to 100 Hz; 0 where it is silent. Ends the player."""
        path = self.player.path(output)
        self.player.close()
        with wave.open(str(path)) as file:
            return _pitches(file.readframes(file.getnframes()))

    def so_far(self, output: str = "speaker") -> list[int]:
        """The same up to now, while it goes on."""
        data = self.player.path(output).read_bytes()[_HEAD_BYTES:]
        return _pitches(data[: len(data) // 2 * 2])


def _pitches(data: bytes) -> list[int]:
    pcm = np.frombuffer(data, "<i2").astype(float)
    return [_pitch(pcm[at : at + 1_600]) for at in range(0, len(pcm) - 1_600, 1_600)]


def _pitch(block: np.ndarray) -> int:
    if np.sqrt(np.mean(block**2)) < 200:
        return 0
    strongest = int(np.argmax(np.abs(np.fft.rfft(block * np.hanning(len(block)))))) * 10
    return round(strongest / 100) * 100


@pytest.fixture
async def ear(tmp_path: Path) -> AsyncIterator[Ear]:
    made = Ear(tmp_path)
    yield made
    made.player.close()


async def tuned(ear: Ear, station: Station) -> None:
    """The stream is opened ahead of its time, and sounds."""
    live = ear.player._streams.tune(station.url)
    await until(lambda: live.quiet_ms < 500 and station.heard)


@pytest.mark.parametrize("kind", ["mp3", "opus"])
async def test_a_stream_that_was_opened_ahead_is_heard_from_the_first_moment_to_the_last(ear: Ear, kind: str):
    async with Station(kind, STREAM_HZ) as station:
        await tuned(ear, station)
        ear.sound(sound_of(Stream(station.url, 2_000, 1_000)))
        assert await ear.end() == ""
    heard = ear.heard()
    slot = heard[next(at for at, hz in enumerate(heard) if hz) :][:20]
    assert slot.count(STREAM_HZ) >= 18, heard


async def test_what_stands_in_for_a_dead_stream_sounds_once_and_the_slot_ends_at_its_time(ear: Ear, tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 800)
    ear.sound(sound_of(Stream(DEAD, 3_500, 1_000, instead)), locate)
    assert await ear.end() == "fallback"
    heard = ear.heard()
    first = heard.index(INSTEAD_HZ)
    assert 9 <= first <= 13
    assert 7 <= heard.count(INSTEAD_HZ) <= 9, "not once"
    assert ear.ends[0][0] == 3_500


async def test_what_stands_in_sounds_anew_as_long_as_the_stream_stays_dead(ear: Ear, tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 800)
    ear.sound(sound_of(Stream(DEAD, 4_700, 1_000, instead, 700)), locate)
    assert await ear.end() == "fallback"
    heard = ear.heard()
    rounds = [(hz, len(list(run))) for hz, run in groupby(heard) if hz in {0, INSTEAD_HZ}]
    assert [hz for hz, _ in rounds][:6] == [0, INSTEAD_HZ, 0, INSTEAD_HZ, 0, INSTEAD_HZ], heard
    assert all(7 <= long <= 9 for _, long in rounds[1:4:2]), heard
    assert all(5 <= long <= 10 for _, long in rounds[2:5:2]), heard


class Back:
    """A stream known to be dead that sounds again after half a second."""

    def __init__(self) -> None:
        self.tallies, self.quiet_ms, self._blocks = Tallies(), 60_000, 0

    def tune(self, _url: str) -> "Back":
        return self

    def read(self) -> np.ndarray | None:
        self._blocks += 1
        return np.full(BLOCK_MS * RATE_HZ // 1_000, 3_000, np.int16) if self._blocks > 5 else None

    def close(self) -> None: ...


def test_a_stream_that_is_back_follows_what_stood_in_without_a_hole(tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 800)
    sound = sound_of(Stream(DEAD, 3_000, 1_000, instead))
    heard = np.concatenate(list(Rendering(sound, locate, Back()).chunks()))
    sounding = np.flatnonzero(heard)
    assert np.count_nonzero(heard == 3_000) >= 2 * RATE_HZ
    assert np.diff(sounding).max() < RATE_HZ // 20


async def test_what_stands_in_without_a_pause_leaves_no_silence(ear: Ear, tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 800)
    ear.sound(sound_of(Stream(DEAD, 4_500, 1_000, instead, 0)), locate)
    assert await ear.end() == "fallback"
    heard = ear.heard()
    assert heard[heard.index(INSTEAD_HZ) :][:33].count(INSTEAD_HZ) >= 28, heard


async def test_a_stream_known_to_be_dead_is_not_waited_for(ear: Ear, tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 600)
    live = ear.player._streams.tune(DEAD)
    await until(lambda: live.quiet_ms > 1_200)
    ear.sound(sound_of(Stream(DEAD, 1_000, 1_000, instead)), locate)
    assert await ear.end() == "fallback"
    assert ear.heard()[-11:-5].count(INSTEAD_HZ) >= 4


async def test_a_stream_that_falls_silent_gives_way_and_comes_back_when_it_sounds(ear: Ear, tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 800)
    async with Station("mp3", STREAM_HZ) as station:
        await tuned(ear, station)
        ear.sound(sound_of(Stream(station.url, 8_000, 1_000, instead)), locate)
        await until(lambda: STREAM_HZ in ear.so_far())
        station.hz = 0
        live = ear.player._streams.tune(station.url)
        await until(lambda: live.quiet_ms > 1_500)
        station.hz = STREAM_HZ
        assert await ear.end() == "fallback"
    heard = ear.heard()
    first, last = heard.index(INSTEAD_HZ), len(heard) - 1 - heard[::-1].index(INSTEAD_HZ)
    assert STREAM_HZ in heard[:first]
    assert heard[first : last + 1].count(INSTEAD_HZ) == last + 1 - first, "the stream was mixed in"
    assert heard[last + 1 :].count(STREAM_HZ) >= 5


@pytest.mark.parametrize("how", ["closed", "stalled"])
async def test_a_stream_that_ends_or_stalls_for_most_of_its_slot_is_told_of(ear: Ear, how: str):
    async with Station("mp3", STREAM_HZ) as station:
        await tuned(ear, station)
        ear.sound(sound_of(Stream(station.url, 4_500, 1_000)))
        if how == "closed":
            await station.close()
        station.stalled = True
        assert await ear.end() == "silent_stream"
    heard = ear.heard()
    assert STREAM_HZ in heard
    assert set(heard[-20:]) == {0}


async def test_bytes_that_are_no_sound_are_a_dead_stream_and_harm_nothing(ear: Ear):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + bytes(range(256)) * 1_600)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/live"
    ear.sound(sound_of(Stream(url, 2_500, 1_000)))
    assert await ear.end() == "silent_stream"
    server.close()
    await server.wait_closed()


async def test_an_alarm_silences_a_stream_at_once_and_the_rest_is_live(ear: Ear):
    async with Station("mp3", STREAM_HZ) as station:
        await tuned(ear, station)
        slot = sound_of(Stream(station.url, 10_000, 1_000))
        ear.sound(slot)
        await until(lambda: ear.so_far()[-6:].count(STREAM_HZ) >= 5)
        reached = ear.player.silence("speaker", slot.occurrence)
        alarm = sound_of(Tone(((ALARM_HZ, ALARM_HZ, 600, 0),)))
        ear.sound(alarm)
        await ear.end()
        resumed = Sound("speaker", slot.occurrence, 2, slot.plan, reached, 100, emergency=False)
        ear.sound(resumed)
        await until(lambda: ear.so_far()[::-1].index(ALARM_HZ) >= 4 and STREAM_HZ in ear.so_far()[-3:])
    heard = ear.heard()
    begin = heard.index(ALARM_HZ)
    assert STREAM_HZ in heard[begin - 3 : begin]
    assert STREAM_HZ not in heard[begin : begin + 6]


async def test_two_outputs_of_one_device_hear_the_same_stream_whole(ear: Ear):
    async with Station("mp3", STREAM_HZ) as station:
        await tuned(ear, station)
        slot = sound_of(Stream(station.url, 3_500, 1_000))
        for output in ("speaker", "radio"):
            ear.sound(replace(slot, output=output))
        await until(lambda: len(ear.ends) == 2)
    for output in ("speaker", "radio"):
        assert ear.heard(output).count(STREAM_HZ) >= 32, output


async def test_a_speaker_without_a_horn_listens_too_and_says_what_it_found(tmp_path: Path):
    instead, locate = recording(tmp_path, INSTEAD_HZ, 400)
    player, ends = StreamingPlayer(VirtualPlayer(), LiveStreams()), []
    player.sound(sound_of(Stream(DEAD, 1_800, 1_000, instead)), locate, lambda *end: ends.append(end))
    await until(lambda: ends)
    player.close()
    assert ends == [(1_800, "fallback")]


async def test_a_fill_goes_round_until_what_follows_begins_at_its_time(ear: Ear, tmp_path: Path):
    music, locate = recording(tmp_path, INSTEAD_HZ, 500)
    ear.sound(sound_of(Fill(1_300, music), Tone(((ALARM_HZ, ALARM_HZ, 400, 0),))), locate)
    assert await ear.end() == ""
    heard = ear.heard()
    begin = next(at for at, hz in enumerate(heard) if hz)
    assert heard[begin : begin + 12].count(INSTEAD_HZ) >= 9
    assert 12 <= heard.index(ALARM_HZ) - begin <= 14
