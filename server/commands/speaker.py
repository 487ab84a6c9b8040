"""`loa speaker …`: hands over to the reference speaker, which is a program of its own."""

import os
import sys

import typer

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def speaker(context: typer.Context) -> None:
    """The reference speaker: `run` one device, or a `swarm` of many in one process."""
    os.execv(sys.executable, [sys.executable, "-m", "firmware_sim", *context.args])  # noqa: S606 - our own module
