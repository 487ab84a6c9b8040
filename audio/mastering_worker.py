"""The process that masters and encodes, so that the server's event loop never waits for it.

Request on standard input: {"raw", "folder", "profile", "quieten", "memory_mb", "cpu_s"}. Standard output: lines of
progress, then {"ok": true, "figures": those of `report.Figures`} with `mastered.flac` and one file a rendition in the
folder, or {"ok": false, "code"}.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from audio.limits import limit_this_process
from audio.progress import Progress, ProgressLines, part, say

if TYPE_CHECKING:
    from audio.codec import Pcm

_MASTERING_SHARE = 0.4


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=2048)
    os.nice(5)  # what is on air goes before what is being prepared
    answer = _master(request, ProgressLines())
    say(answer)
    return 0


def _master(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    import numpy as np

    from audio import mastering
    from audio.inspection import figures_of

    try:
        finished = mastering.master(
            np.memmap(request["raw"], "<i2", "r"),
            profile=request["profile"],
            quieten=request["quieten"],
            progress=part(progress, 0, _MASTERING_SHARE),
        )
    except mastering.SilentError:
        return {"ok": False, "code": "audio.silent"}
    _write(finished.pcm, Path(request["folder"]), part(progress, _MASTERING_SHARE, 1))
    return {"ok": True, "figures": figures_of(finished.pcm)._asdict()}


def _write(pcm: "Pcm", folder: Path, progress: Progress) -> None:
    """Every rendition, the one to be listened to first, and the lossless file; each has its name when it is whole."""
    from audio import codec
    from audio.renditions import RENDITIONS

    count = len(RENDITIONS) + 1
    for place, spec in enumerate(RENDITIONS):
        encode = codec.encode_mp3 if spec.media_type == "audio/mpeg" else codec.encode_opus
        with _whole(folder / spec.codec) as out:
            chunks = _heard(pcm, part(progress, place / count, (place + 1) / count))
            encode(chunks, bitrate=spec.bitrate, out=out)
    with _whole(folder / "mastered.flac") as out:
        codec.encode_flac(_heard(pcm, part(progress, (count - 1) / count, 1)), out=out)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as out:
        yield out
    unfinished.replace(path)


def _heard(pcm: "Pcm", progress: Progress) -> Iterator["Pcm"]:
    """The sound in pieces; tells how much of it was taken."""
    from audio import codec

    taken = 0
    for piece in codec.pieces(pcm):
        yield piece
        taken += len(piece)
        progress(taken / len(pcm))


if __name__ == "__main__":
    sys.exit(main())
