"""The demo's week is written through the API, once, and every schedule of it comes true."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from schedules.models import Occurrence, OccurrenceState, Schedule
from server.auth.models import Role
from server.auth.passwords import hash_password
from server.auth.users import create_user
from server.demo.programme import ENTRIES, plan_week
from server.demo.story import Story
from tests.integration.server.conftest import Station
from tests.integration.server.test_way_to_air import COMMUNE
from tests.support.httpd import serving

OPERATOR, APPROVER = "operator", "approver"
PASSWORD = "của một lần thử thôi"


async def people(station: Station) -> None:
    password = await hash_password(PASSWORD)
    async with station.runtime.database.writing() as session:
        for login, role in ((OPERATOR, Role.OPERATOR), (APPROVER, Role.APPROVER)):
            await create_user(
                session,
                station.runtime.clock,
                name=login,
                login=login,
                password_hash=password,
                grants=[(role, COMMUNE)],
                must_change=False,
            )


async def test_the_week_is_planned_once_and_each_of_its_rules_is_heard(station: Station):
    await people(station)
    today = datetime.now(UTC).date()
    async with serving(station.app, station.runtime) as url, Story(url, COMMUNE, PASSWORD) as story:
        await story.sign_in(OPERATOR, APPROVER)
        assert await plan_week(story, OPERATOR, APPROVER, today) == len(ENTRIES)
        assert await plan_week(story, OPERATOR, APPROVER, today + timedelta(days=1)) == 0
    async with station.runtime.database.reading() as session:
        schedules = {each.id: each.title for each in await session.scalars(select(Schedule))}
        rows = list(await session.scalars(select(Occurrence)))
    assert sorted(schedules.values()) == sorted(entry.title for entry in ENTRIES)
    assert {schedules[row.schedule_id or ""] for row in rows} == set(schedules.values())
    assert {row.state for row in rows} <= {OccurrenceState.PLANNED, OccurrenceState.ISSUED}
