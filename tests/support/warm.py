"""Processes that need not import what all of them need: forked off one that imported it, once for each test worker.

Everything else is a process's own: number, folder, environment, standard streams, exit code.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

_PRELOADED = ("server.cli", "server.app", "server.runtime", "server.migrations", "schedules.service", __name__)
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(list(_PRELOADED))


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """Run `loa` with these arguments to its end. Raises TimeoutError."""
    with TemporaryDirectory(prefix="loa-command-") as folder:
        said = [Path(folder) / name for name in ("out", "err")]
        for path in said:
            path.touch()
        process = _context.Process(target=_become, args=([*arguments], cwd, dict(env), said))
        process.start()
        try:
            process.join(timeout_s)
            ended = process.exitcode
        finally:
            process.kill()
            process.join()
        out, err = (path.read_text("utf-8") for path in said)
        if ended is None:
            raise TimeoutError(f"{arguments} did not end within {timeout_s} s: {err}")
        return subprocess.CompletedProcess(["loa", *arguments], ended, out, err)


def _become(arguments: list[str], cwd: Path, env: dict[str, str], said: list[Path]) -> None:
    for number, path in enumerate((Path(os.devnull), *said)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["loa", *arguments]
    from server.cli import main  # only here: the process that tests run in need not have it

    main()
