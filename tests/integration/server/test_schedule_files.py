"""`loa schedule hear`, `import` and `export`: on the server's own data, no server running."""

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from base.times import utc_now
from devices.keys import ensure_authority
from devices.site import demo_site, import_site
from devices.wire.audience import Audience
from schedules.edits import Change, Scope
from schedules.ical import read_calendar
from schedules.models import Policy, Schedule
from schedules.recurrence import EveryDays, LunarDay, LunarDays, OnHolidays, Pick, Rule
from server.auth.models import Role
from server.auth.users import create_user
from server.commands._open import opened_with
from server.runtime import Runtime
from server.settings import Settings
from tests.support.commands import done, loa

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TOMORROW = utc_now().astimezone(ZONE).date() + timedelta(days=1)
TITLE = "Bản tin sáng"
PLACE = ("--place", "bao-nhai")
ME = ("--user", "hoa")


async def prepare(folder: Path) -> None:
    """A commune, a person, and an announcement that sounds."""
    async with opened_with(Settings(data_dir=folder / "data")) as here:
        sound = await here.audio.prepare_text("Kính mời bà con nghe bản tin.")
        async with here.database.writing() as session:
            await import_site(session, demo_site())
            await ensure_authority(session, here.keys, "bao-nhai", here.clock)
            grants = [(Role.OPERATOR, "bao-nhai")]
            await create_user(session, here.clock, name="Hoa", login="hoa", password_hash="-", grants=grants)
            session.add(Policy(place_id="bao-nhai", hours=[], source="tests"))
            asset = await here.audio.save(session, sound, commune_id="bao-nhai", title=TITLE, user_id="hoa")
            await here.announcements.create(
                session, place_id="bao-nhai", title=TITLE, versions={"vi": asset.id}, user_id="hoa"
            )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("prepared")
    asyncio.run(prepare(made))
    return made


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A server's data of the test's own."""
    shutil.copytree(prepared / "data", tmp_path / "data")
    return tmp_path


async def with_schedules(here: Runtime, rules: list[Rule]) -> list[Schedule]:
    async with here.database.writing() as session:
        [view] = await here.announcements.list(session, "bao-nhai")
        return [
            await here.programme.create_schedule(
                session, announcement_id=view.announcement.id, rule=rule, audience=Audience(), user_id="hoa"
            )
            for rule in rules
        ]


def rules() -> list[Rule]:
    common = {"first_day": TOMORROW, "last_day": None, "zone": ZONE}
    return [
        Rule("FREQ=DAILY", times=("05:30", "17:00"), removed=(Pick(TOMORROW + timedelta(days=2)),), **common),
        Rule("", times=("09:00",), pattern=LunarDays((LunarDay(0, 1), LunarDay(0, 15))), **common),
        Rule("", times=("10:00",), pattern=EveryDays(5, TOMORROW), on_holidays=OnHolidays.SKIP, **common),
    ]


async def written(folder: Path) -> None:
    async with opened_with(Settings(data_dir=folder / "data")) as here:
        made = await with_schedules(here, rules())
        at = datetime.combine(TOMORROW, datetime.min.time(), ZONE).replace(hour=17).astimezone(UTC)
        change = Change(time="18:15")
        async with here.database.writing() as session:
            await here.programme.edit(session, made[0].id, at, Scope.THIS, change, user_id="hoa")


def running(folder: Path) -> list[dict[str, object]]:
    async def look() -> list[dict[str, object]]:
        async with opened_with(Settings(data_dir=folder / "data")) as here, here.database.reading() as session:
            return [each.rule for each in await here.programme.schedules(session, "bao-nhai")]

    return asyncio.run(look())


def test_what_a_cluster_hears_is_read_from_the_plan_and_a_moved_airing_is_where_it_was_moved(folder: Path) -> None:
    asyncio.run(written(folder))
    before = (folder / "data" / "loa.db").read_bytes()
    found = json.loads(done(folder, "schedule", "hear", "bn-s01", str(TOMORROW), "--json"))
    heard = [each["from"][11:16] for each in found]
    assert heard[0] == "05:30"
    assert "18:15" in heard
    assert "17:00" not in heard
    assert {each["title"] for each in found} == {TITLE}
    assert "05:30:00–05:30:" in done(folder, "schedule", "hear", "bn-s01", str(TOMORROW))
    assert (folder / "data" / "loa.db").read_bytes() == before


def test_an_exported_file_comes_back_as_the_same_schedules_once(folder: Path) -> None:
    asyncio.run(written(folder))
    file = folder / "chương trình.ics"
    done(folder, "schedule", "export", str(file), *PLACE)
    assert [each.title for each in read_calendar(file.read_bytes(), ZONE).events] == [TITLE] * 3
    before = running(folder)
    # The first has a moved airing, so a file can only list it: that is another rule than the one here.
    said = done(folder, "schedule", "import", str(file), *PLACE, *ME, "--dry-run")
    assert [line.split()[0] for line in said.splitlines()] == ["made", "already", "already"]
    assert running(folder) == before
    done(folder, "schedule", "import", str(file), *PLACE, *ME)
    assert len(running(folder)) == 4
    again = done(folder, "schedule", "import", str(file), *PLACE, *ME)
    assert {line.split()[0] for line in again.splitlines()} == {"already"}
    assert len(running(folder)) == 4


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def event(title: str, rule: str, day: str = "20990105", at: str = "053000") -> str:
    said = [f"UID:{title}-{at}", "DTSTAMP:20260101T000000Z", f"DTSTART:{day}T{at}", f"SUMMARY:{title}", f"RRULE:{rule}"]
    return "\r\n".join(["BEGIN:VEVENT", *said, "END:VEVENT"])


def refused(folder: Path, data: bytes) -> str:
    """What is said of a file of which nothing may be imported."""
    file = folder / "wrong.ics"
    file.write_bytes(data)
    ended = loa(folder, "schedule", "import", str(file), *PLACE, *ME)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert running(folder) == []
    return ended.stdout + ended.stderr


async def permit(folder: Path) -> None:
    async with opened_with(Settings(data_dir=folder / "data")) as here, here.database.writing() as session:
        await session.merge(Policy(place_id="bao-nhai", hours=[["05:00", "21:00"]], source="QĐ 12/2026"))


def test_one_wrong_event_or_a_mistyped_hour_and_nothing_is_imported(folder: Path) -> None:
    asyncio.run(permit(folder))
    said = refused(
        folder,
        calendar(
            event(TITLE, "FREQ=DAILY"),
            event("Không có", "FREQ=DAILY", at="060000"),
            event(TITLE, "FREQ=SOMETIMES", at="070000"),
            event(TITLE, "FREQ=DAILY;COUNT=2", "20200105"),
            event(TITLE, "FREQ=WEEKLY", at="031500"),
        ),
    )
    assert sorted(line.split()[0] for line in said.splitlines()) == ["loa:", "made", *["refused"] * 4]
    assert "03:15 is outside the permitted hours 05:00–21:00 (QĐ 12/2026)" in said
    assert "The nearest permitted time is 05:00." in said
    assert "called “Không có”" in said
    assert "nothing was imported" in said


def test_a_file_that_is_too_large_is_refused(folder: Path) -> None:
    assert "1024" in refused(folder, b"BEGIN:VCALENDAR\r\n" + b"X" * 1_100_000)


def test_who_imports_must_be_somebody_and_without_a_database_nothing_is_made(folder: Path, tmp_path: Path) -> None:
    file = folder / "one.ics"
    file.write_bytes(calendar(event(TITLE, "FREQ=WEEKLY;BYDAY=MO")))
    ended = loa(folder, "schedule", "import", str(file), *PLACE, "--user", "nobody")
    assert (ended.returncode, running(folder)) == (1, [])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for words in (("hear", "bn-s01", "2026-03-10"), ("export", "-", *PLACE)):
        ended = loa(elsewhere, "schedule", *words)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "no database" in ended.stderr
    assert list(elsewhere.iterdir()) == []


def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    ended = loa(tmp_path, "schedule", "hear", "bn-s01", "mai")
    assert (ended.returncode, ended.stdout) == (2, "")
