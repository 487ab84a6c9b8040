"""Decodes many damaged files in one process bound like the real one; says which it is at before it touches it.

Arguments: a folder of files, where to write samples. A line of JSON each: {"file"} before, {"file", "answer"} after, at
the end {"peak_mb", "limit_mb"} of address space.
"""

import json
import re
import sys
from pathlib import Path

from audio.decode_worker import decode_into
from audio.limits import AudioLimits, limit_this_process
from audio.trim import Trim


def main() -> None:
    """Serve one run."""
    folder, out = map(Path, sys.argv[1:])
    limit_mb = AudioLimits().decode_memory_mb
    limit_this_process(memory_mb=limit_mb, cpu_s=60, file_mb=64)
    for path in sorted(folder.iterdir()):
        print(json.dumps({"file": path.name}), flush=True)  # noqa: T201 - the answer of this process
        answer = decode_into(path, out, 60 * 16_000, Trim())
        print(json.dumps({"file": path.name, "answer": answer}), flush=True)  # noqa: T201 - the same
    peak = re.search(r"VmPeak:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert peak
    print(json.dumps({"peak_mb": int(peak[1]) // 1024, "limit_mb": limit_mb}))  # noqa: T201 - the same


main()
