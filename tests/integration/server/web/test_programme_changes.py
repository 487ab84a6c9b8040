"""One airing changed, days copied, a change undone, a village paused: by pages, each shown before it is done."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from httpx import Response
from sqlalchemy import select

from devices.wire.audience import Audience
from schedules.models import AnnouncementState, Occurrence, OccurrenceState, PauseRow, Policy
from schedules.recurrence import Rule
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office, Person, fields

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = datetime.now(UTC).date() + timedelta(days=3)


async def operator(office: Office) -> Person:
    """Who may plan, with an approved announcement at nine every day."""
    lan = await office.person(Role.OPERATOR)
    announcement_id = (await office.announcement(lan)).rsplit("/", 1)[1]
    async with office.runtime.database.writing() as session:
        (await office.runtime.announcements.find(session, announcement_id)).state = AnnouncementState.APPROVED
        await office.runtime.programme.create_schedule(
            session,
            announcement_id=announcement_id,
            rule=Rule("FREQ=DAILY", DAY, None, ("09:00",), ZONE),
            audience=Audience(),
            user_id="lan",
        )
    return lan


async def heard(office: Office, days: int = 3) -> list[Occurrence]:
    """What stands on some days, first to last."""
    start = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) - timedelta(hours=7)
    async with office.runtime.database.reading() as session:
        found = await office.runtime.programme.occurrences(session, COMMUNE, start, start + timedelta(days=days))
    return [row for row in found if row.state is not OccurrenceState.CANCELLED]


async def times(office: Office, days: int = 3) -> list[str]:
    local = [(row.start_at + timedelta(hours=7)) for row in await heard(office, days)]
    return [f"{(at.date() - DAY).days} {at:%H:%M}" for at in local]


async def cancels(office: Office) -> int:
    """The orders that took something back: only a change writes them, the server's own round does not."""
    return len(await office.orders("cancel"))


async def issue(office: Office) -> None:
    programme, database = office.runtime.programme, office.runtime.database
    async with database.writing() as session:
        await programme.issue_due(session, office.runtime.clock())


def kept(page: Response) -> dict[str, str]:
    """What the page would send on."""
    return {name: value for name, value in fields(page).items() if name != "csrf"}


async def test_an_airing_is_changed_or_called_off_only_when_its_effect_was_seen_and_put_back(office: Office):
    lan = await operator(office)
    await issue(office)
    [first, *_] = await heard(office)
    before, ordered = await times(office), await cancels(office)
    form = await lan.get(f"/occurrences/{first.id}/change")
    assert 'value="09:00"' in form.text
    said = {"revision": kept(form)["revision"], "scope": "this", "clock": "10:30", "where": "keep", "step": "look"}
    looked = await lan.post(f"/occurrences/{first.id}/change", said)
    assert looked.status_code == 200
    assert "10:30" in looked.text
    assert (await times(office), await cancels(office)) == (before, ordered), "looking must change and order nothing"
    done = await lan.post(f"/occurrences/{first.id}/change", kept(looked) | {"step": "do"})
    assert done.status_code == 303, done.text
    assert await times(office) == ["0 10:30", *before[1:]]
    again = await lan.post(f"/occurrences/{first.id}/change", kept(looked) | {"step": "do"})
    assert again.headers["location"] == done.headers["location"], "the same button twice is one change"
    shown = await lan.get(done.headers["location"])
    assert "/programme/undo" in shown.text
    ended, viewer = f"/schedules/{first.schedule_id}?done=ended", await office.person(Role.APPROVER)
    assert '<a href="/programme/undo">' in (await lan.get(ended)).text, "what was just done can be undone from there"
    assert '<a href="/programme/undo">' not in (await viewer.get(ended)).text
    old = await lan.get(f"/occurrences/{first.id}")
    assert done.headers["location"].split("?")[0] in old.text, "the old airing's page leads to the new one"
    undo = await lan.get("/programme/undo")
    assert "10:30" in undo.text
    assert (await lan.post("/programme/undo", kept(undo))).status_code == 303
    assert await times(office) == before
    other = await lan.post("/programme/undo", kept(undo) | {"key": "another-key-1"})
    assert other.status_code == 409, "what is taken back is what was seen"

    [first, *_] = await heard(office)
    looked = await lan.post(f"/occurrences/{first.id}/change", {"scope": "this", "off": "1"})
    assert looked.status_code == 200
    assert len(await times(office)) == 3
    assert (await lan.post(f"/occurrences/{first.id}/change", kept(looked) | {"step": "do"})).status_code == 303
    assert await times(office) == ["1 09:00", "2 09:00"]
    assert (await lan.post("/programme/undo", kept(await lan.get("/programme/undo")))).status_code == 303
    assert len(await times(office)) == 3

    second = (await heard(office))[1]
    said = {"scope": "following", "clock": "16:00", "where": "keep", "then": "restart", "stale": "5", "step": "do"}
    done = await lan.post(f"/occurrences/{second.id}/change", said | {"key": "key-number-1", "day": ""})
    assert done.status_code == 303, done.text
    assert await times(office) == ["0 09:00", "1 16:00", "2 16:00"]
    assert [row.stale_s for row in await heard(office)] == [None, 300, 300]


async def test_what_is_not_permitted_or_out_of_date_or_hostile_changes_nothing(office: Office):
    lan = await operator(office)
    [first, *_] = await heard(office)
    before, path = await times(office), f"/occurrences/{first.id}/change"
    usual = {"scope": "this", "where": "keep", "step": "do"}
    for number, wrong in enumerate((
        {},
        {"scope": "everything", "clock": "10:00"},
        {"clock": "25:99"},
        {"clock": "<script>"},
        {"day": "2026-02-31", "clock": "09:00"},
        {"day": "9999-12-31"},
        {"volume": "101"},
        {"volume": "9" * 400},
        {"then": "sing"},
        {"stale": "0"},
        {"stale": "99999"},
        {"announcement": "nobody"},
        {"where": "villages"},
        {"where": "villages", "village": "ha-noi"},
        {"scope": "all", "days": "new", "repeat": "weekly", "time": "09:00", "first_day": str(DAY)},
        {"scope": "all", "days": "new", "repeat": "daily", "time": "x", "first_day": str(DAY)},
        {"scope": "all", "days": "new", "repeat": "rrule", "rrule": "FREQ=X", "time": "09:00", "first_day": str(DAY)},
        {"revision": "x", "clock": "10:00"},
    )):  # fmt: skip
        answer = await lan.post(path, usual | wrong | {"key": f"key-number-{number}"})
        assert 400 <= answer.status_code < 500, (wrong, answer.status_code)
        assert "<script>" not in answer.text.replace('<script src="', "")
    assert await times(office) == before
    viewer = await office.person(Role.APPROVER)
    for way in ("/programme/copy", "/programme/undo", "/programme/pauses/new", path):
        assert (await viewer.post(way, usual)).status_code == 403, way

    usual = {"where": "all", "begins": f"{DAY}T00:00", "ends": f"{DAY}T23:59", "occasion": "exam", "up_to": "2"}
    for number, wrong in enumerate((
        {"where": "villages"}, {"where": "clusters"}, {"where": "clusters", "cluster": "nowhere"},
        {"ends": f"{DAY}T00:00"}, {"ends": "9999-12-31T00:00"}, {"begins": "now"}, {"begins": f"{DAY}T00:00+09:00"},
        {"begins": "0001-01-01T00:00"}, {"begins": "0001-01-01T00:00", "ends": "0001-01-02T00:00"},
        {"occasion": "party"}, {"occasion": "other"}, {"note": "x" * 201}, {"up_to": "3"}, {"up_to": "loud"},
        {"begins": "2020-01-01T00:00", "ends": "2020-01-02T00:00"},
    )):  # fmt: skip
        for step in ("look", "do"):
            said = usual | wrong | {"step": step, "key": f"key-number-{number}"}
            answer = await lan.post("/programme/pauses/new", said)
            assert 400 <= answer.status_code < 500, (wrong, step, answer.status_code)
    async with office.runtime.database.reading() as session:
        assert (await session.scalars(select(PauseRow))).all() == []

    first, second, *_ = await heard(office)
    said = {"where": "keep", "step": "do", "scope": "this", "revision": "1"}
    path = f"/occurrences/{first.id}/change"
    assert (await lan.post(path, said | {"volume": "60", "key": "key-number-1"})).status_code == 303
    path = f"/occurrences/{second.id}/change"
    stale = await lan.post(path, said | {"volume": "60", "key": "key-number-2"})
    assert stale.status_code == 412

    async with office.runtime.database.writing() as session:
        await session.merge(Policy(place_id=COMMUNE, hours=[["05:00", "21:00"]], source="Quyết định 12/QĐ-UBND"))
    [first, *_] = await heard(office)
    said = {"scope": "this", "clock": "03:15", "where": "keep", "step": "look"}
    refused = await lan.post(f"/occurrences/{first.id}/change", said)
    assert refused.status_code == 422
    assert "Quyết định 12/QĐ-UBND" in refused.text
    assert 'name="take" value="05:00"' in refused.text
    taken = await lan.post(f"/occurrences/{first.id}/change", said | {"take": "05:00"})
    assert taken.status_code == 200, taken.text
    assert (await lan.post(f"/occurrences/{first.id}/change", kept(taken) | {"step": "do"})).status_code == 303
    assert (await times(office))[0] == "0 05:00"


async def test_a_day_is_copied_and_a_village_paused_once_everybody_saw_what_comes_of_it(office: Office):
    lan = await operator(office)
    said = {"span": "day", "first": DAY.isoformat(), "to": (DAY - timedelta(days=1)).isoformat()}
    looked = await lan.post("/programme/copy", said | {"step": "look"})
    assert looked.status_code == 200
    assert "09:00" in looked.text
    assert await times(office) == ["0 09:00", "1 09:00", "2 09:00"]
    done = await lan.post("/programme/copy", said | {"step": "do", "key": fields(looked)["key"]})
    assert done.status_code == 303, done.text
    empty = await lan.post("/programme/copy", said | {"step": "look"})
    assert 'value="do"' not in empty.text
    for wrong in ({"to": said["first"]}, {"first": "x"}, {"to": "9999-12-31"}, {"first": "0001-01-01"}):
        assert (await lan.post("/programme/copy", said | {"step": "do", "key": "k" * 9} | wrong)).status_code >= 400
    undo = await lan.get("/programme/undo")
    assert (await lan.post("/programme/undo", kept(undo))).status_code == 303
    looked = await lan.post("/programme/copy", said | {"step": "look"})
    assert 'value="do"' in looked.text

    await issue(office)
    ordered = await cancels(office)
    said = {
        "where": "villages", "village": "bn-v01", "begins": f"{DAY}T00:00", "ends": f"{DAY}T23:59",
        "occasion": "funeral", "note": "Nhà ông Sìn", "up_to": "2",
    }  # fmt: skip
    looked = await lan.post("/programme/pauses/new", said | {"step": "look"})
    assert looked.status_code == 200, looked.text
    assert re.search(r"09:00</time> \S", looked.text)
    assert await cancels(office) == ordered
    done = await lan.post("/programme/pauses/new", said | {"step": "do", "key": fields(looked)["key"]})
    assert done.status_code == 303, done.text
    assert await cancels(office) == ordered + 1
    [first, *_] = await heard(office)
    assert first.paused
    listed = await lan.get("/programme/pauses")
    assert "Nhà ông Sìn" in listed.text
    assert "/programme/pauses" in (await lan.get(f"/occurrences/{first.id}")).text
    assert "/programme/pauses" in (await lan.get(f"/clusters/{first.paused[0]}")).text
    async with office.runtime.database.reading() as session:
        row = (await session.scalars(select(PauseRow))).one()
    assert (await lan.post(f"/programme/pauses/{row.id}/end")).status_code == 303
    assert next(each.paused for each in await heard(office)) == []
    assert (await lan.post(f"/programme/pauses/{row.id}/end")).status_code == 409
