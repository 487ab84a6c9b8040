"""What a file's header promises about its length, where FFmpeg guesses or forgives (reads the first bytes only)."""

from pathlib import Path
from typing import NamedTuple

_ESTIMATED = {"aac", "amr", "amrnb", "amrwb"}
"""Raw frames without a header: any duration is a guess from the bit rate."""
_UNKNOWN_SIZES = {0, 0xFFFFFFFF}
"""What programs that write WAV into a pipe put where they cannot know."""


class Promise(NamedTuple):
    """The duration a file claims."""

    duration_ms: int | None
    exact: bool
    """Whether the header states it; otherwise it is estimated from the bit rate."""


def promised(path: Path, container: str, duration_ms: int | None) -> Promise:
    """The claim of a file whose container and duration FFmpeg has named."""
    if container in _ESTIMATED or duration_ms is None:
        return Promise(duration_ms, exact=False)
    if container == "mp3":
        return Promise(duration_ms, exact=_mp3_counts_frames(path))
    if container == "wav":
        return Promise(round(duration_ms * _wav_share(path)), exact=True)
    return Promise(duration_ms, exact=True)


def _mp3_counts_frames(path: Path) -> bool:
    """Whether the first frame is a Xing, Info or VBRI frame, after any ID3v2 tag."""
    with path.open("rb") as file:
        start = file.read(10)
        tagged = start[:3] == b"ID3" and len(start) == 10
        tag_length = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(reversed(start[6:10])))
        file.seek(10 + tag_length if tagged else 0)
        frame = file.read(4096)
    return any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))


def _wav_share(path: Path) -> float:
    """How many times longer the RIFF header says the file is than it is; FFmpeg takes the file's own length."""
    with path.open("rb") as file:
        start = file.read(8)
    declared = int.from_bytes(start[4:8], "little")
    if start[:4] != b"RIFF" or declared in _UNKNOWN_SIZES:
        return 1.0
    return max(1.0, (declared + 8) / max(1, path.stat().st_size))
