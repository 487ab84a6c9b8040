"""Decodes many damaged files in one process bound like the real one; says which it is at before it touches it.

Arguments: a folder of files, where to write samples. A line of JSON each: {"file"} before, {"file", "answer"} after.
"""

import json
import sys
from pathlib import Path

from audio.decode_worker import decode_into
from audio.limits import AudioLimits, limit_this_process


def main() -> None:
    """Serve one run."""
    folder, out = map(Path, sys.argv[1:])
    limit_this_process(memory_mb=AudioLimits().decode_memory_mb, cpu_s=60, file_mb=64)
    for path in sorted(folder.iterdir()):
        print(json.dumps({"file": path.name}), flush=True)  # noqa: T201 - the answer of this process
        answer = decode_into(path, out, 60 * 16_000)
        print(json.dumps({"file": path.name, "answer": answer}), flush=True)  # noqa: T201 - the same


main()
