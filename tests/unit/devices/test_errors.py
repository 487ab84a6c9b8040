import re
from pathlib import Path

import devices
from devices.errors import MESSAGES


def test_every_code_the_room_raises_has_a_text_and_every_text_a_code() -> None:
    root = Path(devices.__file__).parent
    sources = "".join(path.read_text("utf-8") for path in root.rglob("*.py") if path.name != "errors.py")
    raised = set(re.findall(r'\(\s*"(devices\.[a-z_]+)"', sources))
    raised -= set(re.findall(r'_log\.\w+\(\s*"(devices\.[a-z_]+)"', sources))
    raised -= set(re.findall(r'(?:_logged|_quiet\.warning)\(\s*"(devices\.[a-z_]+)"', sources))
    assert raised == set(MESSAGES)
