"""Runs the rules: each on a device that is quiet again after the one before, some devices side by side."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import groupby
from typing import Any

from base.errors import Refused
from conformance import rules
from conformance.options import Options
from conformance.registry import RULES, Rule, chosen
from conformance.setup import opened
from conformance.standing import STANDING, Standing
from conformance.verdict import Broken, Skipped, State, Verdict
from conformance.world import World

Told = Callable[[Verdict], None]


async def run(options: Options, told: Told = lambda _verdict: None) -> list[Verdict]:
    """Judge every chosen rule; `told` hears each verdict as it falls.

    Raises Refused("conformance.no_rules") and Unavailable when the kit cannot judge at all.
    """
    every = [*RULES, *STANDING]
    for pattern in options.patterns:
        if not chosen((pattern,), every):
            raise Refused("conformance.no_rules", pattern=pattern)
    wanted = [RULES[name] for name in chosen(options.patterns, list(RULES))]
    groups = [list(group) for _, group in groupby(wanted, key=lambda rule: rule.subject)]
    queue = sorted(groups or [[]], key=_cost, reverse=True)
    verdicts: list[Verdict] = []

    def fell(verdict: Verdict) -> None:
        verdicts.append(verdict)
        told(verdict)

    workers = range(min(options.jobs, len(queue)))
    done = await _together([_work(options, number, queue, fell) for number in workers])
    standings = [standing for standings in done for standing in standings]
    verdicts = [_corrected(verdict, standings) for verdict in verdicts]
    for name in chosen(options.patterns, list(STANDING)):
        verdict = _standing(name, standings)
        verdicts.append(verdict)
        told(verdict)
    order = {name: at for at, name in enumerate(every)}
    return sorted(verdicts, key=lambda verdict: order[verdict.rule])


async def _together(works: list[Coroutine[Any, Any, list[Standing]]]) -> list[list[Standing]]:
    """Run them all; the first that fails ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work(options: Options, number: int, queue: list[list[Rule]], fell: Told) -> list[Standing]:
    """A device of ours is new for each group, so that what one leaves behind cannot break the next."""
    standings: list[Standing] = []
    while queue:
        groups = [queue.pop(0)]
        if options.command is None:
            groups, queue[:] = [*groups, *queue], []
        async with opened(options, options.folder / f"world-{number}-{len(standings)}") as world:
            for each in (rule for group in groups for rule in group):
                verdict = await _judge(world, each)
                fell(verdict)
            await world.settle()
            world.close()
            standings.append(world.standing)
    return standings


async def _judge(world: World, rule: Rule) -> Verdict:
    lacking = rule.needs & world.options.without
    if lacking:
        why = f"the device is said to be without {', '.join(sorted(lacking))}"
        return Verdict(rule.name, rule.sentence, State.SKIPPED, why)
    world.rule = rule.name
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(world.options.rule_s):
            evidence = await rule.check(world)
        state, why = State.KEPT, f"{evidence}; {time.monotonic() - began_s:.1f} s"
    except Broken as problem:
        state, why = State.BROKEN, str(problem)
    except Skipped as reason:
        state, why = State.SKIPPED, str(reason)
    except TimeoutError:
        state, why = State.BROKEN, f"it took longer than {world.options.rule_s:g} s"
    with suppress(Broken):
        await world.tidy()
    return Verdict(rule.name, rule.sentence, state, why)


def _corrected(verdict: Verdict, standings: list[Standing]) -> Verdict:
    """A rule that seemed kept is broken when what it forbade happened later."""
    breach = next((s.breaches[verdict.rule] for s in standings if verdict.rule in s.breaches), None)
    if breach is None or verdict.state is State.BROKEN:
        return verdict
    return Verdict(verdict.rule, verdict.sentence, State.BROKEN, breach)


def _standing(name: str, standings: list[Standing]) -> Verdict:
    breach = next((standing.breaches[name] for standing in standings if name in standing.breaches), None)
    seen = sum(standing.seen[name] for standing in standings)
    if breach is not None:
        return Verdict(name, STANDING[name], State.BROKEN, breach)
    if not seen:
        return Verdict(name, STANDING[name], State.SKIPPED, "there was no occasion")
    return Verdict(name, STANDING[name], State.KEPT, f"{seen} cases")


_SLOW = {"clock": 30, "power": 40, "receipts": 30, "exchange": 70, "blocks": 40, "preemption": 20, "relay": 40}


def _cost(group: list[Rule]) -> int:
    """Rough seconds, so that the longest groups begin first."""
    return _SLOW.get(group[0].subject, 2 * len(group)) if group else 0


__all__ = ["rules", "run"]
