"""Dockerfile and .dockerignore: what is copied is there and not left out, and the wheel made of it is whole."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

from server.settings import Settings
from tests.support.commands import ROOT, environment
from tools import vendor

DOCKERFILE = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
RULES = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]


def copied() -> list[tuple[str, str]]:
    """Source and target of every COPY from the build context."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [(source, words[-1]) for line in lines for words in [line.split()] for source in words[:-1]]


def left_out(path: PurePosixPath) -> bool:
    """Whether .dockerignore keeps this path out: the last rule that fits it, or a folder above it, decides."""
    out = False
    for rule in RULES:
        pattern = rule.removeprefix("!")
        if any(_fits(part, pattern) for part in [path, *path.parents]):
            out = not rule.startswith("!")
    return out


def _fits(path: PurePosixPath, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(path.name, pattern.removeprefix("**/"))
    return len(path.parts) == len(PurePosixPath(pattern).parts) and fnmatch(str(path), pattern)


def context(source: str) -> list[Path]:
    """The files of one COPY source that reach the build, relative to the repository."""
    whole = ROOT / source
    files = [whole] if whole.is_file() else [path for path in whole.rglob("*") if path.is_file()]
    relative = [path.relative_to(ROOT) for path in files]
    return [path for path in relative if not left_out(PurePosixPath(path))]


@pytest.mark.parametrize("source", [source for source, _target in copied()])
def test_every_source_is_there_and_reaches_the_build(source: str) -> None:
    assert (ROOT / source).exists()
    assert context(source)


def test_every_package_of_the_wheel_is_copied_under_its_own_name() -> None:
    assert set(PACKAGES) <= {source for source, target in copied() if source == target}
    named = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert named <= {source for source, _target in copied()}


def test_nothing_private_or_made_here_reaches_the_build() -> None:
    for path in (".git/config", ".env", "secrets/postgres", "data/loa.db", ".venv/bin/python", "tests/x.py"):
        assert left_out(PurePosixPath(path)), path
    assert not [path for package in PACKAGES for path in context(package) if "__pycache__" in path.parts]


def test_the_consoles_libraries_are_those_the_set_up_copies() -> None:
    from_console = re.findall(r"^COPY --from=console /console/node_modules/(\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    folder = vendor.TARGET.relative_to(ROOT)
    assert {PurePosixPath(target): source for source, target in from_console} == {
        PurePosixPath(folder / name): source for name, source in vendor.FILES.items()
    }
    # Where a .gitignore reaches the build, what it names is left out of the wheel.
    assert left_out(PurePosixPath(".gitignore"))


def test_the_image_sets_only_known_settings_and_starts_a_known_command() -> None:
    (line,) = re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)
    for name, _value in (word.split("=", 1) for word in line.split()):
        if name.startswith("LOA_"):
            assert name.removeprefix("LOA_").lower().partition("__")[0] in Settings.model_fields
    assert 'ENTRYPOINT ["loa"]' in DOCKERFILE
    assert PROJECT["project"]["scripts"]["loa"] == "server.cli:main"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, from the very files the image is built of, as its last pip command builds it."""
    build, out = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("wheel")
    for source, target in copied():
        for path in context(source):
            there = build / target / path.name if (ROOT / source).is_file() else build / path
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, there)
    for name in vendor.FILES:
        there = build / vendor.TARGET.relative_to(ROOT) / name
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text("// from npm\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    command = [*pip, "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(out), "."]
    ended = subprocess.run(command, cwd=build, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_every_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
        entry_points = next(opened.read(name) for name in opened.namelist() if name.endswith("entry_points.txt"))
    wanted = {path.as_posix() for package in PACKAGES for path in context(package)}
    wanted |= {f"{vendor.TARGET.relative_to(ROOT).as_posix()}/{name}" for name in vendor.FILES}
    assert held == wanted
    for kind in ("templates/*.html", "static/css/*.css", "static/js/*.js", "locale/*.po", "versions/*.py"):
        assert any(fnmatch(name, f"server/*{kind}") for name in held), kind
    assert "devices/data/bao_nhai.toml" in held
    assert b"loa = server.cli:main" in entry_points


def test_what_is_in_the_wheel_runs_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "installed")
    given = environment(tmp_path, {}) | {"PYTHONPATH": str(tmp_path / "installed")}
    look = "import server, devices.site; print(server.__file__); print(devices.site.demo_site().commune_id)"
    for command in (["-c", look], ["-m", "server", "user", "reset-password", "nobody"]):
        ended = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=given, capture_output=True, text=True, check=False
        )
        if command[0] == "-c":
            assert ended.stdout.split() == [str(tmp_path / "installed" / "server" / "__init__.py"), "bao-nhai"]
    assert ended.returncode == 1, "the tables were made and there is nobody in them"
    assert ended.stderr == "loa: There is no such person.\n"
    assert (tmp_path / "data" / "loa.db").is_file()
