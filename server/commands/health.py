"""`loa health`: asks a running server whether all is well; for container health checks."""

import sys
from typing import Annotated

import typer

TIMEOUT_S = 4.0
"""Longer than the server itself waits for its database, shorter than a container's health check waits for us."""


def health(url: Annotated[str, typer.Argument(help="The server's address, e.g. http://127.0.0.1:8080.")]) -> None:
    """End with 0 when the server and everything it needs is ready."""
    import httpx

    try:
        # Never through a proxy the environment names: it is this machine that is asked.
        answer = httpx.get(f"{url.rstrip('/')}/healthz", timeout=TIMEOUT_S, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        sys.stderr.write(f"loa: no answer from {url}: {error}\n")
        raise typer.Exit(1) from error
    sys.stdout.write(f"{answer.text}\n")
    raise typer.Exit(0 if answer.is_success else 1)
