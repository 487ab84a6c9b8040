"""The kit on a command of ours, in this process and as people run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from conformance import kit
from conformance.options import Need, Options
from conformance.verdict import Verdict
from server.commands._judging import own_broker

ROOT = Path(__file__).parents[2]
REFERENCE = f"{sys.executable} -m firmware_sim run --config {{config}}"
LIMIT_S = 300


async def judged(folder: Path, command: str, *patterns: str, without: frozenset[Need] = frozenset()) -> list[Verdict]:
    """The verdicts on a device run by this command, of the rules named."""
    options = Options(folder=folder, prepare=own_broker, command=command, patterns=patterns, without=without)
    return await kit.run(options)


def loa_conformance(*words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, report and standard error of the command."""
    ended = subprocess.run(
        [sys.executable, "-m", "server", "conformance", "--json", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return ended.returncode, json.loads(ended.stdout or "{}"), ended.stderr
