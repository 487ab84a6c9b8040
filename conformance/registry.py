"""The rules the kit knows, in the order in which it tries them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from conformance.options import Need
from conformance.world import World

Check = Callable[[World], Awaitable[str]]
"""Tries one rule; gives the evidence in a few words. Raises Broken or Skipped."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is subject.rule; `sentence` says in one sentence what it asks for."""

    name: str
    sentence: str
    needs: frozenset[Need]
    check: Check

    @property
    def subject(self) -> str:
        return self.name.partition(".")[0]


RULES: dict[str, Rule] = {}


def rule(name: str, sentence: str, *needs: Need) -> Callable[[Check], Check]:
    """Enter a rule."""

    def enter(check: Check) -> Check:
        RULES[name] = Rule(name, sentence, frozenset(needs), check)
        return check

    return enter


def chosen(patterns: tuple[str, ...], names: list[str]) -> list[str]:
    """Those whose name fits one of the patterns."""
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
