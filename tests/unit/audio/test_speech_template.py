import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import audio
from audio.speech.http_template import HttpTemplate

FINE: dict[str, Any] = {
    "name": "tts",
    "voices": [{"id": "nu", "language": "vi", "title": "Nữ"}],
    "secrets": {"key": "TTS_KEY"},
    "request": {"url": "https://tts.example/v1", "json": {"text": "{text}", "key": "{key}"}},
}
POLL = {"url": "https://tts.example/{job}", "job": "id", "done": {"path": "s", "values": ["ok"]}}


def test_a_sound_template_is_taken():
    template = HttpTemplate.model_validate(FINE | {"poll": POLL})
    assert template.request.method == "POST"
    assert template.poll is not None
    assert template.poll.method == "GET"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"request": {"url": "ftp://tts.example/", "body": "{text}"}}, "http"),
        ({"request": {"url": "file:///etc/passwd", "body": "{text}"}}, "http"),
        ({"request": {"url": "https://{voice}.example/", "body": "{text}"}}, "host"),
        ({"request": {"url": "https://me:secret@tts.example/", "body": "{text}"}}, "host"),
        ({"request": {"url": "{job}", "body": "{text}"}}, "address of its own"),
        ({"request": {"url": "https://tts.example/", "body": "hello"}}, "no {text}"),
        ({"request": {"url": "https://tts.example/", "body": "{text} {tone}"}}, "tone"),
        ({"request": {"url": "https://tts.example/", "body": "{text}", "form": {"a": "b"}}}, "one of"),
        ({"request": {"url": "https://tts.example/", "headers": {"t": "{text}"}, "body": "{text}"}}, "header"),
        ({"request": {"url": "https://tts.example/?key={key}", "body": "{text}"}}, "logs"),
        (
            {
                "request": {
                    "url": "https://a.example/",
                    "headers": {"Content-Type": "application/json"},
                    "body": "{text}",
                }
            },
            "escape",
        ),
        ({"poll": POLL | {"headers": {"x": "{unknown}"}}}, "unknown"),
        ({"secrets": {"text": "TTS_KEY"}}, "cannot be called"),
        ({"secrets": {"key": "sk-12345"}}, "pattern"),
        ({"answer": {"kind": "url"}}, "path"),
        ({"answer": {"kind": "audio", "path": "a.b"}}, "path"),
        ({"name": "Our TTS"}, "pattern"),
        ({"voices": []}, "voices"),
        ({"voices": FINE["voices"] * 2}, "same id"),
        ({"voices": [{"id": "v" * 61, "language": "vi", "title": "Nữ"}]}, "longer than 63"),
        ({"limit_s": 0}, "limit_s"),
        ({"time_limit": 3}, "time_limit"),
    ],
)
def test_a_template_that_cannot_work_or_would_leak_is_refused(change: dict[str, Any], says: str):
    with pytest.raises(ValidationError, match=says):
        HttpTemplate.model_validate(FINE | change)


def test_the_templates_in_the_handbook_are_sound():
    text = (Path(audio.__file__).parents[1] / "docs" / "speech-engines.md").read_text()
    found = [tomllib.loads(block)["speech"]["http"] for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    templates = [HttpTemplate.model_validate(each) for several in found for each in several]
    assert [template.name for template in templates] == ["viettel", "fpt", "vbee"]
    assert [template.poll is not None for template in templates] == [False, False, True]
