"""The limited process that touches foreign bytes: a file in, raw 16 kHz mono samples and a JSON verdict out.

Request on standard input: {"path", "out", "max_duration_s", "memory_mb", "cpu_s"}. Verdict on standard output: the
fields of `ingest.Verdict`, or {"ok": false, "code"} when it is no sound at all.
"""

import json
import sys
from pathlib import Path
from typing import Any

from audio.headers import promised
from audio.limits import MB, limit_this_process


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    samples_limit = request["max_duration_s"] * 16_000
    file_mb = samples_limit * 2 // MB + 64
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=file_mb)
    verdict = _decode(Path(request["path"]), Path(request["out"]), samples_limit)
    print(json.dumps(verdict))  # noqa: T201 - the answer of this process
    return 0


def _decode(path: Path, out: Path, samples_limit: int) -> dict[str, Any]:
    """Decode until the end or just past the limit."""
    from audio import codec  # only now: the limits must already hold when FFmpeg is loaded

    count = codec.DecodeCount()
    samples = peak = 0
    try:
        about = codec.probe(path)
        with out.open("wb") as raw:
            for chunk in codec.decode(path, count=count):
                raw.write(chunk.astype("<i2").tobytes())
                samples += len(chunk)
                peak = max(peak, int(abs(chunk.astype("i4")).max()))
                if samples > samples_limit:
                    break
    except codec.CodecError:
        return {"ok": False, "code": "audio.not_audio"}
    promise = promised(path, about.container, about.duration_ms)
    return {
        "ok": True,
        "samples": samples,
        "peak": peak,
        "over_limit": samples > samples_limit,
        "header_ms": promise.duration_ms,
        "header_exact": promise.exact,
        "packets": count.packets,
        "damaged": count.damaged,
    }


if __name__ == "__main__":
    sys.exit(main())
