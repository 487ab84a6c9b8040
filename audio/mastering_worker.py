"""The process that masters and encodes, so that the server's event loop never waits for it.

Request on standard input: {"raw", "folder", "profile", "memory_mb", "cpu_s"}. Answer on standard output: {"ok": true,
"lufs", "true_peak_dbtp", "duration_ms"} with `mastered.flac` and one file a rendition in the folder, or
{"ok": false, "code"}.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from audio.limits import limit_this_process


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=2048)
    os.nice(5)  # what is on air goes before what is being prepared
    answer = _master(Path(request["raw"]), Path(request["folder"]), request["profile"])
    print(json.dumps(answer))  # noqa: T201 - the answer of this process
    return 0


def _master(raw: Path, folder: Path, profile: str) -> dict[str, Any]:
    import numpy as np

    from audio import codec, mastering
    from audio.renditions import RENDITIONS

    try:
        finished = mastering.master(np.memmap(raw, "<i2", "r"), profile=profile)
    except mastering.SilentError:
        return {"ok": False, "code": "audio.silent"}
    with (folder / "mastered.flac").open("wb") as out:
        codec.encode_flac(codec.pieces(finished.pcm), out=out)
    for spec in RENDITIONS:
        with (folder / spec.codec).open("wb") as out:
            codec.encode_opus(codec.pieces(finished.pcm), bitrate=spec.bitrate, out=out)
    return {
        "ok": True,
        "lufs": round(finished.lufs, 2),
        "true_peak_dbtp": round(finished.true_peak_dbtp, 2),
        "duration_ms": finished.duration_ms,
    }


if __name__ == "__main__":
    sys.exit(main())
