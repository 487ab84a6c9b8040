"""Whole worlds of faults: every invariant holds, the same seed does the same, and what is broken is told."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from simulation.judge import Violation
from simulation.story import told
from simulation.template import Template, make_template
from simulation.world import live


@pytest.fixture(scope="module")
def template() -> Iterator[Template]:
    made = make_template()
    yield made
    made.close()


def test_the_same_seed_does_the_same_to_the_last_event(template: Template) -> None:
    first, second = live(template, 3, 1), live(template, 3, 1)
    assert first.digest == second.digest
    assert first.airings == second.airings
    assert live(template, 4, 1).digest != first.digest


def test_a_world_has_airings_and_faults_and_breaks_nothing(template: Template) -> None:
    outcome = live(template, 5, 1)
    assert outcome.violations == []
    assert outcome.airings > 0
    assert outcome.faults


def test_a_violation_is_told_with_the_command_that_replays_it(template: Template) -> None:
    outcome = live(template, 1, 1, diary=True)
    line = next(line for line in outcome.lines if line.what == "sounds")
    outcome.violations.append(Violation(3, line.at_ms, "sounds again", line.who, line.about))
    story = told(outcome)
    assert "--seeds 1..1 --days 1" in story
    assert "sounds" in story
    assert line.about in story


def _simulate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "server", "simulate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})


def test_the_command_sums_up_many_seeds_in_json_and_ends_well_when_all_held() -> None:
    done = _simulate("--seeds", "1..2", "--days", "0.5", "--json", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["seeds"] == 2
    assert summary["simulated_days"] == 1
    assert summary["violations"] == []
    assert isinstance(summary["faults"], dict)


def test_the_command_ends_with_one_when_a_planted_bug_broke_something() -> None:
    done = _simulate("--seeds", "1..1", "--days", "0.5", "--json", "--jobs", "1", "--plant", "resend_never")
    assert done.returncode == 1
    assert json.loads(done.stdout)["violations"][0]["seed"] == 1
    assert "again: loa simulate --seeds 1..1" in done.stderr


def test_the_command_refuses_seeds_that_are_no_range() -> None:
    assert _simulate("--seeds", "9..1").returncode == 2
    assert _simulate("--plant", "unheard-of").returncode == 2


def test_a_world_leaves_the_logs_of_the_process_as_they_were(template: Template) -> None:
    before = structlog.get_config(), logging.root.manager.disable
    live(template, 1, 0.1)
    assert (structlog.get_config(), logging.root.manager.disable) == before
