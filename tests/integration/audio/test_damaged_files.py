"""200 damaged variants of real files: none crashes, hangs or takes more memory than the decode worker may."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audio.ingest import Verdict, judge
from audio.limits import AudioLimits
from audio.report import Inspection
from base.errors import Refused
from tests.integration.audio.conftest import Pcm
from tests.integration.audio.foreign_files import foreign

ROOT = Path(__file__).resolve().parents[3]
BASES = ["wav", "mp3", "m4a", "aac", "ogg-opus", "flac", "amr", "3gp", "webm-recorder", "mp4-recorder"]
REFUSALS = {"not_audio", "truncated", "damaged", "duration_mismatch", "too_short", "silent", "too_long"}


def cut_short(content: bytearray, dice: random.Random):
    del content[dice.randrange(1, len(content)) :]


def beheaded(content: bytearray, dice: random.Random):
    del content[: dice.randrange(1, len(content))]


def flipped(content: bytearray, dice: random.Random):
    for _ in range(dice.choice([1, 10, 200])):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def header_flipped(content: bytearray, dice: random.Random):
    for _ in range(dice.choice([1, 4, 16])):
        content[dice.randrange(min(256, len(content)))] ^= 1 << dice.randrange(8)


def holed(content: bytearray, dice: random.Random):
    start = dice.randrange(len(content))
    length = min(len(content) - start, dice.choice([16, 4096]))
    content[start : start + length] = dice.choice([bytes(length), dice.randbytes(length), b""])


def shuffled(content: bytearray, dice: random.Random):
    pieces = [content[at : at + 512] for at in range(0, len(content), 512)]
    dice.shuffle(pieces)
    content[:] = b"".join(pieces)


def random_after_the_header(content: bytearray, dice: random.Random):
    kept = dice.randrange(4, 128)
    content[kept:] = dice.randbytes(len(content) - kept)


def huge_numbers(content: bytearray, dice: random.Random):
    at = dice.randrange(min(512, len(content) - 4))
    content[at : at + 4] = dice.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4)])


DAMAGES: list[Callable[[bytearray, random.Random], None]] = [
    *[cut_short] * 3,
    beheaded,
    *[flipped] * 3,
    *[header_flipped] * 4,
    *[holed] * 2,
    shuffled,
    *[random_after_the_header] * 2,
    *[huge_numbers] * 4,
]


@pytest.fixture
def damaged_folder(tmp_path: Path, speech: Pcm) -> Path:
    """Twenty damages of each of ten kinds, under extensions of other kinds."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    dice = random.Random(20261122)
    for base in BASES:
        whole = foreign(speech[16_000 : 16_000 * 5 // 2], base)
        for number, damage in enumerate(DAMAGES):
            content = bytearray(whole)
            damage(content, dice)
            suffix = dice.choice([".mp3", ".wav", ".mp4", ".txt", ".jpg", ".m3u8", ""])
            (folder / f"{base}-{number:02}-{damage.__name__}{suffix}").write_bytes(content)
    return folder


def test_two_hundred_damaged_files_are_survived(damaged_folder: Path, tmp_path: Path):
    run = subprocess.run(
        [sys.executable, "-m", "tests.integration.audio.damaged_worker", damaged_folder, tmp_path / "raw"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, f"ended with {run.returncode} at {lines[-1:]}: {run.stderr[-2000:]}"
    answers = {line["file"]: line["answer"] for line in lines if "answer" in line}
    assert len(answers) == len(list(damaged_folder.iterdir())) == 200
    outcomes = [outcome(answer) for answer in answers.values()]
    assert lines[-1]["peak_mb"] < lines[-1]["limit_mb"] - 200  # far from it: the limit is not what keeps them small
    assert set(outcomes) <= REFUSALS | {"taken"}
    assert outcomes.count("taken") > 20  # a few flipped bits are no reason to send anybody away
    assert outcomes.count("taken") < 150


def outcome(answer: dict[str, object]):
    """What an operator would be told."""
    if not answer.pop("ok"):
        return str(answer["code"]).removeprefix("audio.")
    inspection = answer.pop("inspection")
    assert isinstance(inspection, dict)
    try:
        judge(Verdict(**answer, inspection=Inspection.from_map(inspection)), name="a", limits=AudioLimits())  # type: ignore[arg-type]  # from JSON
    except Refused as refusal:
        return refusal.code.removeprefix("audio.")
    return "taken"
