"""A device beside an operator is judged too: the kit says when its power is to come and go."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conformance.judging import ROOT


class Operator:
    """Does what the kit asks for, with a speaker for a device."""

    def __init__(self) -> None:
        self.speaker: subprocess.Popen[bytes] | None = None
        self.asked: list[str] = []

    def does(self, words: str) -> None:
        if "Cut the power" in words:
            self.asked.append("cut")
            self.cut()
            return
        config = re.search(r"device file (\S+\.toml)", words)
        assert config is not None, words
        self.asked.append("on")
        command = [sys.executable, "-m", "firmware_sim", "run", "--config", config[1]]
        self.speaker = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)

    def cut(self) -> None:
        if self.speaker is not None:
            self.speaker.kill()
            self.speaker.wait()
            self.speaker = None


def test_an_operator_is_told_what_to_do(tmp_path: Path):
    operator = Operator()
    words = [
        "--attach",
        "--keep",
        str(tmp_path / "kept"),
        "--rules",
        "hello.*",
        "--rules",
        "clock.*",
        "--without",
        "bundles",
    ]
    command = [sys.executable, "-m", "server", "conformance", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as kit:
        assert kit.stdin is not None
        assert kit.stdout is not None
        assert kit.stderr is not None
        try:
            for line in kit.stderr:
                if line.startswith(">>> "):
                    operator.does(line)
                    kit.stdin.write("\n")
                    kit.stdin.flush()
            report = kit.stdout.read()
        finally:
            operator.cut()
            kit.kill()
    assert operator.asked == ["on", "cut", "on", "cut"]
    assert "2 kept, 0 broken, 2 not applicable." in report
    assert kit.returncode == 0, report
