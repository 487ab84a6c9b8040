"""The limited process that reads a PDF somebody uploaded: a JSON request in, a verdict out.

Request on standard input: {"pdf", "paper" (paths), "anchors" (PEM), "now", "not_before", "memory_mb", "cpu_s"}. Answer:
the fields of `verdict.Verdict`, or {"ok": false, "code", "params"}.
"""

import asyncio
import json
import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from audio.limits import limit_this_process
from audio.progress import say


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=1)
    logging.disable(logging.CRITICAL)
    say(_answer(request))
    return 0


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from schedules.signing.checking import Question, Unfit, check  # only now: the limits must already hold

    question = Question(
        Path(request["pdf"]).read_bytes(),
        Path(request["paper"]).read_bytes(),
        request["anchors"],
        datetime.fromisoformat(request["now"]),
        datetime.fromisoformat(request["not_before"]),
    )
    try:
        return asyncio.run(check(question))
    except Unfit as found:
        return {"ok": False, "code": found.code, "params": found.params}
    except Exception as error:  # noqa: BLE001 - a damaged or hostile file may break the reader anywhere
        return {"ok": False, "code": "schedules.signed_unreadable", "params": {"part": type(error).__name__}}


if __name__ == "__main__":
    sys.exit(main())
