"""The limited process that touches foreign bytes: a file in, raw 16 kHz mono samples and a JSON verdict out.

Request on standard input: {"path", "out", "max_duration_s", "trim", "memory_mb", "cpu_s"}; "trim" is the start and the
end in ms of what is wanted. Answer on standard output: lines of progress, then the fields of `ingest.Verdict`, or
{"ok": false, "code"} when it is no sound at all.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from audio.headers import promised
from audio.limits import MB, limit_this_process
from audio.progress import Progress, ProgressLines, part, say
from audio.trim import Cutter, Trim, tapped

if TYPE_CHECKING:
    from audio import codec
    from audio.codec import Pcm
    from audio.inspection import Inspector

RATE_HZ = 16_000
_tell = ProgressLines()


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    samples_limit = request["max_duration_s"] * RATE_HZ
    file_mb = samples_limit * 2 // MB + 64
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=file_mb)
    trim = Trim(*request["trim"])
    verdict = decode_into(Path(request["path"]), Path(request["out"]), samples_limit, trim)
    say(verdict)
    return 0


def decode_into(path: Path, out: Path, samples_limit: int, trim: Trim) -> dict[str, Any]:
    """Decode until the end or just past the limit; a second time if only one channel may be heard."""
    from audio import codec  # only now: the limits must already hold when FFmpeg is loaded
    from audio.inspection import Inspector

    count = codec.DecodeCount()
    try:
        about = codec.probe(path)
        promise = promised(path, about.container, about.duration_ms)
        expected = min((promise.duration_ms or 0) * 16, samples_limit)
        first = Inspector()
        samples = _pass(_Source(path, samples_limit, expected, trim, part(_tell, 0, 0.9)), out, first, count)
        side = first.phase().side
        heard = first if side is None else Inspector(side)
        if heard is not first:
            again = _Source(path, samples_limit, expected, trim, part(_tell, 0.9, 1))
            _pass(again, out, heard, codec.DecodeCount())
    except codec.CodecError:
        return {"ok": False, "code": "audio.not_audio"}
    return {
        "ok": True,
        "samples": samples,
        "peak": heard.highest,
        "over_limit": samples > samples_limit,
        "header_ms": promise.duration_ms,
        "header_exact": promise.exact,
        "packets": count.packets,
        "damaged": count.damaged,
        "inspection": heard.finished().to_map(),
    }


class _Source(NamedTuple):
    path: Path
    samples_limit: int
    expected: int
    """How many samples the file promises; 0 when it does not."""
    trim: Trim
    progress: Progress


def _pass(source: _Source, out: Path, inspector: "Inspector", count: "codec.DecodeCount") -> int:
    """Write what is heard of the wanted part; returns the samples of the whole, at most a second over the limit."""
    from audio import codec

    samples = 0
    cutter = Cutter(source.trim)
    tap = tapped(inspector.tap, source.trim)
    with out.open("wb") as raw:
        for chunk in _by_seconds(codec.decode_channels(source.path, count=count, tap=tap)):
            wanted = cutter.cut(chunk, RATE_HZ)
            if wanted.size:
                raw.write(inspector.add(wanted).astype("<i2", copy=False).tobytes())
            samples += chunk.shape[1]
            if source.expected:
                source.progress(samples / source.expected)
            if samples > source.samples_limit:
                break
    return samples


def _by_seconds(chunks: Iterable["Pcm"]) -> Iterator["Pcm"]:
    """The chunks of (channels, samples) joined to about a second each, as long as the channels stay the same."""
    import numpy as np

    pending: list[Pcm] = []
    for chunk in chunks:
        if pending and len(chunk) != len(pending[0]):
            yield np.concatenate(pending, axis=1)
            pending = []
        pending.append(chunk)
        if sum(each.shape[1] for each in pending) >= RATE_HZ:
            yield np.concatenate(pending, axis=1)
            pending = []
    if pending:
        yield np.concatenate(pending, axis=1)


if __name__ == "__main__":
    sys.exit(main())
