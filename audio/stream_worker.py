"""The limited process that listens to the first seconds of a station's stream: a file in, what it is and how loud out.

Request on standard input: {"path", "memory_mb", "cpu_s"}. Answer on standard output: {"ok": true, "codec", "rate_hz",
"channels", "duration_ms", "level_dbfs"}, or {"ok": false} when it is no sound.
"""

import json
import sys
from math import log10
from pathlib import Path
from typing import Any

from audio.limits import limit_this_process
from audio.progress import say

RATE_HZ = 16_000
SILENT_DBFS = -120.0
_FULL = 32_768.0


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=0)
    say(listen(Path(request["path"])))
    return 0


def listen(path: Path) -> dict[str, Any]:
    """What the file holds, decoded to its end as a speaker does it; level_dbfs: root mean square of it mixed to one."""
    import numpy as np  # only now: the limits must already hold when FFmpeg is loaded

    from audio import codec

    samples, energy = 0, 0.0
    try:
        about = codec.probe(path, codec.LIVE_FORMATS)
        with path.open("rb") as stream:
            for chunk in codec.decode_live(stream):
                samples += len(chunk)
                energy += float(np.sum(np.square(chunk.astype(np.float64) / _FULL)))
    except codec.CodecError:
        samples = 0
    if not samples:
        return {"ok": False}
    level = 10 * log10(energy / samples) if energy else SILENT_DBFS
    return {
        "ok": True,
        "codec": about.codec.removesuffix("float"),  # FFmpeg decodes MP3 with what it calls mp3float
        "rate_hz": about.rate_hz,
        "channels": about.channels,
        "duration_ms": samples * 1_000 // RATE_HZ,
        "level_dbfs": round(max(level, SILENT_DBFS), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
