"""What a worker process says on its standard output: how far it has come, then its answer; each a line of JSON."""

import json
import sys
from collections.abc import Callable
from typing import Any

Progress = Callable[[float], None]
"""Is told the share that is done, 0 to 1, never less than before."""
_STEP = 0.01


def unheard(_share: float) -> None:
    """For who does not want to know."""


def say(line: dict[str, Any]) -> None:
    """Write a line to the parent; the last one is the answer."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class ProgressLines:
    """Writes a line each time another hundredth is done. The parent gone, the write fails, and so ends the worker."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, share: float) -> None:
        """Say that this share, 0 to 1, is done."""
        if share >= self._told + _STEP:
            self._told = share
            say({"progress": round(min(share, 1.0), 3)})


def part(progress: Progress, start: float, end: float) -> Progress:
    """A step that makes up the stretch from `start` to `end` of the whole."""
    return lambda share: progress(start + (end - start) * min(max(share, 0.0), 1.0))
