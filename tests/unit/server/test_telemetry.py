"""What the server logs: one kind of line, no secrets."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server.settings import LogSettings
from server.telemetry import configure_logging


@pytest.fixture(autouse=True)
def _logging_put_back() -> Iterator[None]:
    before, level, settings = logging.getLogger().handlers[:], logging.getLogger().level, structlog.get_config()
    yield
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(level)
    structlog.configure(**settings)


def test_json_lines_carry_level_time_and_fields_of_ours_and_of_libraries(capsys: pytest.CaptureFixture[str]):
    configure_logging(LogSettings(format="json"))
    structlog.get_logger("ours").info("sound.added", asset="a1", title="Họp thôn")
    logging.getLogger("library").warning("something %s", "odd")
    ours, theirs = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (ours["event"], ours["asset"], ours["title"], ours["level"]) == ("sound.added", "a1", "Họp thôn", "info")
    assert (theirs["event"], theirs["logger"]) == ("something odd", "library")
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("kind", ["json", "console"])
def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str], kind: str):
    configure_logging(LogSettings.model_validate({"format": kind}))
    password = "con trau di truoc"
    try:
        int(f"x{len(password)}")
    except ValueError:
        structlog.get_logger("ours").exception("broken")
    written = capsys.readouterr().err
    assert "ValueError: invalid literal" in written
    assert password not in written


def test_below_the_level_nothing_is_written(capsys: pytest.CaptureFixture[str]):
    configure_logging(LogSettings(level="warning"))
    structlog.get_logger("ours").info("not.shown")
    assert capsys.readouterr().err == ""
