"""The process that fuzzes one target until libFuzzer ends it: `python -m tests.fuzz.one NAME [options] CORPUS`.

Python code of ours is instrumented; FFmpeg is not, so in it changed bytes are tried without knowing what they reached.
"""

import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["audio", "base", "devices", "schedules"]):
    from tests.fuzz.targets import TARGETS

MB = 1024 * 1024


def main() -> None:
    """Fuzz; libFuzzer ends the process."""
    name = sys.argv.pop(1)
    target = TARGETS[name]
    for seed in target.seeds():  # so that everything is loaded before memory is limited
        target.check(seed)
    if target.memory_mb is not None:
        _limit_memory(target.memory_mb)
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()


def _limit_memory(memory_mb: int) -> None:
    """As much address space again as the reader would have for itself."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    allowed = pages * resource.getpagesize() + memory_mb * MB
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


main()
