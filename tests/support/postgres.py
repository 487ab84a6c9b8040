"""A PostgreSQL server of the tests' own: a new cluster in a temporary folder, on a socket there, gone afterwards."""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
_STARTED = 60.0


def _binary(name: str) -> str:
    found = str(_BINARIES[-1].with_name(name)) if _BINARIES else shutil.which(name)
    if found is None:
        raise RuntimeError("these tests need PostgreSQL: install the Debian package postgresql")
    return found


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL in `folder`, which must be short enough for a socket's path; gives a URL of its server."""
    data = folder / "data"
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    user = "loa"
    initialise = [_binary("initdb"), "-D", str(data), "-U", user, "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    _must([*_unprivileged(), *initialise], folder)
    log = (folder / "log").open("wb")
    serve = [_binary("postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
    quick = ["-c", "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=32MB", "-c", "jit=off"]
    process = subprocess.Popen([*_unprivileged(), *serve, *quick], cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_ready(folder, user, process)
        yield f"postgresql+psycopg://{user}@/postgres?host={folder}"
    finally:
        if process.poll() is None:
            _stop(data, folder)
        process.wait(timeout=30)
        log.close()


def _stop(data: Path, folder: Path) -> None:
    _must([*_unprivileged(), _binary("pg_ctl"), "-D", str(data), "-m", "immediate", "stop"], folder)


def _wait_until_ready(folder: Path, user: str, process: subprocess.Popen[bytes]) -> None:
    ask = [_binary("pg_isready"), "-h", str(folder), "-U", user, "-q"]
    deadline = time.monotonic() + _STARTED
    while subprocess.run(ask, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start as {getpass.getuser()}:\n{(folder / 'log').read_text()}")
        time.sleep(0.05)


def _must(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[-1]} failed:\n{done.stdout}\n{done.stderr}")
