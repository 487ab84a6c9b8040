"""The faults a speaker can be given, and ways to plant them."""

from collections.abc import Callable
from typing import Any

from firmware_sim.effects import Turn

Plant = Callable[[], None]
FAULTS: dict[str, tuple[str, Plant]] = {}
"""Fault → the rule that must find it, and how to plant it."""


def fault(rule: str) -> Callable[[Plant], Plant]:
    def enter(plant: Plant) -> Plant:
        FAULTS[plant.__name__] = (rule, plant)
        return plant

    return enter


def nothing(*_: Any, **__: Any) -> None:
    """Does what a forgotten line does."""


def before(holder: type, name: str, first: Callable[..., None]) -> None:
    """Have something happen before a method."""
    method = getattr(holder, name)

    def wrapped(self: Any, *arguments: Any, **named: Any) -> Any:
        first(self, *arguments, **named)
        return method(self, *arguments, **named)

    setattr(holder, name, wrapped)


def swallow(kind: type) -> None:
    """Effects of this kind never come to be carried out."""
    do = Turn.do

    def wrapped(self: Turn, effect: Any) -> None:
        if not isinstance(effect, kind):
            do(self, effect)

    Turn.do = wrapped  # type: ignore[method-assign]  # that is the fault
