"""Who gets in: every route guarded or said to be public, sessions, form secrets, limits, and places."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from httpx import AsyncClient
from starlette.routing import Mount

from server.app import create_app
from server.auth.guard import COOKIE, Guard, Public
from server.auth.models import EVERYWHERE, Role
from server.auth.users import create_user
from tests.integration.server.conftest import PASSWORD, PASSWORD_HASH, Station, running_station

COMMUNE = "bao-nhai"
PUBLIC = {
    "/api/v1/session",
    "/content/{sha256}",
    "/courier/phone",
    "/courier/sw.js",
    "/courier/app.webmanifest",
    "/enrol",
    "/exchange/{device_id}",
    "/healthz",
    "/healthz/live",
    "/sign-in",
    "/language",
}


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _guards(app: FastAPI) -> Iterator[tuple[str, set[str], list[Guard | Public]]]:
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            assert route.path == "/static"
            continue
        found = [call for call in _calls(route.dependant) if isinstance(call, Guard | Public)]
        yield str(route.path), set(route.methods or ()), found


async def test_every_route_is_guarded_or_says_that_it_is_public(station: Station):
    routes = list(_guards(station.app))
    assert len(routes) > 50
    assert [path for path, _, guards in routes if not guards] == []
    assert {path for path, _, guards in routes if any(isinstance(guard, Public) for guard in guards)} <= PUBLIC


async def test_nobody_gets_through_any_guarded_route_without_signing_in(station: Station):
    client = await station.client()
    through: list[tuple[str, str, int]] = []
    for path, methods, guards in _guards(station.app):
        if any(isinstance(guard, Public) for guard in guards):
            continue
        address = re.sub(r"\{[^}]+\}", "bao-nhai", path)
        for method in methods:
            status = (await client.request(method, address)).status_code
            if status not in {401, 303, 422}:
                through.append((method, path, status))
    assert through == []


async def _member(station: Station, *roles: tuple[Role, str], login: str = "din") -> None:
    async with station.runtime.database.writing() as session:
        await create_user(
            session,
            station.runtime.clock,
            name="Lý Seo Dìn",
            login=login,
            password_hash=PASSWORD_HASH,
            grants=roles,
            must_change=False,
        )


async def _signed_in(station: Station, *roles: tuple[Role, str]) -> tuple[AsyncClient, str]:
    """A browser with a session cookie, and the session's form secret."""
    await _member(station, *roles)
    signed = await station.runtime.people.sign_in("din", PASSWORD, "test")
    client = await station.client()
    client.cookies.set(COOKIE, signed.token)
    who = await station.runtime.people.by_cookie(signed.token)
    assert who is not None
    assert who.csrf is not None
    return client, who.csrf


async def test_a_form_without_the_sessions_secret_changes_nothing(station: Station):
    client, csrf = await _signed_in(station, (Role.OPERATOR, COMMUNE))
    address = f"/api/v1/places/{COMMUNE}/stop-all"
    for headers in ({}, {"X-CSRF-Token": "guessed"}):
        refused = await client.post(address, json={}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "server.csrf_failed")
    assert (await client.post(address, json={}, headers={"X-CSRF-Token": csrf})).status_code == 200


async def test_a_form_may_carry_the_secret_as_a_field(station: Station):
    client, csrf = await _signed_in(station, (Role.OPERATOR, COMMUNE))
    refused = await client.post("/api/v1/assets", data={"place_id": COMMUNE, "title": "x"}, files={"file": b"RIFF"})
    assert refused.json()["code"] == "server.csrf_failed"
    fields = {"place_id": COMMUNE, "title": "x", "csrf": csrf}
    accepted = await client.post("/api/v1/assets", data=fields, files={"file": b"RIFF"})
    assert accepted.json()["code"] == "audio.not_audio"


async def test_a_session_ends_after_half_a_day_unused_and_after_a_week_in_any_case(tmp_path: Path):
    now = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)

    async with running_station(tmp_path) as station:
        people = station.runtime.people
        people._clock = lambda: now
        await _member(station, (Role.OPERATOR, COMMUNE))
        token = (await people.sign_in("din", PASSWORD, "test")).token
        now += timedelta(hours=11)
        assert await people.by_cookie(token) is not None
        now += timedelta(hours=11)
        assert await people.by_cookie(token) is not None
        now += timedelta(hours=13)
        assert await people.by_cookie(token) is None
        token = (await people.sign_in("din", PASSWORD, "test")).token
        for _ in range(16):
            now += timedelta(hours=11)
            last = await people.by_cookie(token)
        assert last is None


async def test_an_ended_session_is_refused_with_a_way_to_sign_in(station: Station):
    client, csrf = await _signed_in(station, (Role.OPERATOR, COMMUNE))
    assert (await client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})).status_code == 204
    refused = await client.get("/api/v1/session")
    assert (refused.status_code, refused.json()["code"]) == (401, "server.not_signed_in")
    page = await client.get("/announcements?state=draft")
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fannouncements%3Fstate%3Ddraft")


async def test_a_wrong_password_and_an_unknown_person_look_alike(station: Station):
    await _member(station, (Role.OPERATOR, COMMUNE))
    client = await station.client()
    answers = [
        await client.post("/api/v1/session", json={"login": login, "password": "wrong wrong wrong"})
        for login in ("din", "nobody")
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "server.password_wrong")}
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def test_guessing_is_stopped_even_with_the_right_password_at_last(station: Station):
    await _member(station, (Role.OPERATOR, COMMUNE))
    client = await station.client()
    codes = []
    for number in range(7):
        password = PASSWORD if number == 6 else f"guess number {number}"
        answer = await client.post("/api/v1/session", json={"login": "din", "password": password})
        codes.append(answer.status_code)
    assert codes == [422] * 5 + [429] * 2
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_success_forgives_the_failures_before_it(station: Station):
    await _member(station, (Role.OPERATOR, COMMUNE))
    people = station.runtime.people
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(Exception, match="password_wrong"):
                await people.sign_in("din", "wrong wrong wrong", "test")
        await people.sign_in("din", PASSWORD, "test")


async def test_the_first_administrator_must_choose_a_password_before_anything_else(tmp_path: Path):
    async with running_station(tmp_path, anew=True) as station:
        await _chooses_a_password(station)


async def _chooses_a_password(station: Station) -> None:
    password = station.runtime.first_password
    assert password is not None
    client = await station.client()
    token = (await client.post("/api/v1/session", json={"login": "admin", "password": password})).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    assert (await client.get("/api/v1/session")).json()["must_change"] is True
    refused = await client.get("/api/v1/users")
    assert (refused.status_code, refused.json()["code"]) == (403, "server.password_change_needed")
    change = {"current": password, "new": "một câu chỉ mình tôi biết"}
    assert (await client.put("/api/v1/session/password", json=change)).status_code == 204
    assert (await client.get("/api/v1/users")).status_code == 200


async def test_changing_a_password_signs_out_everywhere_else(station: Station):
    client, csrf = await _signed_in(station, (Role.OPERATOR, COMMUNE))
    other = await station.runtime.people.issue_token("din", PASSWORD, "test", "script")
    change = {"current": PASSWORD, "new": "một câu chỉ mình tôi biết"}
    answer = await client.put("/api/v1/session/password", json=change, headers={"X-CSRF-Token": csrf})
    assert answer.status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 200
    assert await station.runtime.people.by_bearer(other.token) is None


async def test_neither_password_nor_token_is_in_the_database(station: Station):
    await _member(station, (Role.OPERATOR, COMMUNE))
    signed = await station.runtime.people.sign_in("din", PASSWORD, "test")
    token = await station.runtime.people.issue_token("din", PASSWORD, "test", "script")
    stored = b"".join(path.read_bytes() for path in station.runtime.settings.data_dir.glob("loa.db*"))
    assert b"argon2id" in stored
    assert not [secret for secret in (PASSWORD, signed.token, token.token) if secret.encode() in stored]


FOREIGN = [
    ("GET", "/api/v1/clusters?place_id=bao-nhai", None),
    ("GET", "/api/v1/clusters/bn-s01", None),
    ("GET", "/api/v1/clusters/bn-s01/history", None),
    ("GET", "/api/v1/clusters/bn-s01/programme", None),
    ("GET", "/api/v1/announcements?place_id=bao-nhai", None),
    ("GET", "/api/v1/assets?place_id=bao-nhai", None),
    ("GET", "/api/v1/schedules?place_id=bao-nhai", None),
    ("GET", "/api/v1/occurrences?place_id=bao-nhai", None),
    ("GET", "/api/v1/emergencies?place_id=bao-nhai", None),
    ("GET", "/api/v1/places/bao-nhai/fleet", None),
    ("GET", "/api/v1/places/bao-nhai/zones", None),
    ("GET", "/api/v1/places/bao-nhai/emergency-templates", None),
    ("GET", "/api/v1/activity?place_id=bao-nhai", None),
    ("GET", "/events?today=bao-nhai", None),
    ("GET", "/events?cluster=bn-s01", None),
    ("POST", "/api/v1/places/bao-nhai/stop-all", {}),
    ("POST", "/api/v1/assets/speech", {"place_id": "bao-nhai", "title": "x", "text": "x"}),
    ("PUT", "/api/v1/places/bao-nhai/zones/z1", {"name": "x", "clusters": []}),
]


async def test_even_an_administrator_of_another_place_gets_nothing_here(station: Station):
    stranger = await station.person((Role.ADMINISTRATOR, "bn-v01"))
    for method, address, body in FOREIGN:
        answer = await stranger.request(method, address, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "server.not_allowed"), address


async def test_nobody_gives_rights_they_lack_nor_changes_their_own(station: Station):
    administrator = await station.person((Role.ADMINISTRATOR, COMMUNE))
    for place in ("lao-cai", EVERYWHERE):
        body = {"name": "X", "login": "x", "grants": [{"role": "operator", "place_id": place}]}
        assert (await administrator.post("/api/v1/users", json=body)).status_code == 403
    body = {"name": "Vàng A Páo", "login": "pao", "grants": [{"role": "operator", "place_id": "bn-v01"}]}
    made = await administrator.post("/api/v1/users", json=body)
    assert made.status_code == 201, made.text
    assert len(made.json()["password"]) == 19
    me = (await administrator.get("/api/v1/session")).json()["id"]
    own = await administrator.patch(f"/api/v1/users/{me}", json={"grants": []})
    assert (own.status_code, own.json()["code"]) == (409, "server.not_yourself")
    chief = await station.person((Role.ADMINISTRATOR, "lao-cai"))
    chief_id = (await chief.get("/api/v1/session")).json()["id"]
    assert (await administrator.patch(f"/api/v1/users/{chief_id}", json={"disabled": True})).status_code == 403


async def test_a_closed_account_is_out_at_once(station: Station):
    administrator = await station.person((Role.ADMINISTRATOR, COMMUNE))
    operator = await station.person((Role.OPERATOR, COMMUNE))
    user_id = (await operator.get("/api/v1/session")).json()["id"]
    assert (await administrator.patch(f"/api/v1/users/{user_id}", json={"disabled": True})).status_code == 200
    assert (await operator.get("/api/v1/session")).status_code == 401


async def test_a_form_posted_from_another_site_does_not_even_sign_in(station: Station):
    client = await station.client(Origin="https://elsewhere.example")
    answer = await client.post("/api/v1/session", json={"login": "admin", "password": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "server.foreign_origin")


async def test_the_cookie_is_not_for_scripts_and_over_https_only_for_https(tmp_path: Path):
    http = {"public_url": "https://loa.example.vn"}
    async with running_station(tmp_path, http=http) as station:
        await _member(station, (Role.OPERATOR, COMMUNE))
        client = await station.client()
        answer = await client.post("/sign-in", data={"login": "din", "password": PASSWORD, "next": "/"})
        cookie = answer.headers["set-cookie"].lower()
        assert all(part in cookie for part in ("httponly", "samesite=lax", "secure", "path=/"))
        assert "max-age" in (await client.get("/healthz/live")).headers["strict-transport-security"]


async def test_every_answer_carries_the_security_headers(station: Station):
    client = await station.client()
    for address in ("/sign-in", "/api/v1/session", "/healthz", "/nothing-here", "/static/css/base.css"):
        headers = (await client.get(address)).headers
        assert "default-src 'self'" in headers["content-security-policy"], address
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]


def test_the_application_has_no_interactive_documentation(station_app: FastAPI):
    paths = {str(route.path) for route in iter_route_contexts(station_app.routes)}
    assert not paths & {"/docs", "/redoc", "/openapi.json"}


@pytest.fixture
def station_app(station: Station) -> FastAPI:
    return create_app(station.runtime)
