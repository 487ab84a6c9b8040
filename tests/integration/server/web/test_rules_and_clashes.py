"""Every kind of rule from the form; what is forbidden told with what is permitted; clashes told, chosen and decided."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from devices.wire.orders import PlayClass
from schedules.allowances import Allowance, Kind, Limit, VolumeCap
from schedules.keeping import rule_of
from schedules.models import Policy
from schedules.policy import Rules
from schedules.recurrence import describe
from schedules.stored_policy import policy_to_map
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Form, Office
from tests.integration.server.web.test_schedules import approved

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = (datetime.now(UTC) + timedelta(days=2)).date()
FORM: Form = {
    "repeat": "daily",
    "time": ["09:00", "", "", ""],
    "first_day": DAY.isoformat(),
    "last_day": "",
    "where": "all",
    "volume": "80",
    "preempted": "resume",
    # What other kinds read is always sent, and does no harm.
    "month_day": "31",
    "nth": "1",
    "nth_weekday": "MO",
    "every": "5",
    "lunar_day": ["1", "15"],
    "lunar_other": "",
    "leap": "custom",
    "short": "last",
    "rrule": "",
    "on_holidays": "any",
    "added": "",
    "removed": "",
}
KINDS: dict[str, Form] = {
    "Every day at 09:00": {},
    "On the last day of every month at 09:00": {"repeat": "month_day", "month_day": "-1"},
    "On the last Friday of every month at 09:00": {"repeat": "month_weekday", "nth": "-1", "nth_weekday": "FR"},
    "Every 5 days, counted from": {"repeat": "every"},
    "On the 1st and 15th of every lunar month at 09:00": {"repeat": "lunar"},
    "Mid-Autumn": {"repeat": "festival", "festival": ["trung_thu"]},
    "Every 3 weeks": {"repeat": "rrule", "rrule": "RRULE:FREQ=WEEKLY;INTERVAL=3"},
    "except public holidays": {"on_holidays": "skip"},
    "Every day at 09:00, except ": {"removed": f"{DAY + timedelta(days=1):%d/%m/%Y}\n"},
}


async def rules_kept(office: Office) -> list[str]:
    async with office.runtime.database.reading() as session:
        return [describe(rule_of(each), "en") for each in await office.runtime.programme.schedules(session, COMMUNE)]


async def permit(office: Office, allowance: Allowance | None = None) -> None:
    kept = {} if allowance is None else policy_to_map(allowance)
    async with office.runtime.database.writing() as session:
        hours = [["05:00", "21:00"]]
        await session.merge(Policy(place_id=COMMUNE, hours=hours, source="QĐ 12/2026", allowance=kept))


def offers(page: str, name: str = "use") -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page.replace("&gt;", ">"))


def choices(page: str) -> list[tuple[str, str]]:
    return re.findall(r'type="radio" name="(clash-\w+)" value="(\w[^"]+)"', page)


async def test_every_kind_of_rule_is_kept_and_said_in_words(office: Office):
    lan, announcement = await approved(office)
    for number, (words, said) in enumerate(KINDS.items()):
        form = {
            **FORM,
            **said,
            "announcement": announcement,
            "time": [f"{9 + number:02}:00"],
            "key": f"kind-number-{number}",
        }
        shown = (await lan.post("/schedules/new", {**form, "preview": "1"})).text
        assert "It will play:" in shown, words
        assert "lunar " in shown, words
        made = await lan.post("/schedules/new", form)
        assert made.status_code == 303, (words, made.text)
        newest = (await rules_kept(office))[0]
        assert words.replace("09:00", f"{9 + number:02}:00").lower() in newest.lower(), newest


async def test_a_rule_that_never_happens_is_refused_with_its_reason(office: Office):
    lan, announcement = await approved(office)
    never = {"repeat": "rrule", "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}
    answer = await lan.post("/schedules/new", {**FORM, **never, "announcement": announcement, "key": "never-31-feb"})
    assert answer.status_code == 422
    assert "Month 2 never has a day 31" in answer.text
    assert await rules_kept(office) == []


HOSTILE: list[Form] = [
    {"repeat": "rrule", "rrule": ""},
    {"repeat": "rrule", "rrule": "FREQ=DAILY;" * 100},
    {"repeat": "rrule", "rrule": "FREQ=DAILY;BYHOUR=25"},
    {"repeat": "month_day", "month_day": "32"},
    {"repeat": "month_weekday", "nth": "9"},
    {"repeat": "every", "every": "0"},
    {"repeat": "lunar", "lunar_day": [], "lunar_other": "31"},
    {"repeat": "lunar", "lunar_day": [], "lunar_other": ""},
    {"repeat": "lunar", "leap": "perhaps"},
    {"repeat": "festival", "festival": ["christmas"]},
    {"on_holidays": "sometimes"},
    {"added": "31/02/2026"},
    {"removed": "x" * 30_000},
    {"preempted": "shout"},
    {"stale": "0"},
]


async def test_what_no_form_of_ours_says_is_told_not_crashed_on(office: Office):
    lan, announcement = await approved(office)
    for wrong in HOSTILE:
        form = {**FORM, **wrong, "announcement": announcement, "key": "hostile-input"}
        assert (await lan.post("/schedules/new", form)).status_code == 422, wrong
        assert (await lan.post("/schedules/new", {**form, "preview": "1"})).status_code == 200, wrong
    assert await rules_kept(office) == []


async def test_the_mistyped_hour_is_forbidden_by_name_and_source_and_put_right_with_one_press(office: Office):
    lan, announcement = await approved(office)
    await permit(office)
    form = {**FORM, "announcement": announcement, "time": ["03:15", "17:00"], "key": "mistyped-at-three"}
    answer = await lan.post("/schedules/new", form)
    assert answer.status_code == 422
    assert "03:15" in answer.text
    assert "is outside the permitted hours 05:00–21:00 (QĐ 12/2026)" in answer.text
    assert "in 57 clusters" in answer.text
    assert await rules_kept(office) == []
    [after] = offers(answer.text)
    assert after == f"03:15>{DAY}T05:00"
    again = await lan.post("/schedules/new", {**form, "use": after})
    assert 'value="05:00"' in again.text
    assert "Not permitted" not in again.text
    assert (await lan.post("/schedules/new", {**form, "time": ["05:00", "17:00"]})).status_code == 303


async def test_limits_and_volume_are_told_with_their_rule_and_what_is_permitted(office: Office):
    lan, announcement = await approved(office)
    noon = VolumeCap("Giờ nghỉ trưa", Rules.of(ZONE, [["11:00", "13:00"]], "QĐ 7", 50))
    await permit(office, Allowance(Rules.of(ZONE), (Limit(Kind.BLOCKS, 1, "Số buổi mỗi ngày", "QĐ 9"),), (noon,)))
    form = {**FORM, "announcement": announcement, "time": ["09:00", "17:00"], "key": "two-blocks-a-day"}
    blocks = (await lan.post("/schedules/new", {**form, "preview": "1"})).text
    assert "it would make 2 programme blocks; “Số buổi mỗi ngày” (QĐ 9) permits 1" in blocks
    assert offers(blocks)
    loud = (await lan.post("/schedules/new", {**form, "time": ["12:00"], "preview": "1"})).text
    assert "“Giờ nghỉ trưa” (QĐ 7) permits 50 %" in loud
    assert offers(loud, "volume_to") == ["50"]
    softer = (await lan.post("/schedules/new", {**form, "time": ["12:00"], "volume_to": "50"})).text
    assert '<option value="50" selected>' in softer
    assert "Not permitted" not in softer


async def two_of_priority(office: Office) -> tuple[object, str, str]:
    """An announcement of priority, every day at nine, and what is to be written to meet it."""
    lan, announcement = await approved(office)
    async with office.runtime.database.writing() as session:
        about = await office.runtime.announcements.find(session, announcement)
        about.play_class = PlayClass.PRIORITY
    made = await lan.post("/schedules/new", {**FORM, "announcement": announcement, "key": "first-of-two"})
    return lan, announcement, made.headers["location"].split("?")[0].rsplit("/", 1)[1]


async def test_a_clash_is_told_before_saving_and_decided_with_it(office: Office):
    lan, announcement, standing = await two_of_priority(office)
    form = {**FORM, "announcement": announcement, "key": "second-of-two"}
    shown = (await lan.post("/schedules/new", {**form, "preview": "1"})).text
    assert "Circular 39/2020/TT-BTTTT" in shown
    assert {name for name, _ in choices(shown)} == {f"clash-{standing}"}
    waits = next(value for _, value in choices(shown) if value.startswith("queue_after.own"))
    kept = (await lan.post("/schedules/new", {**form, "preview": "1", f"clash-{standing}": waits})).text
    assert re.search(rf'value="{re.escape(waits)}"[^>]* checked', kept), "what was chosen stays chosen"
    assert f"09:00>{DAY}T09:01" in offers(shown)
    made = await lan.post("/schedules/new", {**form, f"clash-{standing}": waits})
    assert made.status_code == 303, made.text
    page = (await lan.get("/programme/clashes")).text
    assert "Nothing has to be decided." in page
    assert "one waits for the other" in page
    assert "Whenever they meet." in page


async def test_a_choice_nobody_was_offered_saves_nothing(office: Office):
    lan, announcement, standing = await two_of_priority(office)
    for text in ("shout", "move.own.1.", "queue_after.own.99999999999999.", "x" * 500):
        form = {**FORM, "announcement": announcement, "key": "not-offered", f"clash-{standing}": text}
        assert (await lan.post("/schedules/new", form)).status_code == 409, text
    assert len(await rules_kept(office)) == 1


async def test_what_nobody_decided_is_a_trouble_of_today_until_it_is_decided_on_its_page(office: Office):
    lan, announcement, _ = await two_of_priority(office)
    await lan.post("/schedules/new", {**FORM, "announcement": announcement, "key": "second-of-two"})
    assert "have to be decided" in (await lan.get("/")).text
    page = (await lan.get("/programme/clashes")).text
    [path] = re.findall(r'href="(/programme/clashes/\w+/\w+)"', page)
    shown = (await lan.get(path)).text
    option = re.search(r'name="option" value="(queue_after\.[^"]+)"', shown)
    assert option is not None
    form = {"option": option[1], "always": "1", "key": "decide-on-page"}
    assert (await lan.post(path, form)).status_code == 303
    assert (await lan.post(path, form)).status_code == 303
    page = (await lan.get("/programme/clashes")).text
    assert page.count("Whenever they meet.") == 1
    assert "have to be decided" not in (await lan.get("/")).text
    assert (await lan.post(path, {"option": "shout", "key": "another-key"})).status_code == 409


async def test_who_only_looks_decides_nothing(office: Office):
    lan, announcement, _ = await two_of_priority(office)
    await lan.post("/schedules/new", {**FORM, "announcement": announcement, "key": "second-of-two"})
    approver = await office.person(Role.APPROVER)
    page = (await approver.get("/programme/clashes")).text
    [path] = re.findall(r'href="(/programme/clashes/\w+/\w+)"', page)
    shown = await approver.get(path)
    assert shown.status_code == 200
    assert 'name="option"' not in shown.text
    assert (await approver.post(path, {"option": "move", "key": "not-allowed"})).status_code == 403
