"""Trying a station: what it is and how loud, or why not; never into our own networks unless that is allowed."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from base.errors import Conflict, LoaError, Refused
from server import stream_trial
from server.stream_trial import StreamTrials
from tests.support.stream_answers import StationServer, hum, mp3, opus, station

OK = b"HTTP/1.0 200 OK\r\nContent-Type: %s\r\n\r\n"


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def problem(trials: StreamTrials, made: StationServer) -> LoaError:
    with pytest.raises(LoaError) as caught:
        await trials.listen(made.url, "VOV1")
    return caught.value


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StreamTrials:
    monkeypatch.setattr(stream_trial, "LISTEN_S", 0.3)
    return StreamTrials(tmp_path, private=True)


async def test_a_station_that_sounds_is_told_with_its_codec_rate_and_level(trials: StreamTrials, tmp_path: Path):
    async with station() as made:
        made.body = mp3(hum(3))
        found = await trials.listen(made.url, "VOV1")
        assert found.excerpt.codec.startswith("mp3")
        assert not found.silent
        assert -20 < found.excerpt.level_dbfs < -14, "a sine at a fifth of full scale"
        assert 24 <= found.kbit_s <= 40
        assert 2_800 < found.excerpt.duration_ms < 3_300
        made.head = b"ICY 200 OK\r\nicy-name: VOV1\r\ncontent-type: audio/ogg\r\n\r\n"
        made.body, made.hangs = opus(hum(2)), False
        found = await trials.listen(made.url, "VOV1")
        assert (found.excerpt.codec, found.silent) == ("opus", False)
    assert made.asked == [b"GET /live HTTP/1.0"] * 2
    assert not files_in(tmp_path)


async def test_a_station_that_sends_silence_is_told(trials: StreamTrials):
    async with station() as made:
        made.body = mp3(np.zeros(32_000, np.int16))
        assert (await trials.listen(made.url, "VOV1")).silent


async def test_a_sound_that_speakers_do_not_take_for_a_stream_is_none(trials: StreamTrials):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(hum(2).tobytes())
    async with station() as made:
        made.body = out.getvalue()
        assert (await problem(trials, made)).code == "audio.not_audio"


@pytest.mark.parametrize(
    ("head", "body", "code"),
    [
        (OK % b"audio/mpeg", b"", "server.stream_empty"),
        (OK % b"audio/mpeg", b"<html>not a station</html>" * 99, "audio.not_audio"),
        (OK % b"audio/x-mpegurl", b"#EXTM3U\nhttp://127.0.0.1/a.mp3\n", "server.stream_list"),
        (OK % b"audio/mpeg", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "audio.not_audio"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n", b"", "server.stream_answer"),
        (b"HTTP/1.0 302 Found\r\nLocation: /live\r\n\r\n", b"", "server.stream_answer"),
        (b"HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", b"", "schedules.relay_address_wrong"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"", "server.stream_unreachable"),
        (b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 9_000, b"", "server.stream_unreachable"),
    ],
)
async def test_what_is_no_station_is_told_and_why(trials: StreamTrials, head: bytes, body: bytes, code: str):
    async with station() as made:
        made.head, made.body, made.hangs = head, body, False
        assert (await problem(trials, made)).code == code


async def test_a_station_that_says_nothing_is_given_up(trials: StreamTrials, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_trial, "CONNECT_S", 0.1)
    async with station() as made:
        made.head = b"HTTP/1.0 200 OK\r\n"
        assert (await problem(trials, made)).code == "server.stream_unreachable"
    gone = await problem(trials, made)
    assert (gone.code, gone.params["problem"]) == ("server.stream_unreachable", "ConnectionRefusedError")


async def test_our_own_networks_are_not_opened_nor_reached_by_a_name_or_a_redirection(tmp_path: Path):
    trials = StreamTrials(tmp_path)
    async with station() as made:
        assert (await problem(trials, made)).code == "schedules.relay_address_private"
        for url in ("http://localhost/", "http://0x7f000001/", "http://ip6-localhost/a"):
            with pytest.raises(Refused, match="relay_address_private"):
                await trials.look_up(url)
    assert made.asked == []


async def test_a_redirection_out_of_what_is_allowed_is_not_followed(
    trials: StreamTrials, monkeypatch: pytest.MonkeyPatch
):
    async with station() as made, station() as inside:
        made.head = (
            b"HTTP/1.0 302 Found\r\nLocation: %s\r\n\r\n" % inside.url.replace("127.0.0.1", "127.0.0.2").encode()
        )

        def is_public(address: str) -> bool:
            return address == "127.0.0.1"

        monkeypatch.setattr(stream_trial, "is_public", is_public)
        monkeypatch.setattr(stream_trial, "check_address", lambda url, private: None)
        monkeypatch.setattr(trials, "_private", False)
        assert (await problem(trials, made)).code == "schedules.relay_address_private"
    assert inside.asked == []


async def test_only_a_few_are_tried_at_once(trials: StreamTrials, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stream_trial, "MAX_AT_ONCE", 0)
    with pytest.raises(Conflict, match="stream_busy"):
        await trials.listen("http://127.0.0.1:1/", "VOV1")
