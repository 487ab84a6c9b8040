"""The general HTTP engine against real services of each kind."""

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from audio.speech.http import HttpEngine
from audio.speech.http_template import HttpTemplate
from base.errors import Unavailable
from tests.integration.audio.conftest import Encoder, Pcm
from tests.integration.audio.speech_service import (
    JOBS,
    SECRET,
    TEXT,
    VOICES,
    Asked,
    Handler,
    Start,
    duration_s,
    engine,
    failure,
    services,
    submit_then_poll,
)


@pytest.fixture
def start():
    with services() as start:
        yield start


@pytest.fixture(scope="module")
def mp3(speech: Pcm, encoded: Encoder):
    """Two seconds of speech as a service would send them."""
    return encoded(speech[:32_000], "mp3", rate_hz=44_100)


def names(folder: Path):
    return [path.name for path in folder.iterdir()]


async def test_a_service_that_answers_with_the_sound(start: Start, mp3: bytes, tmp_path: Path):
    service = start(lambda handler, asked: handler.answer(200, "audio/mpeg", mp3))
    speaking = engine(
        service,
        request={
            "url": "/tts/speech_synthesis",
            "json": {"text": "{text}", "voice": "{voice}", "speed": "{speed}", "token": "{key}"},
        },
        speed={"half": 0.7, "plain": 0.9, "double": 1.3, "decimals": 1},
    )
    await speaking.speak(TEXT, "tts.banmai", 2.0, tmp_path / "out.wav")
    assert duration_s(tmp_path / "out.wav") == pytest.approx(2, abs=0.2)
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/tts/speech_synthesis")
    assert json.loads(asked.body) == {"text": TEXT, "voice": "banmai", "speed": 1.3, "token": SECRET}
    assert names(tmp_path) == ["out.wav"]


@pytest.mark.parametrize("prefix", ["", "data:audio/mpeg;base64,"])
async def test_a_service_that_answers_with_base64_in_json(start: Start, mp3: bytes, prefix: str, tmp_path: Path):
    content = prefix + base64.b64encode(mp3).decode()
    service = start(lambda handler, asked: handler.json({"data": [{"audio": content}]}))
    speaking = engine(
        service,
        request={"url": "/v1?voice={voice}", "headers": {"api-key": "{key}"}, "form": {"input": "{text}"}},
        answer={"kind": "base64", "path": "data.0.audio"},
    )
    await speaking.speak(TEXT, "tts.banmai", 1.0, tmp_path / "out.wav")
    assert duration_s(tmp_path / "out.wav") == pytest.approx(2, abs=0.2)
    assert parse_qs(service.asked[0].body.decode()) == {"input": [TEXT]}
    assert service.asked[0].headers["api-key"] == SECRET


async def test_a_service_that_answers_with_an_address_where_the_sound_appears_later(
    start: Start, mp3: bytes, tmp_path: Path
):
    def answering(handler: Handler, asked: Asked):
        if asked.method == "POST":
            handler.json({"async": f"{handler.server.url}/files/1.mp3", "error": 0, "message": "later"})
        elif len(handler.server.asked) < 4:
            handler.answer(404, "text/html", b"<h1>not found</h1>")
        else:
            handler.answer(200, "audio/mpeg", mp3)

    service = start(answering)
    speaking = engine(
        service,
        request={"url": "/hmi/tts/v5", "headers": {"api-key": "{key}", "speed": "{speed}"}, "body": "{text}"},
        accepted={"path": "error", "values": [0]},
        answer={"kind": "url", "path": "async", "not_ready": [403, 404], "interval_s": 0.01},
        speed={"half": -3, "plain": 0, "double": 3, "decimals": 0},
    )
    await speaking.speak(TEXT, "tts.banmai", 0.5, tmp_path / "out.wav")
    assert duration_s(tmp_path / "out.wav") == pytest.approx(2, abs=0.2)
    submitted, *fetched = service.asked
    assert (submitted.body.decode(), submitted.headers["speed"]) == (TEXT, "-3")
    assert [asked.path for asked in fetched] == ["/files/1.mp3"] * 3
    assert all("api-key" not in asked.headers for asked in fetched)


async def test_a_service_with_jobs_to_ask_after(start: Start, mp3: bytes, tmp_path: Path):
    states = ["IN_PROGRESS", "IN_PROGRESS", "SUCCESS"]
    service = start(lambda handler, asked: submit_then_poll(handler, asked, mp3, states))
    await engine(service, **JOBS).speak(TEXT, "tts.banmai", 1.0, tmp_path / "out.wav")
    assert duration_s(tmp_path / "out.wav") == pytest.approx(2, abs=0.2)
    paths = [asked.path for asked in service.asked]
    assert paths == ["/api/v1/tts", *["/api/v1/tts/job%2F7"] * 3, "/7.mp3"]
    assert [asked.headers.get("authorization") for asked in service.asked] == [f"Bearer {SECRET}"] * 4 + [None]


async def test_a_long_text_goes_in_parts_and_comes_back_as_one(start: Start, mp3: bytes, tmp_path: Path):
    service = start(lambda handler, asked: handler.answer(200, "audio/mpeg", mp3))
    text = "Đề nghị bà con không qua suối. " * 4
    await engine(service, text_limit=70).speak(text, "tts.banmai", 1.0, tmp_path / "out.wav")
    assert [asked.body.decode() for asked in service.asked] == [text[:61].strip()] * 2
    assert duration_s(tmp_path / "out.wav") == pytest.approx(4.4, abs=0.3)


@pytest.mark.parametrize("key", ["", "\n"])
async def test_without_its_secret_nothing_is_sent(key: str, start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.answer(200, "audio/mpeg", b""))
    template = HttpTemplate.model_validate(
        {
            "name": "tts",
            "voices": VOICES,
            "secrets": {"key": "TTS_KEY"},
            "request": {"url": f"{service.url}/", "headers": {"api-key": "{key}"}, "body": "{text}"},
        }
    )
    code, params = await failure(HttpEngine(template, environment={"TTS_KEY": key}), tmp_path / "out.wav")
    assert (code, params["variable"]) == ("audio.engine_secret_missing", "TTS_KEY")
    assert service.asked == []


async def test_a_voice_the_settings_do_not_name_is_unavailable(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.answer(200, "audio/mpeg", b""))
    with pytest.raises(Unavailable):
        await engine(service).speak(TEXT, "tts.leminh", 1.0, tmp_path / "out.wav")
    assert service.asked == []


async def test_a_redirect_to_an_allowed_host_is_followed_without_our_secrets(start: Start, mp3: bytes, tmp_path: Path):
    store = start(lambda handler, asked: handler.answer(200, "audio/mpeg", mp3))
    address = store.url.replace("127.0.0.1", "localhost") + "/1.mp3"
    service = start(lambda handler, asked: handler.answer(303, "text/plain", b"", Location=address))
    await engine(service, hosts=["local*"]).speak(TEXT, "tts.banmai", 1.0, tmp_path / "out.wav")
    (asked,) = store.asked
    assert (asked.method, asked.body) == ("GET", b"")
    assert SECRET not in str(asked)
