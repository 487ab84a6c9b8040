"""Written Vietnamese as officials write it, and how it must be said: one line of the tables, one case."""

from pathlib import Path

import pytest

from audio.spoken_vi import speak

CASES = Path(__file__).parent / "spoken_cases"
ESCAPES = {"\\n": "\n", "\\r": "\r", "\\u0300": "\u0300", "\\u200b": "\u200b", "\\u00a0": "\u00a0"}


def unescaped(written: str):
    for mark, char in ESCAPES.items():
        written = written.replace(mark, char)
    return written


def cases():
    for path in sorted(CASES.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            category, written, spoken = line.split("\t")
            yield category, unescaped(written), spoken
    for line in (CASES / "unchanged.txt").read_text(encoding="utf-8").splitlines():
        yield "unchanged", line, line


@pytest.mark.parametrize(("category", "written", "spoken"), list(cases()))
def test_what_is_written_is_said_as_officials_say_it(category: str, written: str, spoken: str):
    assert speak(written) == spoken, category
    assert speak(spoken) == spoken, "what is spoken changes no more"


def test_the_tables_are_large_and_distinct():
    found = list(cases())
    assert len(found) >= 400
    assert sum(category == "unchanged" for category, _, _ in found) >= 60
    assert len({written for _, written, _ in found}) == len(found)
