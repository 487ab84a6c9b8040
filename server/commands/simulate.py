"""`loa simulate …`: hands over to the simulation, which is a program of its own."""

import os
import sys

import typer

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def simulate(context: typer.Context) -> None:
    """Whole worlds of faults on a virtual clock, judged by the eleven invariants; `--help` tells more."""
    os.execv(sys.executable, [sys.executable, "-m", "simulation", *context.args])  # noqa: S606 - our own module
