"""`python -m tests.fuzz [NAME …] --seconds 60`: fuzz readers of foreign bytes, each for so long, and say what broke.

Needs atheris (Linux, Python 3.11 to 3.13). A finding is kept as a file and played again by `… --again FILE NAME`.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
SLOWEST_S = 25
"""One input must be done by then."""


def main() -> int:
    """Return how many targets broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TARGETS)}; all when none is given")
    parser.add_argument("--seconds", type=int, default=60, help="for each (60)")
    parser.add_argument("--keep", type=Path, help="a folder for findings and what was learnt; otherwise a new one")
    parser.add_argument("--again", type=Path, help="play this one input, with its traceback")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    if chosen.again:
        TARGETS[chosen.names[0]].check(chosen.again.read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        parser.error("atheris is not installed here: `make fuzz` installs it (Linux, Python 3.11 to 3.13)")
    keep = chosen.keep or Path(tempfile.mkdtemp(prefix="loa-fuzz-"))
    return sum(not _holds(name, chosen.seconds, keep / name) for name in chosen.names or TARGETS)


def _holds(name: str, seconds: int, folder: Path) -> bool:
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = (
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST_S}",
        f"-max_len={target.max_bytes}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
        "-verbosity=0",
    )
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.one", name, *options, corpus],
        cwd=ROOT, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    tried = [line.rpartition(" ")[2] for line in ended.stderr.splitlines() if "number_of_executed_units" in line]
    print(f"{name}: {' '.join(tried) or 'no'} inputs in {seconds} s, {_found(folder, ended)}", flush=True)  # noqa: T201 - what the command is for
    if ended.returncode:
        sys.stderr.write(ended.stdout[-3000:] + ended.stderr[-6000:])
    return ended.returncode == 0


def _found(folder: Path, ended: subprocess.CompletedProcess[str]) -> str:
    if ended.returncode == 0:
        return "nothing found"
    kept = [str(path) for path in folder.iterdir() if path.is_file()]
    return f"BROKE ({ended.returncode}): {', '.join(kept) or 'no input kept'}"


if __name__ == "__main__":
    sys.exit(main())
