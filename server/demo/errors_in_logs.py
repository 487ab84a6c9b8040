"""Finds what the processes of the demo logged as errors."""

import json
from collections.abc import Iterator
from pathlib import Path

MAX_ERRORS = 50
_PLAIN_MARKS = ("Traceback (most recent call last)", "[ERR]", "[FTL]", " Error:", "error:")


def errors_in(log: Path, offset: int = 0) -> list[str]:
    """The lines from `offset` bytes on that report an error, each with the log's name, at most `MAX_ERRORS`."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(offset)
        text = file.read().decode("utf-8", "replace")
    return [f"{log.stem}: {line}" for line in _errors(text)][:MAX_ERRORS]


def _errors(text: str) -> Iterator[str]:
    for line in text.splitlines():
        entry = _structured(line)
        if entry is None:
            if any(mark in line for mark in _PLAIN_MARKS):
                yield line.strip()
        elif entry.get("level") in {"error", "critical"}:
            yield f"{entry.get('event')} {entry.get('error', '')}".strip()


def _structured(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
