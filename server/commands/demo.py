"""`loa demo`: the whole system with the Bảo Nhai fleet on this machine."""

import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from server.demo.screen import Progress
    from server.demo.summary import Summary

DEFAULT_JSON_DURATION_S = 90.0


def demo(
    *,
    duration: Annotated[float | None, typer.Option(min=1, help="End by itself after so many seconds.")] = None,
    until_reported: Annotated[
        bool, typer.Option("--until-reported", help="End as soon as every cluster has reported.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="No screen; print a summary at the end.")] = False,
    data: Annotated[Path, typer.Option(help="The demo's folder; a second start goes on from it.")] = Path("data/demo"),
    port: Annotated[int, typer.Option(help="The console's port; another is taken when it is not free.")] = 8080,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the folder first.")] = False,
) -> None:
    """Start a broker, the server and 57 simulated clusters, and broadcast an announcement to all of them.

    Ends with 0 only when every smart cluster played it and every wireless one was transmitted to.
    """
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    seconds = DEFAULT_JSON_DURATION_S if json_ and duration is None else duration
    summary = asyncio.run(_demo(data, port, seconds, quiet=json_, until_reported=until_reported))
    if json_:
        sys.stdout.write(json.dumps(summary.to_json(), ensure_ascii=False) + "\n")
    raise typer.Exit(0 if summary.ok else 1)


async def _demo(folder: Path, port: int, seconds: float | None, *, quiet: bool, until_reported: bool) -> "Summary":
    from server.demo.run import Demo

    told_to_end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_end.set)
    end = None if seconds is None else time.monotonic() + seconds

    def ended() -> bool:
        return told_to_end.is_set() or (end is not None and time.monotonic() > end)

    with _screen(quiet=quiet) as show:
        return await Demo(folder, port, show, ended, until_reported=until_reported).run()


@contextmanager
def _screen(*, quiet: bool) -> "Iterator[Callable[[Progress], None]]":
    """A live picture on a terminal; elsewhere the introduction and one line a step."""
    from rich.live import Live

    from server.demo.screen import Progress, Steps, console, render

    where = console(quiet=quiet)
    if not where.is_terminal:
        yield Steps(where)
        return
    with Live(render(Progress()), console=where, refresh_per_second=4) as shown:
        yield lambda progress: shown.update(render(progress))
