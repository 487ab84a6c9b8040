"""No tracked file names a package registry or a folder of somebody's machine."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import ROOT

# Put together here, so that this file is not among what it finds.
REGISTRIES = ("py" + "pi", "python" + "hosted", "npm" + "js", "registry" + ".yarn")
HOMES = ("home", "Users", "root", "work", "farm", "tmp")
ADDRESS = re.compile(r"https?://[^\s\"'>)]*(?:" + "|".join(map(re.escape, REGISTRIES)) + ")", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w.$}*/)-])/(?:" + "|".join(HOMES) + r")/\w")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is not a checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def found_in(path: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        text = path.read_text("utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return []
    return [f"{path.relative_to(ROOT)}: {found[0]}" for found in pattern.finditer(text)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (ADDRESS, "see https://" + "files." + "python" + "hosted" + ".org/x.whl"),
        (ADDRESS, "http://mirror.example/" + "py" + "pi/simple"),
        (MACHINE, "open('" + "/" + "home" + "/lan/loa')"),
        (MACHINE, "cd " + "/" + "work" + "/main"),
    ],
)
def test_what_must_not_be_there_would_be_found(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


@pytest.mark.parametrize("pattern", [ADDRESS, MACHINE])
def test_it_is_nowhere(pattern: re.Pattern[str]) -> None:
    assert [found for path in tracked() for found in found_in(path, pattern)] == []
