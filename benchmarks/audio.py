"""What preparing a sound costs: a minute and an hour of speech, beside plain ffmpeg with the same filters and encodes.

Ours (`AudioService.prepare_upload`): decoding foreign bytes in a limited process, looking for what is wrong, mastering
in passes until the target is met, FLAC and three renditions, figures of what came and of what goes out. ffmpeg: one
decode, the same band, compressor, limiter and encodes at a gain it is told; it measures and checks nothing. Processor
time is of all processes; memory is that of the largest. Needs ffmpeg (apt-get install ffmpeg).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from audio import codec
from audio.profiles import PROFILES
from audio.renditions import RENDITIONS
from benchmarks.intelligibility import spoken

RATE_HZ = 16_000
GAIN_DB = 17.0
"""What speech needs behind the compressor; ffmpeg is told, we find it."""
OURS = """
import asyncio, sys
from pathlib import Path
from audio.limits import AudioLimits
from audio.service import AudioService
from audio.store import ContentStore
from base.times import utc_now
service = AudioService(ContentStore(Path(sys.argv[2])), AudioLimits(decode_timeout_s=600), {}, utc_now)
asyncio.run(service.prepare_upload(Path(sys.argv[1]), "a.mp3"))
"""
MEASURED = """
import json, resource, subprocess, sys, time
begun = time.monotonic()
ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if ended.returncode:
    sys.exit(ended.stderr.decode()[-2000:])
wall = time.monotonic() - begun
print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall, "peak_mb": used.ru_maxrss / 1024}))
"""


def main() -> int:
    """Print a line for each length and way, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, action="append", help="lengths (60 and 3600)")
    chosen = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is not installed here, so there is nothing to compare with: apt-get install ffmpeg")
        return 1
    announcement = spoken("vi")
    with tempfile.TemporaryDirectory(prefix="loa-audio-") as folder:
        for seconds in chosen.seconds or (60, 3600):
            _compare(seconds, announcement, Path(folder))
    return 0


def _compare(seconds: int, announcement: codec.Pcm, folder: Path) -> None:
    source = folder / f"{seconds}.mp3"
    _write(source, announcement, seconds)
    ours = _measured([sys.executable, "-c", OURS, str(source), str(folder / f"store-{seconds}")])
    plain = _measured(_ffmpeg(source, folder))
    for name, cost in (("Loa", ours), ("ffmpeg", plain)):
        print(
            f"{seconds:>5} s  {name:7}{cost['cpu_s']:8.1f} s of processor {cost['wall_s']:8.1f} s on the wall"
            f"{cost['peak_mb']:7.0f} MB  {seconds / cost['cpu_s']:6.0f} x as fast as it plays"
        )
    print(f"{seconds:>5} s  ratio of processor time {ours['cpu_s'] / plain['cpu_s']:.1f}", flush=True)


def _write(path: Path, announcement: codec.Pcm, seconds: int) -> None:
    """Speech of so many seconds as MP3."""
    rounds = -(-seconds * RATE_HZ // len(announcement))
    left = [seconds * RATE_HZ - place * len(announcement) for place in range(rounds)]
    with path.open("wb") as out:
        codec.encode_mp3((announcement[: min(len(announcement), rest)] for rest in left), bitrate=64_000, out=out)


def _ffmpeg(source: Path, folder: Path) -> list[str]:
    shape = PROFILES["voice"]
    chain = ",".join(
        [
            f"aresample={RATE_HZ}",
            *(f"{name}={arguments}" for name, arguments in (*shape.band, *shape.dynamics)),
            f"volume={GAIN_DB}dB",
            f"aresample={RATE_HZ * 4}",
            "alimiter=limit=-3.35dB:attack=5:release=50:level=0",
            f"aresample={RATE_HZ}",
        ]
    )
    count = len(RENDITIONS) + 1
    graph = f"[0:a]{chain},asplit={count}" + "".join(f"[o{place}]" for place in range(count))
    command = ["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", str(source), "-filter_complex", graph]
    command += ["-map", "[o0]", "-c:a", "flac", str(folder / "plain.flac")]
    for place, spec in enumerate(RENDITIONS, start=1):
        command += ["-map", f"[o{place}]", *_encoder(spec.media_type), "-b:a", str(spec.bitrate)]
        command.append(str(folder / f"plain-{place}{spec.suffix}"))
    return command


def _encoder(media_type: str) -> list[str]:
    if media_type == "audio/mpeg":
        return ["-c:a", "libmp3lame", "-ar", "22050"]
    return ["-c:a", "libopus", "-application", "audio", "-frame_duration", "60", "-compression_level", "10"]


def _measured(command: list[str]) -> dict[str, float]:
    """Run it in a process that counts what its children used."""
    told = subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(told.stderr)
    measured: dict[str, float] = json.loads(told.stdout)
    return measured


if __name__ == "__main__":
    sys.exit(main())
