"""Somebody at the console, without a browser: signs in with a form, carries the form secret, reads the pages."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import select

from base.ids import new_id
from devices.models import OrderEntry
from schedules.service import EmergencyService
from server.auth.models import Role
from server.auth.users import create_user
from server.runtime import Runtime
from server.web import sound_upload
from tests.integration.server.conftest import PASSWORD, PASSWORD_HASH, Station, running_station

COMMUNE = "bao-nhai"
Form = Mapping[str, str | Sequence[str]]


class Fields(HTMLParser):
    """The hidden fields of a page's forms, and every value that was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") and found.get("value") is not None:
            self.values.setdefault(str(found["name"]), str(found["value"]))


@dataclass
class Person:
    """A browser of one person."""

    client: AsyncClient
    login: str
    password: str
    csrf: str = ""

    async def get(self, path: str) -> Response:
        return await self.client.get(path)

    async def post(self, path: str, form: Form | None = None, **more: object) -> Response:
        return await self.client.post(path, data={"csrf": self.csrf, **(form or {})}, **more)  # type: ignore[arg-type]

    async def sign_in(self) -> Response:
        answer = await self.client.post("/sign-in", data={"login": self.login, "password": self.password, "next": "/"})
        page = await self.client.get(answer.headers["location"])
        self.csrf = fields(page)["csrf"] if "csrf" in fields(page) else csrf_of(page)
        return answer


def fields(page: Response) -> dict[str, str]:
    """The values of a page's input fields."""
    parser = Fields()
    parser.feed(page.text)
    return parser.values


def csrf_of(page: Response) -> str:
    """The form secret a page gives to htmx."""
    found = re.search(r'"X-CSRF-Token": "([^"]+)"', page.text)
    return found[1] if found else ""


class Office:
    """The console of one station: people come in with roles."""

    def __init__(self, station: Station, clients: AsyncExitStack) -> None:
        self.station = station
        self.runtime: Runtime = station.runtime
        self._clients = clients

    async def person(
        self, *roles: Role, place_id: str = COMMUNE, language: str = "en", must_change: bool = False
    ) -> Person:
        """Somebody new with these roles, signed in."""
        login = f"p{new_id().lower()}"
        async with self.runtime.database.writing() as session:
            await create_user(
                session,
                self.runtime.clock,
                name=f"Người {login[-4:]}",
                login=login,
                password_hash=PASSWORD_HASH,
                grants=[(role, place_id) for role in roles],
                must_change=must_change,
            )
        transport = ASGITransport(self.station.app, raise_app_exceptions=False)
        client = AsyncClient(transport=transport, base_url="http://loa.test", headers={"Accept-Language": language})
        found = Person(await self._clients.enter_async_context(client), login, PASSWORD)
        await found.sign_in()
        return found

    async def announcement(self, writer: Person, approver: Person | None = None) -> str:
        """A spoken announcement, approved when there is somebody to do it; its path."""
        spoken = await writer.post("/announcements/new/text", {"text": "Họp thôn tối nay.", "voice": "vi"})
        page = await writer.get(spoken.headers["location"])
        form = {"asset": fields(page)["asset"], "language": "vi", "title": "Họp thôn", "play_class": "1"}
        path = (await writer.post("/announcements/new/details", form)).headers["location"].split("?")[0]
        if approver is not None:
            await writer.post(f"{path}/submit", {"revision": "1"})
            await approver.post(f"{path}/approve", {"revision": "1"})
        return str(path)

    async def template(self, key: str = "flood") -> str:
        """The id of an emergency template, made when there is none yet."""
        emergencies: EmergencyService = self.runtime.emergencies
        async with self.runtime.database.writing() as session:
            found = await emergencies.ensure_templates(session, COMMUNE)
            return next(template.id for template in found if template.key == key)

    async def orders(self, *types: str) -> list[OrderEntry]:
        """The orders of these types in the log, in their order."""
        async with self.runtime.database.reading() as session:
            found = await session.scalars(select(OrderEntry).order_by(OrderEntry.log, OrderEntry.seq))  # type: ignore[arg-type]
            return [entry for entry in found if entry.type in types]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, a short sound is ready when its upload is answered."""
    monkeypatch.setattr(sound_upload, "AT_ONCE_S", 60)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A console on SQLite, without a broker."""
    async with running_station(tmp_path) as station, AsyncExitStack() as clients:
        yield Office(station, clients)
