"""Every code this room raises has its sentence, and every sentence's places are filled."""

import ast
import re
import string
from pathlib import Path

import audio
from audio.errors import MESSAGES

SOURCES = sorted(Path(audio.__file__).parent.rglob("*.py"))
RAISED = {"Refused", "NotFound", "Conflict", "Forbidden", "Unavailable"}


def raised():
    """(code, names of its parameters) of every error built in this room with a literal code."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield code.value, {keyword.arg for keyword in node.keywords}


def places(sentence: str):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_what_is_raised_has_a_sentence_whose_places_are_filled():
    found = list(raised())
    assert len(found) > 15
    for code, names in found:
        assert places(MESSAGES[code]) <= names, code


def test_every_sentence_is_used():
    text = "\n".join(path.read_text() for path in SOURCES if path.name != "errors.py")
    assert set(re.findall(r'"(audio\.[a-z_]+)"', text)) >= set(MESSAGES)


def test_what_a_worker_answers_has_a_sentence():
    for name in ("decode_worker.py", "mastering_worker.py"):
        text = next(path for path in SOURCES if path.name == name).read_text()
        codes = re.findall(r'"code": "(audio\.[a-z_]+)"', text)
        assert codes
        assert all(places(MESSAGES[code]) <= {"name"} for code in codes)
