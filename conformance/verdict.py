"""What the kit says of a rule: kept, broken or not applicable, each with one sentence (pure)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Broken(Exception):
    """The device did not do what the rule says; the message tells what was seen instead."""


class Skipped(Exception):
    """The rule cannot be judged on this device or from here; the message tells why."""


class State(StrEnum):
    """How a rule came out."""

    KEPT = "kept"
    BROKEN = "broken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule, judged. `why`: the evidence, what went wrong, or why it was not judged."""

    rule: str
    sentence: str
    state: State
    why: str


def as_json(device: str, verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """The machine-readable report."""
    by_state: Mapping[State, list[Verdict]] = {state: [] for state in State}
    for verdict in verdicts:
        by_state[verdict.state].append(verdict)
    return {
        "device": device,
        "kept": [verdict.rule for verdict in by_state[State.KEPT]],
        "broken": [{"rule": verdict.rule, "why": verdict.why} for verdict in by_state[State.BROKEN]],
        "skipped": [{"rule": verdict.rule, "why": verdict.why} for verdict in by_state[State.SKIPPED]],
    }


def as_text(verdict: Verdict) -> str:
    """One line for people; a broken rule says in a second what it asks for."""
    line = f"{verdict.state.value:8}{verdict.rule:34}"
    if verdict.state is State.BROKEN:
        return f"{line}{verdict.why}\n{'':42}The rule: {verdict.sentence}"
    return f"{line}{verdict.sentence} [{verdict.why}]"


def summary(verdicts: Sequence[Verdict]) -> str:
    """The last line."""
    count: Callable[[State], int] = lambda state: sum(verdict.state is state for verdict in verdicts)  # noqa: E731 - one use, three times
    return f"{count(State.KEPT)} kept, {count(State.BROKEN)} broken, {count(State.SKIPPED)} not applicable."
