from datetime import UTC, datetime, timedelta

from devices.site import demo_site
from schedules.models import Policy
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Form, Office

FORM: Form = {
    "repeat": "weekly",
    "weekday": ["MO", "FR"],
    "time": ["05:30", "17:00", "", ""],
    "first_day": "2040-01-01",
    "last_day": "",
    "where": "all",
    "volume": "80",
    "preempted": "resume",
}


async def approved(office: Office) -> tuple[object, str]:
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    return lan, (await office.announcement(lan, boss)).rsplit("/", 1)[1]


async def test_a_weekly_schedule_says_when_it_plays_and_can_be_ended(office: Office):
    lan, announcement = await approved(office)
    made = await lan.post("/schedules/new", {**FORM, "announcement": announcement, "key": "weekly-one"})
    path = made.headers["location"].split("?")[0]
    page = (await lan.get(path)).text

    assert "Monday, Friday · 05:30, 17:00" in page
    await lan.post(f"{path}/end")
    assert "ended" in (await lan.get(path)).text


async def test_pressing_save_twice_makes_one_schedule(office: Office):
    lan, announcement = await approved(office)
    form = {**FORM, "announcement": announcement, "key": "pressed-twice"}
    first = await lan.post("/schedules/new", form)
    second = await lan.post("/schedules/new", form)

    assert first.headers["location"] == second.headers["location"]


async def test_the_mistyped_hour_is_refused_with_the_rule_and_the_nearest_time(office: Office):
    lan, announcement = await approved(office)
    async with office.runtime.database.writing() as session:
        await session.merge(Policy(place_id=demo_site().commune_id, hours=[["05:00", "21:00"]], source="QĐ 12"))
    form = {**FORM, "announcement": announcement, "key": "mistyped-hour", "time": ["03:15"], "volume": "50"}
    answer = await lan.post("/schedules/new", form)

    assert answer.status_code == 422
    assert "outside the permitted hours 05:00–21:00 (QĐ 12)" in answer.text
    assert "nearest permitted time is 05:00" in answer.text
    assert 'value="03:15"' in answer.text
    assert '<option value="50" selected>' in answer.text


async def test_a_time_that_is_past_is_refused(office: Office):
    lan, announcement = await approved(office)
    form = {**FORM, "announcement": announcement, "key": "in-the-past", "repeat": "once", "first_day": "2020-01-01"}
    answer = await lan.post("/schedules/new", form)

    assert answer.status_code == 422
    assert "already past" in answer.text


async def test_wrong_values_are_told_not_crashed_on(office: Office):
    lan, announcement = await approved(office)
    for wrong in (
        {"first_day": "not-a-day"},
        {"weekday": []},
        {"time": ["25:00"]},
        {"time": []},
        {"volume": "loud"},
        {"last_day": "2039-01-01"},
        {"where": "villages", "village": ["nowhere"]},
    ):
        answer = await lan.post(
            "/schedules/new", {**FORM, "announcement": announcement, "key": "wrong-values", **wrong}
        )
        assert answer.status_code == 422, wrong
        assert 'role="alert"' in answer.text, wrong


async def test_the_preview_shows_the_very_times_before_anything_is_saved(office: Office):
    lan, _ = await approved(office)
    query = "repeat=weekly&weekday=MO&weekday=FR&time=17:00&first_day=2040-01-01"
    page = (await lan.get(f"/schedules/preview?{query}")).text

    assert "Monday 2 January, 17:00" in page
    assert "Friday 6 January, 17:00" in page
    async with office.runtime.database.reading() as session:
        assert await office.runtime.programme.schedules(session, COMMUNE) == []


async def test_without_javascript_the_preview_is_a_button_that_saves_nothing(office: Office):
    lan, announcement = await approved(office)
    answer = await lan.post(
        "/schedules/new", {**FORM, "announcement": announcement, "key": "previewing", "preview": "1"}
    )

    assert answer.status_code == 200
    assert "It will play:" in answer.text
    async with office.runtime.database.reading() as session:
        assert await office.runtime.programme.schedules(session, COMMUNE) == []


async def test_two_schedules_at_the_same_time_are_said_to_meet(office: Office):
    lan, announcement = await approved(office)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    daily = {**FORM, "repeat": "daily", "time": ["12:00"], "first_day": tomorrow, "announcement": announcement}
    for key in ("the-first-one", "the-second-one"):
        assert (await lan.post("/schedules/new", {**daily, "key": key})).status_code == 303
    page = (await lan.get("/programme/clashes")).text

    assert "28 times in four weeks" in page
    assert "in 57 clusters" in page
