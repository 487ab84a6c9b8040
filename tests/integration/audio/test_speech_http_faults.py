"""The general HTTP engine against services that fail, lie, dawdle or lead astray."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.integration.audio.speech_service import (
    JOBS,
    SECRET,
    Asked,
    Handler,
    Start,
    engine,
    failure,
    services,
    submit_then_poll,
)


@pytest.fixture
def start():
    with services() as start:
        yield start


async def test_an_error_is_told_with_its_status_and_message_but_no_secret(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    service = start(lambda handler, asked: handler.json({"error": f"quota of {SECRET} is used up"}, 500))
    code, params = await failure(engine(service), tmp_path / "out.wav")
    assert (code, params["engine"]) == ("audio.speech_failed", "tts")
    assert params["answer"] == 'HTTP 500 application/json: {"error": "quota of … is used up"}'
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("kind", "content", "answer"),
    [
        ("text/html", b"<html>Please\n sign in</html>", "HTTP 200 text/html: <html>Please sign in</html>"),
        ("application/json", b'{"error": 1}', 'HTTP 200 application/json: {"error": 1}'),
        ("audio/mpeg", b"", "HTTP 200 audio/mpeg, 0 B"),
        ("audio/mpeg", b"<html>not what it says</html>" * 100, "audio.not_audio, 2900 B"),
        ("application/octet-stream", b"\0" * 5000, "audio.not_audio, 5000 B"),
    ],
)
async def test_what_is_no_sound_is_not_taken_for_one(
    start: Start, kind: str, content: bytes, answer: str, tmp_path: Path
):
    service = start(lambda handler, asked: handler.answer(200, kind, content))
    assert await failure(engine(service), tmp_path / "o.wav") == (
        "audio.speech_failed",
        {"engine": "tts", "answer": answer},
    )


@pytest.mark.parametrize(
    "document",
    [{}, {"data": 7.5}, {"data": "%%%"}, {"data": ""}, [], "x"],
    ids=["none", "number", "not base64", "", "list", "text"],
)
async def test_json_without_the_sound_is_told(start: Start, document: Any, tmp_path: Path):
    service = start(lambda handler, asked: handler.json(document))
    speaking = engine(service, answer={"kind": "base64", "path": "data"})
    code, params = await failure(speaking, tmp_path / "out.wav")
    assert code == "audio.speech_failed"
    assert json.dumps(document) in str(params["answer"])


@pytest.mark.parametrize("content", [b"{", b"[" * 200_000, b"\xff\xfe", b"1" * 10_000])
async def test_damaged_json_is_told(start: Start, content: bytes, tmp_path: Path):
    service = start(lambda handler, asked: handler.answer(200, "application/json", content))
    speaking = engine(service, answer={"kind": "base64", "path": "data"})
    assert (await failure(speaking, tmp_path / "out.wav"))[0] == "audio.speech_failed"


async def test_a_service_that_refuses_the_text_in_a_good_answer_is_told(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.json({"error": 3, "message": "text too short", "async": ""}))
    speaking = engine(service, accepted={"path": "error", "values": [0]}, answer={"kind": "url", "path": "async"})
    assert "text too short" in str((await failure(speaking, tmp_path / "out.wav"))[1]["answer"])


async def test_an_endless_answer_is_cut_off(start: Start, tmp_path: Path):
    sent: list[int] = []

    def answering(handler: Handler, asked: Asked):
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/mpeg")
        handler.end_headers()
        while not handler.server.over.is_set():
            sent.append(handler.wfile.write(bytes(65_536)))

    code, params = await failure(engine(start(answering), max_bytes=1_000_000), tmp_path / "out.wav")
    assert (code, params["answer"]) == ("audio.speech_failed", "> 1000000 B")
    assert sum(sent) < 64_000_000


async def test_a_slow_service_is_left_at_the_deadline(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.server.over.wait(30))
    code, params = await failure(engine(service, limit_s=0.2), tmp_path / "out.wav")
    assert (code, params["limit_s"]) == ("audio.speech_timeout", 0.2)


async def test_a_service_that_drips_is_left_at_the_deadline(start: Start, tmp_path: Path):
    def answering(handler: Handler, asked: Asked):
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/mpeg")
        handler.end_headers()
        while not handler.server.over.wait(0.01):
            handler.wfile.write(b".")

    assert (await failure(engine(start(answering), limit_s=0.3), tmp_path / "o.wav"))[0] == "audio.speech_timeout"


@pytest.mark.parametrize("states", [["IN_PROGRESS"], ["UNHEARD_OF"]])
async def test_a_job_that_is_never_done_is_left_at_the_deadline(start: Start, states: list[str], tmp_path: Path):
    service = start(lambda handler, asked: submit_then_poll(handler, asked, b"", states))
    assert (await failure(engine(service, **JOBS, limit_s=0.3), tmp_path / "out.wav"))[0] == "audio.speech_timeout"
    assert len(service.asked) > 2


async def test_a_job_that_failed_is_told_at_once(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: submit_then_poll(handler, asked, b"", ["FAILURE"]))
    code, params = await failure(engine(service, **JOBS), tmp_path / "out.wav")
    assert code == "audio.speech_failed"
    assert "FAILURE" in str(params["answer"])


async def test_a_sound_that_never_appears_is_left_at_the_deadline(start: Start, tmp_path: Path):
    def answering(handler: Handler, asked: Asked):
        if asked.method == "POST":
            handler.json({"async": f"{handler.server.url}/1.mp3"})
        else:
            handler.answer(404, "text/plain", b"")

    ready = {"kind": "url", "path": "async", "not_ready": [404], "interval_s": 0.01}
    code, _ = await failure(engine(start(answering), answer=ready, limit_s=0.3), tmp_path / "out.wav")
    assert code == "audio.speech_timeout"


async def test_redirects_in_a_circle_end(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.answer(302, "text/plain", b"", Location="/again"))
    code, params = await failure(engine(service, redirects=2), tmp_path / "out.wav")
    assert (code, params["answer"]) == ("audio.speech_failed", "> 2 redirects")
    assert len(service.asked) == 3


async def test_a_text_is_not_sent_on_to_another_origin(start: Start, tmp_path: Path):
    other = start(lambda handler, asked: handler.answer(200, "audio/mpeg", b""))
    service = start(lambda handler, asked: handler.answer(307, "text/plain", b"", Location=f"{other.url}/"))
    assert (await failure(engine(service), tmp_path / "out.wav"))[0] == "audio.engine_strayed"
    assert other.asked == []


@pytest.mark.parametrize(
    "address",
    ["http://localhost:1/1.mp3", "http://169.254.169.254/latest", "file:///etc/passwd", "ftp://127.0.0.1/1.mp3", "//x"],
)
async def test_an_address_outside_the_allowed_hosts_is_not_asked(start: Start, address: str, tmp_path: Path):
    service = start(lambda handler, asked: handler.json({"async": address}))
    speaking = engine(service, answer={"kind": "url", "path": "async"})
    code, _ = await failure(speaking, tmp_path / "out.wav")
    assert code == "audio.engine_strayed"
    assert len(service.asked) == 1


async def test_an_address_that_is_none_is_told(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.json({"async": "http://[::1"}))
    speaking = engine(service, answer={"kind": "url", "path": "async"})
    assert (await failure(speaking, tmp_path / "out.wav"))[0] == "audio.engine_unreachable"


async def test_a_service_that_is_not_there_is_unreachable(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: None)
    service.shutdown()
    service.server_close()
    code, params = await failure(engine(service), tmp_path / "out.wav")
    assert (code, params["problem"]) == ("audio.engine_unreachable", "ConnectError")


async def test_a_service_that_hangs_up_is_unreachable(start: Start, tmp_path: Path):
    service = start(lambda handler, asked: handler.connection.close())
    code, _ = await failure(engine(service), tmp_path / "out.wav")
    assert code == "audio.engine_unreachable"
