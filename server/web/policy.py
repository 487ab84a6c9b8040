"""The rules of a place: hours, limits, volume by hour, events; what a change does is shown before it is saved."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from base.errors import LoaError
from schedules.governing import Effect, Stopped
from schedules.said_policy import SaidPolicy
from server.auth.permissions import Permission
from server.governing import put_policy
from server.web import policy_form
from server.web.governed import Governed, governed
from server.web.page import AdminPage, Page, ViewPage, go
from server.web.reasons import reason_text

router = APIRouter(include_in_schema=False)

SHOWN = 50
"""Of each kind of airing a change touches."""


@dataclass(frozen=True, slots=True)
class Row:
    """An airing a change touches. at: on the commune's clock."""

    title: str
    at: datetime
    why: str = ""
    rule: str = ""


@router.get("/policy")
async def show(page: ViewPage, place: str = "") -> HTMLResponse:
    return await _show(page, place)


@router.post("/policy")
async def change(page: AdminPage, place: str = "") -> Response:
    """Show what the rules in the form would do; save them once that was seen as it is."""
    said = await page.request.form()
    whole = str(said.get("said", ""))
    form = None if whole else policy_form.typed(said)
    try:
        wanted = policy_form.from_json(whole) if form is None else policy_form.read(form)
        return await _change(page, place, wanted, seen=str(said.get("seen", "")), version=str(said.get("version", "")))
    except LoaError as error:
        return await _show(page, place, error=error, form=form)


@router.post("/policy/inherit")
async def inherit(page: AdminPage, place: str = "") -> Response:
    """Take the place's own rules away, so that those of the place above hold; seen first, as with a change."""
    said = await page.request.form()
    try:
        return await _change(page, place, None, seen=str(said.get("seen", "")), version=str(said.get("version", "")))
    except LoaError as error:
        return await _show(page, place, error=error)


async def _change(page: Page, place: str, wanted: SaidPolicy | None, *, seen: str, version: str) -> Response:
    """Twice asked for: the first time nothing is written; the second, only when the effect is the one that was seen."""
    policies = page.runtime.programme.policies
    async with page.runtime.database.reading() as session:
        about = await governed(page, session, place)
        page.me.require(Permission.ADMINISTER, about.id)
        effect = await policies.effect(session, about.id, wanted, page.runtime.clock())
    known = _digest(effect)
    if seen != known:
        return _effect(page, about, wanted, effect, version=version, seen=known, again=bool(seen))
    async with page.act() as act:
        await put_policy(act, about.id, wanted, seen=version or None)
    return go(f"/policy{about.query}&done=saved")


def _effect(
    page: Page,
    about: Governed,
    wanted: SaidPolicy | None,
    effect: Effect,
    *,
    version: str,
    seen: str,
    again: bool,
) -> HTMLResponse:
    return page.html(
        "policy/effect.html",
        about=about,
        said="" if wanted is None else policy_form.to_json(wanted),
        version=version,
        seen=seen,
        again=again,
        stops=[_stopped(page, each) for each in effect.stops[:SHOWN]],
        returns=[Row(row.title, row.start_at) for row in effect.returns[:SHOWN]],
        counts={
            "stops": len(effect.stops),
            "returns": len(effect.returns),
            "replaced": len(effect.louder_or_softer),
            "communes": len(effect.communes),
        },
    )


async def _show(
    page: Page, place: str, *, error: LoaError | None = None, form: policy_form.Form | None = None
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        about = await governed(page, session, place)
        found = await page.runtime.programme.policies.in_force(session, about.id)
    values: dict[str, Any] = form or policy_form.shown(found.said)
    return page.html(
        "policy/show.html",
        error=error,
        about=about,
        found=found,
        whose=about.names.get(found.place_id, ""),
        form=values,
        limits=policy_form.LIMITS,
        lifts=policy_form.LIFTS,
        hours_text=policy_form.hours_text(found.said.hours),
    )


def _stopped(page: Page, stopped: Stopped) -> Row:
    found = stopped.violation
    return Row(
        stopped.row.title, stopped.row.start_at, reason_text(page, stopped.reason), f"{found.rule} ({found.source})"
    )


def _digest(effect: Effect) -> str:
    """What was seen of an effect: another airing makes another."""
    names = [sorted(row.id for row in each) for each in (effect.returns, effect.louder_or_softer)]
    stops = sorted((each.row.id, each.reason) for each in effect.stops)
    return hashlib.sha256(repr((names, stops, sorted(effect.communes))).encode()).hexdigest()[:16]
