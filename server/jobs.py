"""What the server does by itself, each at its period; every job is one or a few short transactions."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from base.errors import LoaError
from devices.keys import ensure_authority
from devices.models import PlaceKind
from schedules.runner import Job
from schedules.service import IssueRound
from server import configs, courier_rounds, idempotency
from server.auth import repository as people
from server.auth.tokens import IDLE
from server.db import on_commit
from server.topics import Change

if TYPE_CHECKING:
    from server.runtime import Runtime

Work = Callable[["Runtime"], Awaitable[None]]

_log = structlog.get_logger(__name__)


def jobs_of(runtime: "Runtime") -> list[Job]:
    """All of them; periods in seconds."""
    named: list[tuple[str, float, Work]] = [
        ("tick", 1.0, tick),
        ("presence", 5.0, sweep_presence),
        ("plan", 60.0, plan),
        ("templates", 60.0, keep_templates),
        ("configs", 60.0, configs.tell_all),
        ("couriers", 60.0, mind_couriers),
        ("prune", 3_600.0, prune),
    ]
    return [Job(name, period_s, _timed(runtime, name, work)) for name, period_s, work in named]


async def tick(runtime: "Runtime") -> None:
    """Order what is due, end emergencies that have run out, close what is over."""
    now = runtime.clock()
    async with runtime.database.writing() as session:
        changes: list[Change] = [*await runtime.emergencies.expire(session, now)]
        changes += await runtime.programme.close_over(session, now)
        on_commit(session, lambda: _tell(runtime, changes))
    issue_round = IssueRound()
    while issue_round.more:
        await _issue(runtime, now, issue_round)
    runtime.ticked_at = now


async def sweep_presence(runtime: "Runtime") -> None:
    """Judge silent devices; while the broker is away their silence says nothing."""
    if not runtime.link.connected:
        return
    async with runtime.database.writing() as session:
        changes = await runtime.devices.sweep_presence(session, runtime.clock())
        on_commit(session, lambda: _tell(runtime, changes))


async def plan(runtime: "Runtime") -> None:
    """Extend every schedule's occurrences to the horizon."""
    async with runtime.database.writing() as session:
        await runtime.programme.plan(session, runtime.clock())


async def keep_templates(runtime: "Runtime") -> None:
    """See that every commune has its key, its emergency templates spoken, and that they lie in the message banks."""
    async with runtime.database.reading() as session:
        places = await runtime.places.all(session)
    for place in places:
        if place.kind is PlaceKind.COMMUNE:
            try:
                await _keep_templates_of(runtime, place.id)
            except LoaError as error:
                _log.warning("templates.not_ready", place=place.id, code=error.code)
            except Exception:  # noqa: BLE001 - one commune's trouble must not leave those after it without an alarm
                _log.exception("templates.failed", place=place.id)


async def mind_couriers(runtime: "Runtime") -> None:
    """Prepare the bundles of visits that come near; expect the silence of devices outside their contact hours."""
    await courier_rounds.plan_silences(runtime)
    await courier_rounds.prepare_due(runtime)


async def prune(runtime: "Runtime") -> None:
    """Forget what is past its time, and what a crash left unfinished; orders, receipts and the activity log stay."""
    now = runtime.clock()
    async with runtime.database.writing() as session:
        await runtime.devices.prune(session, now)
        await idempotency.prune(session, now)
        await people.prune(session, now, now - IDLE)
    await courier_rounds.prune(runtime)
    await asyncio.to_thread(runtime.store.sweep_temporaries)


async def _issue(runtime: "Runtime", now: datetime, issue_round: IssueRound) -> None:
    async with runtime.database.writing() as session:
        if await runtime.programme.issue_due(session, now, issue_round):
            on_commit(session, runtime.sender.kick)


async def _keep_templates_of(runtime: "Runtime", place_id: str) -> None:
    async with runtime.database.writing() as session:
        await ensure_authority(session, runtime.keys, place_id, runtime.clock)
        await runtime.emergencies.ensure_templates(session, place_id)
        unprepared = await runtime.emergencies.unprepared_templates(session, place_id)
        words = await runtime.dictionary.words(session, place_id) if unprepared else {}
    for template in unprepared:
        prepared = await runtime.emergencies.prepare_template(template, words)
        async with runtime.database.writing() as session:
            await runtime.emergencies.save_template(session, prepared)
    async with runtime.database.writing() as session:
        if await runtime.emergencies.hold_orders(session, place_id):
            on_commit(session, runtime.sender.kick)


def _tell(runtime: "Runtime", changes: Iterable[Change]) -> None:
    for change in changes:
        runtime.hub.publish(change)


def _timed(runtime: "Runtime", name: str, work: Work) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        began = time.perf_counter()
        await work(runtime)
        runtime.metrics.tick_seconds.labels(name).observe(time.perf_counter() - began)

    return run
