"""The week, the day, what a cluster hears, and the strip in every page's frame, as people see them."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import product
from zoneinfo import ZoneInfo

from base.ids import new_id
from devices.wire.audience import Audience
from schedules.models import Occurrence, OccurrenceState, Policy
from schedules.pauses import Occasion, Pause
from schedules.recurrence import Rule
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office, Person

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def tomorrow() -> datetime:
    """The next midnight in the commune."""
    return (datetime.now(ZONE) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def planned(office: Office, title: str, at: datetime, audience: Audience | None = None, **more: object) -> Occurrence:
    """An occurrence of five minutes without a schedule."""
    start = at.astimezone(UTC)
    return Occurrence(
        id=new_id(),
        place_id=COMMUNE,
        title=title,
        start_at=start,
        ends_at=start + timedelta(minutes=5),
        expires_at=start + timedelta(minutes=36),
        audience=(audience or Audience()).to_map(),
        created_by="tests",
        created_at=office.runtime.clock(),
        **more,
    )


async def airing(office: Office, title: str, at: datetime, audience: Audience | None = None, **more: object) -> None:
    """Write such an occurrence."""
    async with office.runtime.database.writing() as session:
        session.add(planned(office, title, at, audience, **more))


async def daily(office: Office, writer: Person, *, approver: Person | None, title: str, time: str) -> None:
    """A schedule of an announcement from tomorrow on."""
    announcement = (await office.announcement(writer, approver)).rsplit("/", 1)[1]
    rule = Rule("FREQ=DAILY", tomorrow().date(), None, (time,), ZONE)
    async with office.runtime.database.writing() as session:
        await office.runtime.programme.create_schedule(
            session, announcement_id=announcement, title=title, rule=rule, audience=Audience(), user_id="tests"
        )


def words(text: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def part(text: str, begin: str, end: str) -> str:
    return text.split(begin, 1)[1].split(end, 1)[0]


async def test_the_week_shows_layers_marks_and_what_is_called_off_with_its_reason(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    day = tomorrow()
    await daily(office, lan, approver=boss, title="Bản tin sáng", time="06:00")
    await daily(office, lan, approver=None, title="Bản nháp", time="10:00")
    await airing(office, "Tiêm chủng", day.replace(hour=6, minute=0), play_class=2)
    await airing(office, "Họp dân", day.replace(hour=8), state=OccurrenceState.CANCELLED, reason="mất điện")
    async with office.runtime.database.writing() as session:
        await session.merge(Policy(place_id=COMMUNE, hours=[["05:00", "21:00"]], source="QĐ 12"))
        pause = Pause(new_id(), Audience(places=("bn-v04",)), day, day + timedelta(days=1), Occasion.FUNERAL, "tests")
        await office.runtime.programme.pause(session, COMMUNE, pause)
    page = (await lan.get(f"/programme?from={day.date()}")).text
    said = words(page)

    assert "06:00 Tiêm chủng ◆ priority" in said
    assert "<s>Họp dân</s>" in page
    assert "08:00 Họp dân – mất điện" in said
    assert "10:00 Bản nháp ▲ not approved" in said
    assert "‖ Nà Sải: funeral" in said
    assert "Hatched: outside 05:00–21:00 (QĐ 12)." in said
    assert '<div class="shut">' not in page  # no hour outside 05:00–21:00 has anything in it, so none is shown
    strip = words(part(page, '<section class="next"', "</section>"))
    assert "Bản nháp" in strip
    assert "▲ not approved" in strip

    told = words((await lan.get(f"/programme/day?day={day.date()}")).text)
    assert "Not approved: It, or something in it, is not approved: as it is, nothing will be heard." in told
    assert "Gives way: 06:00 “Tiêm chủng” (priority), in 56 clusters: this one waits until it is over" in told
    assert "mất điện" in told


async def test_a_village_sees_what_is_for_it_and_a_cluster_what_it_will_hear_and_why_not(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    day = tomorrow()
    await daily(office, lan, approver=boss, title="Bản tin sáng", time="06:00")
    await daily(office, lan, approver=None, title="Bản nháp", time="10:00")
    await airing(office, "Nơi khác", day.replace(hour=9), Audience(places=("bn-v05",)))
    village = words((await lan.get(f"/programme?from={day.date()}&village=bn-v04")).text)
    assert "Bản tin sáng" in village
    assert "Nơi khác" not in village.split("Week ", 1)[1]

    heard = words((await lan.get(f"/clusters/bn-s04/hear?day={day.date()}")).text)
    assert re.search(r"06:00:00 until 06:00:\d\d Bản tin sáng", heard)
    assert "Heard only if it is approved in time. ▲ not approved" in heard
    async with office.runtime.database.writing() as session:
        pause = Pause(new_id(), Audience(places=("bn-v04",)), day, day + timedelta(days=1), Occasion.EXAM, "tests")
        await office.runtime.programme.pause(session, COMMUNE, pause)
    paused = words((await lan.get(f"/clusters/bn-s04/hear?day={day.date()}")).text)
    assert "Nothing is to be heard there that day." in paused
    assert "06:00 Bản tin sáng a pause ‖ left in peace" in paused


async def test_of_what_is_past_the_rehearsal_claims_nothing_and_leads_to_what_is_proved(office: Office):
    lan = await office.person(Role.OPERATOR)
    ago = datetime.now(ZONE) - timedelta(days=1)
    await airing(office, "Hôm qua", ago, state=OccurrenceState.OVER)
    page = await lan.get(f"/clusters/bn-s04/hear?day={ago.date()}")
    told = words(page.text)
    assert "That day is over." in told
    assert "Nothing is to be heard there" not in told
    log = re.search(r'href="(/reports/log[^"]+)"', page.text)
    assert log is not None
    assert (await lan.get(unescape(log[1]))).status_code == 200
    assert "/reports/log" not in (await lan.get(f"/clusters/bn-s04/hear?day={tomorrow().date()}")).text


async def test_a_full_hour_is_folded_and_leads_to_its_place_in_the_day(office: Office):
    lan = await office.person(Role.OPERATOR)
    day = tomorrow()
    for n in range(60):
        await airing(office, f"Tin {n:02}", day.replace(hour=7 + n // 30, minute=n % 30))
    page = (await lan.get(f"/programme?from={day.date()}")).text
    [first, second] = re.findall(r'class="fold" href="([^"]+)"[^>]*>\+(\d+)<', page)
    assert (first[1], second[1]) == ("26", "26")
    later = await lan.get(unescape(second[0]))
    assert 'id="h8"' in later.text
    assert "Tin 30" in (await lan.get(unescape(second[0]).replace("hour=8", "page=0"))).text
    assert "Tin 59" in (await lan.get(unescape(second[0]).replace("hour=8", "page=1"))).text


async def test_a_week_of_a_thousand_long_titles_is_still_a_light_page(office: Office):
    """The page itself; its styles and scripts are 25 kB more."""
    lan = await office.person(Role.OPERATOR)
    monday = tomorrow() + timedelta(days=7 - tomorrow().weekday())
    rows = [planned(office, f"Thông báo “{'ề' * 180}”", monday + timedelta(minutes=10 * n)) for n in range(1_000)]
    async with office.runtime.database.writing() as session:
        session.add_all(rows)
    page = await lan.get(f"/programme?from={monday.date()}")
    assert len(page.content) <= 120_000
    shown = page.text.count('href="/occurrences/') - page.text.split("<h1", 1)[0].count('href="/occurrences/')
    folded = sum(int(more) for more in re.findall(r">\+(\d+)<", page.text))
    assert shown + folded == len(rows)


HEAR = "/clusters/bn-s04/hear?day={}"
HOSTILE = ("9999-12-31", "0001-01-01", "2026-02-30", "<script>alert(1)</script>", "-1", "٣", "2026-W10-1", "x" * 4_000)


ASKING = ("/programme?from={}", "/programme/day?day={}&hour={}&page={}", "/schedules?page={}", HEAR)
PLANNING = (
    "/programme/copy?from={}",
    "/programme/copy?from={}&span=day",
    "/programme/bulk?week={}",
    "/schedules/preview?first_day={}&time=09:00",
    "/schedules/preview?repeat=daily&first_day=2026-01-01&time=09:00&last_day={}",
    "/schedules/preview?repeat=daily&first_day=2026-01-01&time=09:00&added={}",
)


async def test_whatever_an_address_says_the_page_answers(office: Office):
    lan = await office.person(Role.OPERATOR)
    for path, said in product(ASKING + PLANNING, HOSTILE):
        answer = await lan.get(path.format(said, said, said))
        assert answer.status_code == 200, (path, said)
        assert "<script>alert" not in answer.text
    for name in ("village", "cluster"):
        assert (await lan.get(f"/programme?{name}=nowhere")).status_code == 404


async def test_the_next_five_stand_in_every_frame_and_stop_all_for_whoever_may(office: Office):
    lan, technician = await office.person(Role.OPERATOR), await office.person(Role.TECHNICIAN)
    start = datetime.now(UTC) + timedelta(minutes=5)
    for n in range(7):
        await airing(office, f"Tin {n}", start + timedelta(minutes=n))
    await airing(office, "Thôi", start, state=OccurrenceState.CANCELLED)
    for path in ("/announcements", "/clusters", "/account", "/programme/next"):
        strip = part((await lan.get(path)).text, '<section class="next"', "</section>")
        assert re.findall(r"Tin \d", strip) == [f"Tin {n}" for n in range(5)], path
        assert 'href="/stop-all"' in strip, path
        assert "Thôi" not in strip
    renewed = await lan.client.get("/programme/next", headers={"HX-Request": "true"})
    assert renewed.text.startswith('<section class="next"')
    assert re.findall(r"Tin \d", renewed.text) == [f"Tin {n}" for n in range(5)]
    others = (await technician.get("/clusters")).text
    assert 'href="/stop-all"' not in part(others, '<section class="next"', "</section>")


async def test_nobody_looks_into_another_commune(office: Office):
    stranger = await office.person(Role.OPERATOR, place_id="somewhere-else")
    assert (await stranger.get("/clusters/bn-s04/hear")).status_code == 403
    for path in ("/programme", "/programme/day", "/programme/next"):
        assert (await stranger.get(path)).status_code == 404
