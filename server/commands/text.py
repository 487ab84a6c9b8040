"""`loa text …`: what a written text becomes when it is said aloud."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from audio.spoken_vi import LIMIT, Accent, check_entry, explain, speak
from base.errors import Refused

app = typer.Typer(no_args_is_help=True)

FROM_INPUT = "-"
_COMMENT = "#"


@app.callback()
def text() -> None:
    """Written Vietnamese, and how it is said aloud."""


@app.command()
def spoken(
    written: Annotated[str, typer.Argument(help="The text; - reads lines from standard input.")],
    dictionary: Annotated[
        Path | None, typer.Option(help="Words of one's own: a line each, written, a tab, and how it is said.")
    ] = None,
    accent: Annotated[Accent, typer.Option(help="Whose numbers: “nghìn” or “ngàn”, “linh” or “lẻ”.")] = "north",
    *,
    why: Annotated[bool, typer.Option("--why", help="What was changed, and by which rule.")] = False,
) -> None:
    """Print the spoken form and nothing else; a line for each line that is read."""
    words = {} if dictionary is None else dict(_entries(dictionary))
    for line in _lines(written):
        if why:
            for piece in explain(line, dictionary=words, accent=accent):
                if piece.rule:
                    sys.stdout.write(f"{piece.rule}\t{piece.written}\t{piece.spoken}\n")
        else:
            sys.stdout.write(f"{speak(line, dictionary=words, accent=accent)}\n")


def _lines(written: str) -> Iterator[str]:
    if written != FROM_INPUT:
        yield written
        return
    sys.stdin = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace")
    while line := sys.stdin.readline(LIMIT + 2):
        yield line.rstrip("\r\n")


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if line.strip() and not line.startswith(_COMMENT):
            written, tab, said = line.partition("\t")
            if not tab:
                raise Refused("server.dictionary_line", line=line[:80])
            yield check_entry(written, said)
