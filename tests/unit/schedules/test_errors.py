"""Every code that is raised has a sentence, and its sentence only names what is given."""

import re
from pathlib import Path

import schedules
from schedules.errors import MESSAGES, REASONS

SOURCES = [path.read_text() for path in Path(schedules.__file__).parent.rglob("*.py") if path.name != "errors.py"]
RAISED = re.compile(r"^ +raise \w+\(\s*\"(schedules\.\w+)\"(.*?)\)(?: from \w+)?$", re.MULTILINE | re.DOTALL)


def test_every_code_raised_has_a_message_and_every_message_is_raised():
    raised = {code for source in SOURCES for code, _ in RAISED.findall(source)}
    assert raised == set(MESSAGES)


def test_a_message_names_only_parameters_its_error_gives():
    for source in SOURCES:
        for code, arguments in RAISED.findall(source):
            named = set(re.findall(r"\{(\w+)\}", MESSAGES[code]))
            given = set(re.findall(r"(\w+)=", arguments))
            assert named <= given, code


def test_every_reason_has_a_sentence():
    assert all(text.endswith(".") for text in REASONS.values())
