"""`python -m simulation`, which is `loa simulate`: seeds, days, and what came of them."""

import json
import os
import sys
from typing import Annotated

import typer

from simulation import runs
from simulation.plants import PLANTS
from simulation.story import told
from simulation.world import Outcome

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

ALL_HELD, BROKEN, WRONG_USE = 0, 1, 2


@app.command()
def simulate(
    seeds: Annotated[str, typer.Option(help="A..B: which worlds; one number is one world.")] = "1..20",
    days: Annotated[float, typer.Option(min=0.1, max=60, help="How long each lasts.")] = 3.0,
    story: Annotated[int | None, typer.Option(help="Tell everything that happens in this one world.")] = None,
    plant: Annotated[str, typer.Option(help="Plant a known bug, which must then be found; `list` names them.")] = "",
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each processor.")] = 0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on standard output.")] = False,
) -> None:
    """Live through whole worlds of faults on a virtual clock, and check the eleven invariants after every step.

    Exit codes: 0 all held, 1 one was broken, 2 wrong use.
    """
    if plant == "list":
        for name, each in PLANTS.items():
            sys.stdout.write(f"{name}: {(each.__doc__ or '').splitlines()[0]}\n")
        return
    if plant and plant not in PLANTS:
        raise typer.BadParameter(f"there is no plant {plant}; --plant list names them")
    chosen = [story] if story is not None else _range(seeds)
    summary, progress = runs.Summary(), sys.stderr.isatty() and not as_json
    for outcome in runs.run(chosen, days, plant, jobs or os.cpu_count() or 1):
        summary.add(outcome)
        if story is not None:
            _tell_all(outcome)
        if outcome.violations:
            sys.stderr.write(f"{told(outcome, plant)}\n")
        if progress:
            sys.stderr.write(f"\r{summary.seeds} of {len(chosen)} worlds ")
            sys.stderr.flush()
    if progress:
        sys.stderr.write("\n")
    sys.stdout.write(json.dumps(summary.to_json()) + "\n" if as_json else _words(summary))
    raise typer.Exit(BROKEN if summary.broken else ALL_HELD)


def _range(text: str) -> list[int]:
    low, _, high = text.partition("..")
    try:
        found = list(range(int(low), int(high or low) + 1))
    except ValueError:
        found = []
    if not found:
        raise typer.BadParameter("seeds are written A..B, with A no greater than B")
    return found


def _tell_all(outcome: Outcome) -> None:
    for line in outcome.lines:
        sys.stdout.write(f"{line.at_ms / 1_000:12.3f}  {line.who:10} {line.what:28} {line.about} {line.detail}\n")


def _words(summary: runs.Summary) -> str:
    lines = [
        f"{summary.seeds} worlds, {summary.simulated_days:g} simulated days, {summary.airings} airings",
        *(f"  {number:8} {kind}" for kind, number in sorted(summary.faults.items())),
        f"{sum(len(outcome.violations) for outcome in summary.broken)} violations in {len(summary.broken)} worlds",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if not runs.hashes_are_seeded():
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "simulation", *sys.argv[1:]])  # noqa: S606 - ourselves again
    app()
