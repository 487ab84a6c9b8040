"""Reports and the log in the console: choosing, reading, filtering and taking along, for who may view the place."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import update
from sqlmodel import col

from base.ids import new_id
from base.times import utc_now
from devices.models import Delivery, DeliveryState
from devices.wire.audience import Audience
from schedules.asrun import COLUMNS, Claim
from schedules.models import Occurrence, OccurrenceState
from server.auth.models import Role
from server.web import reports
from tests.integration.server.web.conftest import COMMUNE, Office

AT = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of 11 March in the commune."""
TITLE = "<b>=1+1</b> & \u202eلا"


async def planned(office: Office, **more: object) -> Occurrence:
    """An airing that never had an order, for one cluster."""
    fields: dict[str, object] = {
        "title": TITLE,
        "start_at": AT,
        "ends_at": AT + timedelta(minutes=5),
        "expires_at": AT + timedelta(minutes=40),
        "state": OccurrenceState.CANCELLED,
        "reason": "not_approved",
        "audience": Audience(clusters=("bn-s04",)).to_map(),
    }
    row = Occurrence(id=new_id(), place_id=COMMUNE, created_by="x", created_at=AT, **(fields | more))
    async with office.runtime.database.writing() as session:
        session.add(row)
    return row


async def on_air(office: Office) -> tuple[str, str]:
    """One that was ordered for everybody, and what a few speakers said. Its id and local day."""
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan, boss)
    form = {"where": "all", "volume": "80", "key": new_id()}
    occurrence = (await lan.post(f"{path}/broadcast", form)).headers["location"].rsplit("/", 1)[1]
    async with office.runtime.database.writing() as session:
        for cluster, state, ms in (
            ("bn-s01", "played", 3_000),
            ("bn-s02", "missed", 0),
            ("bn-w01", "transmitted", 3_000),
        ):
            this = (col(Delivery.occurrence_id) == occurrence, col(Delivery.cluster_id) == cluster)
            said = {"state": DeliveryState(state), "sounded_ms": ms, "reason": "not_stored" if ms == 0 else ""}
            await session.execute(update(Delivery).where(*this).values(started_at=utc_now() if ms else None, **said))
    local = utc_now() + timedelta(hours=7)
    return occurrence, local.date().isoformat()


async def test_a_report_and_its_files_say_what_was_not_heard_and_why_and_titles_stay_text(office: Office):
    await planned(office)
    viewer = await office.person(Role.OPERATOR)
    for path in ("/reports/day?day=2026-03-11", "/reports/month?month=2026-03", "/reports/log?day=2026-03-11"):
        page = (await viewer.get(path)).text
        assert "&lt;b&gt;=1+1&lt;/b&gt; &amp;" in page, path
        assert "Its announcement was not approved in time." in page, path
        assert "never ordered" in page, path
    assert "Nothing was planned" in (await viewer.get("/reports/day?day=2026-03-10")).text

    viewer.client.headers["Accept-Language"] = "vi"
    sent = await viewer.get("/reports/log.csv?month=2026-03")
    assert sent.headers["content-disposition"] == 'attachment; filename="loa-bao-nhai-2026-03.csv"'
    [head, line] = csv.reader(io.StringIO(sent.content.decode("utf-8-sig"), newline=""))
    assert (line[COLUMNS.index("title")], head[0], len(head)) == (TITLE, "Ngày", len(COLUMNS))
    assert (line[0], line[1]) == ("2026-03-11", "05:00")
    sent = await viewer.get("/reports/log.xlsx?day=2026-03-11")
    assert sent.headers["content-disposition"] == 'attachment; filename="loa-bao-nhai-2026-03-11.xlsx"'
    log = load_workbook(io.BytesIO(sent.content))["Nhật ký"]
    assert log.cell(2, COLUMNS.index("title") + 1).value == TITLE
    assert log.max_row == 2


async def test_what_receipts_say_stands_in_the_report_and_filters_find_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    occurrence, day = await on_air(office)
    viewer = await office.person(Role.OPERATOR)
    report = (await viewer.get(f"/reports/day?day={day}")).text
    assert re.search(r"<b>1</b>\s*played", report)
    assert re.search(r"<b>1</b>\s*transmitted", report)
    assert "the sound had not arrived in time" in report
    assert f"/occurrences/{occurrence}" in report
    lines = (await viewer.get(f"/reports/log?day={day}")).text
    assert lines.count('<tr><td class="when">') == 50
    after = re.search(r"after=([\w.-]+)", lines)
    assert after is not None
    assert (await viewer.get(f"/reports/log?day={day}&after={after[1]}")).text.count('<tr><td class="when">') == 7
    found = {
        query: (await viewer.get(f"/reports/log?day={day}&{query}")).text.count('<tr><td class="when">')
        for query in ("claim=played", "claim=silent", "cluster=bn-s02", "claim=ahead", "village=nowhere", "claim=x")
    }
    assert list(found.values()) == [1, 1, 1, 50, 0, 50]
    for path in ("/", f"/occurrences/{occurrence}"):
        assert f"/reports/day?day={day}" in (await viewer.get(path)).text

    # A place with very many clusters is not listed whole.
    monkeypatch.setattr(reports, "CHOICES", 3)
    report = (await viewer.get(f"/reports/day?day={day}")).text
    assert (report.count("&amp;village="), "more villages are in the files" in report) == (3, True)
    page = (await viewer.get(f"/reports/log?day={day}&cluster=bn-s04")).text
    assert (page.count("<option"), 'value="bn-s04"' in page) == (1 + len(Claim), True)
    assert f"/occurrences/{occurrence}" in page


async def test_days_and_months_are_offered_others_refused_in_words_and_nobody_sees_more_than_their_place(
    office: Office,
):
    viewer = await office.person(Role.OPERATOR)
    page = (await viewer.get("/reports")).text
    today = (utc_now() + timedelta(hours=7)).date()
    assert f"/reports/day?day={today}" in page
    assert f"/reports/month?month={today.isoformat()[:7]}" in page
    assert (await viewer.get("/reports/month")).headers["location"] == f"/reports/month?month={today.isoformat()[:7]}"
    for query in ("day=2026-02-30", "month=2026-13", "day=", "month=%00", "day=" + "9" * 5_000):
        for path in ("/reports/log", "/reports/log.csv", "/reports/log.xlsx"):
            assert (await viewer.get(f"{path}?{query}")).status_code == 422, (path, query)
    assert (await viewer.get("/reports/log?day=2026-03-11&after=x.y")).status_code == 422

    nobody = await office.person()
    elsewhere = await office.person(Role.OPERATOR, place_id="bn-v01")
    for person in (nobody, elsewhere):
        for path in ("/reports", "/reports/day?day=2026-03-11", "/reports/log.csv?day=2026-03-11", "/reports/log.xlsx"):
            assert (await person.get(path)).status_code in {403, 404}, path
