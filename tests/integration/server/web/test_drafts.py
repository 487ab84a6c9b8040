"""Drafted weeks and changes of many, as an operator does them with forms alone."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from httpx import Response
from sqlalchemy import select
from sqlmodel import col

from devices.models import Cluster, ClusterKind, Place, PlaceKind
from schedules.models import Announcement, Occurrence, Policy
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office, Person, fields

TODAY = datetime.now(UTC).date()
MONDAY = TODAY + timedelta(days=14 - TODAY.weekday())
"""Of the week after the next."""
DRAFTS, BULK = "/programme/drafts", "/programme/bulk"


async def scheduled(office: Office) -> tuple[Person, str]:
    """An operator with an announcement that is heard every day at 09:00, and the announcement's id."""
    operator, approver = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    announcement = (await office.announcement(operator, approver)).rsplit("/", 1)[1]
    body = {"announcement_id": announcement, "rrule": "FREQ=DAILY", "times": ["09:00"], "first_day": str(MONDAY)}
    made = await operator.client.post("/api/v1/schedules", json=body, headers={"X-CSRF-Token": operator.csrf})
    assert made.status_code == 201, made.text
    return operator, announcement


async def begun(operator: Person, **more: str) -> str:
    key = fields(await operator.get(DRAFTS))["key"]
    form = {"name": "Tuần lễ hội", "day": str(MONDAY), "begin": "as_planned", "key": key} | more
    made = await operator.post(DRAFTS, form)
    assert made.status_code == 303, made.text
    again = await operator.post(DRAFTS, form)
    assert again.headers["location"] == made.headers["location"]
    return str(made.headers["location"]).split("?")[0]


def names(page: Response, button: str) -> list[str]:
    """What the lines' buttons name."""
    return re.findall(rf'name="{button}" value="([^"]+)"', page.text)


def fates(page: Response) -> list[str]:
    return re.findall(r'<li class="(same|new|changed|removed)', page.text)


async def test_a_week_is_drafted_with_forms_and_published_by_who_may_schedule(office: Office) -> None:
    operator, announcement = await scheduled(office)
    draft = await begun(operator)
    page = await operator.get(draft)
    assert fates(page) == ["same"] * 7
    first, second = names(page, "out")[:2]
    form = await operator.get(f"{draft}/airing?name={first.replace(' ', '%20').replace('+', '%2B')}")
    assert (fields(form)["time"], fields(form)["name"]) == ("09:00", first)
    said = {"revision": "1", "name": first, "day": str(MONDAY), "time": "10:30", "announcement": announcement}
    moved = await operator.post(f"{draft}/airing", said | {"volume": "60", "where": "clusters", "cluster": "bn-s01"})
    assert moved.headers["location"] == f"{draft}?done=draft_changed", moved.text
    assert (await operator.post(f"{draft}/mark", {"revision": "2", "out": second})).status_code == 303
    new = {
        "revision": "3",
        "announcement": announcement,
        "volume": "80",
        "where": "area",
        "area": "-90, -180; -90, 180; 90, 180; 90, -180",
        "but_village": "bn-v01",
    }
    days = [str(MONDAY + timedelta(days=n)) for n in (2, 3)]
    added = await operator.post(f"{draft}/add", new | {"day": days, "time": ["17:00", ""]})
    assert added.status_code == 303, added.text
    page = await operator.get(draft)
    assert fates(page) == ["changed", "removed", "same", "new", "same", "new", "same", "same", "same"]
    assert "Publish it" in page.text
    viewer = await office.person(Role.TECHNICIAN)
    seen = await viewer.get(draft)
    assert (seen.status_code, names(seen, "out")) == (200, [])
    for path in (f"{draft}/add", BULK):
        assert (await viewer.get(path)).status_code == 403
    assert (await viewer.post(f"{draft}/publish", {"revision": "4"})).status_code == 403
    published = await operator.post(f"{draft}/publish", {"revision": "4", "key": fields(page)["key"]})
    assert published.headers["location"] == f"/programme?done=draft_published&from={MONDAY}", published.text
    span = {"place_id": COMMUNE, "start": f"{MONDAY}T00:00:00Z", "end": f"{MONDAY + timedelta(days=4)}T00:00:00Z"}
    items = (await operator.client.get("/api/v1/occurrences", params=span)).json()["items"]
    heard = [(each["start_at"][8:16], each["clusters"]) for each in items if each["state"] != "cancelled"]
    assert [at for at, _ in heard] == [
        f"{MONDAY:%d}T03:30",
        *(f"{MONDAY + timedelta(days=n):%d}T{hour}:00" for n in (2, 3) for hour in ("02", "10")),
    ]
    assert "in force" in (await operator.get(draft)).text


async def test_what_keeps_a_draft_back_is_told_and_many_are_changed_after_a_look_at_what_it_does(
    office: Office,
) -> None:
    operator, announcement = await scheduled(office)
    waiting = (await office.announcement(operator)).rsplit("/", 1)[1]
    async with office.runtime.database.writing() as session:
        await session.merge(Policy(place_id=COMMUNE, hours=[["05:00", "21:00"]], source="QĐ 12"))
    draft = await begun(operator, begin="empty")
    page = await operator.get(draft)
    assert fates(page) == ["removed"] * 7
    new = {
        "revision": "1",
        "announcement": waiting,
        "volume": "80",
        "where": "all",
        "day": str(MONDAY),
        "time": "03:15",
    }
    assert (await operator.post(f"{draft}/add", new)).status_code == 303
    page = await operator.get(draft)
    assert "03:15 is outside the permitted hours" in page.text
    assert f'href="/announcements/{waiting}"' in page.text
    refused = await operator.post(f"{draft}/publish", {"revision": "2", "key": "a-key-of-my-own"})
    assert refused.status_code == 409
    assert "keep this draft from being published" in refused.text
    assert (await operator.post(f"{draft}/discard")).headers["location"] == f"{DRAFTS}?done=draft_discarded"
    draft = await begun(operator)
    name = names(await operator.get(draft), "out")[0]
    await operator.post(f"{draft}/mark", {"revision": "1", "out": name})
    schedule, original = name.split(" ")
    path = f"/api/v1/schedules/{schedule}/airings/{original.replace('+', '%2B')}"
    louder = {"scope": "this", "volume": 30}
    later = await operator.client.patch(path, json=louder, headers={"X-CSRF-Token": operator.csrf})
    assert later.status_code == 200, later.text
    page = await operator.get(draft)
    assert "Changed since it was drafted" in page.text
    assert "Họp thôn" in page.text
    assert "Publish it" not in page.text
    assert (await operator.post(f"{draft}/refresh", {"revision": "2"})).status_code == 303
    assert "Publish it" in (await operator.get(draft)).text
    back = await operator.post(f"{draft}/mark", {"revision": "3", "back": name})
    assert back.status_code == 303
    assert fates(await operator.get(draft)) == ["same"] * 7
    await refuses_what_is_typed_wrong(operator, announcement)
    page = await operator.get(BULK)
    [one] = names(page, "one")
    said = {"one": one, "act": "change", "shift": "20", "volume": "", "announcement": "", "where": "keep"}
    shown = await operator.post(BULK, said | {"step": "look"})
    assert shown.status_code == 200
    assert "09:20" in shown.text
    assert "One undo takes it back" in shown.text
    key = fields(shown)["key"]
    done = await operator.post(BULK, said | {"step": "do", "key": key})
    assert done.headers["location"] == "/schedules?done=bulk_done", done.text
    again = await operator.post(BULK, said | {"step": "do", "key": key})
    assert again.status_code == 303
    week = await operator.get(f"{BULK}?week={MONDAY}")
    assert week.text.count("<b>09:20</b>") == 7
    two = names(week, "one")[:2]
    off = {"one": two, "act": "cancel", "week": str(MONDAY), "where": "keep"}
    assert "no more:" in (await operator.post(BULK, off | {"step": "look"})).text
    assert (await operator.post(BULK, off | {"step": "do", "key": "cancel-these-two"})).status_code == 303
    assert (await operator.get(f"{BULK}?week={MONDAY}")).text.count("<b>09:20</b>") == 5


async def refuses_what_is_typed_wrong(operator: Person, announcement: str) -> None:
    """Each form comes back with the reason, and nothing is changed."""
    draft = await begun(operator)
    [one] = names(await operator.get(BULK), "one")
    wrong: list[tuple[str, dict[str, object], str]] = [
        (DRAFTS, {"name": "", "day": str(MONDAY), "key": "first-wrong-one"}, "A draft is called something"),
        (DRAFTS, {"name": "x", "day": "yesterday", "key": "second-wrong-one"}, "yesterday"),
        (f"{draft}/add", {"revision": "1", "announcement": announcement, "volume": "80", "time": "17:00"}, "one day"),
        (f"{draft}/airing", {"revision": "1", "name": "nonsense"}, ""),
        (f"{draft}/mark", {"revision": "1", "out": "x 2026-01-01T00:00:00"}, ""),
        (f"{draft}/mark", {"revision": "x", "back": ""}, ""),
        (BULK, {"act": "change", "shift": "10"}, "Choose 1 to"),
        (BULK, {"one": one, "act": "change"}, "Say one thing"),
        (BULK, {"one": one, "act": "change", "shift": "99999999999"}, ""),
        (BULK, {"one": f"{one} not-a-time", "act": "end"}, ""),
        (BULK, {"one": one, "act": "off", "first": "2026-01-02", "last": "2026-01-01"}, "Call off between"),
        (BULK, {"one": "x", "act": "end"}, ""),
        (BULK, {"one": f"{one} 0001-01-01T00:00:00+14:00", "act": "cancel"}, ""),
        (BULK, {"one": one, "act": "off", "first": "9999-12-31", "last": "9999-12-31"}, "Call off between"),
        (f"{draft}/mark", {"revision": "1", "out": "x 9999-12-31T23:59:59-12:00"}, ""),
    ]
    for path, form, text in wrong:
        answer = await operator.post(path, form)  # type: ignore[arg-type] # lists and words
        assert answer.status_code in {409, 422, 404}, (path, form, answer.status_code)
        assert text in answer.text, (path, form)
    assert fates(await operator.get(draft)) == ["same"] * 7


async def test_a_form_chooses_from_the_commune_of_what_it_changes_whichever_was_looked_at_last(office: Office) -> None:
    operator, _ = await scheduled(office)
    draft = await begun(operator)
    [airing] = names(await operator.get(draft), "out")[:1]
    occurrence = await first_airing(office)
    above = await another_commune(office)
    boss = await office.person(Role.ADMINISTRATOR, place_id=above)
    boss.client.cookies.set("loa_commune", "xa-khac")
    for path in (draft, f"{draft}/add", f"{draft}/airing?name={quote(airing)}", f"/occurrences/{occurrence}/change"):
        page = await boss.get(path)
        assert page.status_code == 200, path
        assert "Bảo Nhai" in page.text, path
        assert "Xã Khác" not in page.text, path
        assert path == draft or 'value="bn-v01"' in page.text, path
    count = await boss.get(f"/audience?where=all&place={COMMUNE}")
    assert "57" in count.text
    form = {"scope": "this", "clock": "09:00", "where": "kind", "kind": "smart", "revision": "1", "step": "look"}
    assert (await boss.post(f"/occurrences/{occurrence}/change", form)).status_code == 200
    added = {"announcement": "", "day": str(MONDAY), "time": "17:00", "volume": "80", "where": "kind", "kind": "smart"}
    found = await first_announcement(office)
    made = await boss.post(f"{draft}/add", added | {"announcement": found, "revision": "1"})
    assert made.status_code == 303, made.text


async def first_airing(office: Office) -> str:
    async with office.runtime.database.reading() as session:
        return str(await session.scalar(select(Occurrence.id).order_by(col(Occurrence.start_at))))


async def first_announcement(office: Office) -> str:
    async with office.runtime.database.reading() as session:
        return str(await session.scalar(select(Announcement.id)))


async def another_commune(office: Office) -> str:
    """A second commune with one cluster; gives the province of both."""
    async with office.runtime.database.writing() as session:
        commune = await session.get_one(Place, COMMUNE)
        above, zone = str(commune.parent_id), commune.zone_name
        session.add(Place(id="xa-khac", kind=PlaceKind.COMMUNE, parent_id=above, name="Xã Khác", zone_name=zone))
        await session.flush()
        session.add(Place(id="xk-v01", kind=PlaceKind.VILLAGE, parent_id="xa-khac", name="Thôn Khác"))
        await session.flush()
        of_it = Cluster(
            id="xk-s01", name="Thôn Khác", commune_id="xa-khac", village_id="xk-v01", kind=ClusterKind.SMART
        )
        session.add(of_it)
    office.runtime.places.forget()
    return above
