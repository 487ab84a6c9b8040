"""Speech services on this machine, for the tests of the HTTP engine: real servers that behave as they are told."""

import json
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from audio.speech.http import HttpEngine
from audio.speech.http_template import HttpTemplate
from base.errors import Unavailable

SECRET = "s3cr3t-key-42"
TEXT = "Kính thưa bà con. Mưa to & gió mạnh."
VOICES = [{"id": "banmai", "language": "vi", "title": "Ban Mai"}]


class Asked(NamedTuple):
    """One request as the service saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[["Handler", Asked], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the service's behaviour."""

    server: "Service"

    def answer(self, status: int, kind: str, content: bytes, **headers: str):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def json(self, document: Any, status: int = 200):
        self.answer(status, "application/json; charset=utf-8", json.dumps(document).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        self.server.asked.append(asked)
        self.server.answering(self, asked)

    do_GET = do_POST  # noqa: N815 - the name the base class calls

    def log_message(self, *args: Any):
        """Say nothing."""


class Service(ThreadingHTTPServer):
    """A service on this machine with a free port."""

    daemon_threads = True

    def __init__(self, answering: Answering) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answering = answering
        self.asked: list[Asked] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any):
        """A client that went away is what several tests are about."""


Start = Callable[[Answering], Service]


@contextmanager
def services() -> Iterator[Start]:
    """`start(answering)`: a running service; all end with the context."""
    running: list[tuple[Service, threading.Thread]] = []

    def start(answering: Answering) -> Service:
        service = Service(answering)
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        running.append((service, thread))
        return service

    yield start
    for service, thread in running:
        service.over.set()
        service.shutdown()
        service.server_close()
        thread.join()


def engine(service: Service, **settings: Any):
    """An engine at that service; the settings' addresses begin after the host."""
    settings = {"name": "tts", "voices": VOICES, "limit_s": 20, "secrets": {"key": "TTS_KEY"}} | settings
    settings.setdefault("request", {"url": "/", "headers": {"api-key": "{key}"}, "body": "{text}"})
    for part in ("request", "poll"):
        if part in settings:
            settings[part] = settings[part] | {"url": settings[part]["url"].replace("/", service.url + "/", 1)}
    return HttpEngine(HttpTemplate.model_validate(settings), environment={"TTS_KEY": SECRET})


def duration_s(path: Path):
    with wave.open(str(path)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 16_000)
        pcm = np.frombuffer(reader.readframes(reader.getnframes()), np.int16)
    assert np.abs(pcm.astype(int)).max() > 1000
    return len(pcm) / 16_000


async def failure(speaking: HttpEngine, out: Path):
    """What it raised: code and parameters; nothing may be left behind."""
    with pytest.raises(Unavailable) as caught:
        await speaking.speak(TEXT, "tts.banmai", 1.0, out)
    assert list(out.parent.iterdir()) == []
    assert SECRET not in str(caught.value)
    return caught.value.code, caught.value.params


def submit_then_poll(handler: Handler, asked: Asked, mp3: bytes, states: list[str]):
    """A service with jobs: submit, ask, fetch."""
    if asked.method == "POST":
        handler.json({"status": 1, "result": {"request_id": "job/7", "status": "IN_PROGRESS"}})
    elif asked.path.startswith("/api/v1/tts/"):
        state = states.pop(0) if len(states) > 1 else states[0]
        link = {"audio_link": f"{handler.server.url}/7.mp3"} if state == "SUCCESS" else {}
        handler.json({"status": 1, "result": {"status": state} | link})
    else:
        handler.answer(200, "audio/mpeg", mp3)


JOBS: dict[str, Any] = {
    "request": {
        "url": "/api/v1/tts",
        "headers": {"Authorization": "Bearer {key}"},
        "json": {"input_text": "{text}", "voice_code": "{voice}", "speed_rate": "{speed}"},
    },
    "accepted": {"path": "status", "values": [1]},
    "poll": {
        "url": "/api/v1/tts/{job}",
        "headers": {"Authorization": "Bearer {key}"},
        "job": "result.request_id",
        "done": {"path": "result.status", "values": ["SUCCESS"]},
        "failed": {"path": "result.status", "values": ["FAILURE"]},
        "interval_s": 0.01,
    },
    "answer": {"kind": "url", "path": "result.audio_link"},
}
