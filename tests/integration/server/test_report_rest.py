"""The log and its totals through the REST interface and from the command line."""

import asyncio
import csv
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from base.ids import new_id
from devices.site import demo_site, import_site
from devices.wire.audience import Audience
from schedules.models import Occurrence, OccurrenceState
from server.auth.models import Role
from server.commands._open import opened_with
from server.commands.report import app
from server.runtime import Runtime
from server.settings import Settings
from tests.integration.server.conftest import Station
from tests.support.commands import done

COMMUNE = "bao-nhai"
PLACE = f"/api/v1/places/{COMMUNE}"
START = datetime(2026, 3, 31, 16, 50, tzinfo=UTC)
"""23:50 of the last day of March in the commune, so that it goes on in April."""


async def plan(here: Runtime, clusters: tuple[str, ...] = ("bn-s01", "bn-s02", "bn-w01")) -> str:
    """An airing across midnight, called off before it was ordered."""
    row = Occurrence(
        id=new_id(), place_id=COMMUNE, title="Tin đêm", start_at=START, ends_at=START + timedelta(minutes=20),
        expires_at=START + timedelta(hours=1), state=OccurrenceState.CANCELLED, reason="by_hand",
        audience=Audience(clusters=clusters).to_map(), created_by="x", created_at=START,
    )  # fmt: skip
    async with here.database.writing() as session:
        session.add(row)
    return row.id


async def test_a_program_reads_the_log_by_pages_and_the_totals_of_its_own_place(station: Station):
    occurrence = await plan(station.runtime)
    viewer = await station.person((Role.OPERATOR, COMMUNE))
    first = (await viewer.get(f"{PLACE}/as-run", params={"month": "2026-03", "limit": 2})).json()
    rest = (await viewer.get(f"{PLACE}/as-run", params={"day": "2026-03-31", "cursor": first["next"]})).json()
    rows = [*first["items"], *rest["items"]]
    assert [row["cluster_id"] for row in rows] == ["bn-s01", "bn-s02", "bn-w01"]
    assert {(row["occurrence_id"], row["claim"], row["reason"], row["planned_ms"]) for row in rows} == {
        (occurrence, "not_ordered", "by_hand", 1_200_000)
    }
    assert rest["next"] is None
    some = (await viewer.get(f"{PLACE}/as-run", params={"month": "2026-03", "claim": "played"})).json()
    assert some == {"items": [], "next": None}
    day = (await viewer.get(f"{PLACE}/reports/day", params={"day": "2026-03-31"})).json()
    month = (await viewer.get(f"{PLACE}/reports/month", params={"month": "2026-03"})).json()
    assert (day["whole"], day["villages"]) == (month["whole"], month["villages"])
    assert (day["whole"]["airings"], day["whole"]["clusters"], day["zone"]) == (1, 3, "Asia/Ho_Chi_Minh")
    assert list(month["days"]) == ["2026-03-31"]
    april = (await viewer.get(f"{PLACE}/reports/month", params={"month": "2026-04"})).json()
    assert april["whole"]["airings"] == 0
    assert (await viewer.get(f"{PLACE}/as-run")).json()["items"] == []

    # What is wrong, or not its own, is refused.
    wrong = [
        ("as-run", {"day": "2026-02-30"}), ("as-run", {"month": "2026-13"}), ("as-run", {"claim": "heard"}),
        ("as-run", {"day": "2026-03-31", "cursor": "x" * 81}), ("as-run", {"cursor": "x.y"}),
        ("as-run", {"limit": 201}),
        ("reports/day", {}), ("reports/day", {"day": "9" * 11}), ("reports/month", {"month": "2026"}),
        ("as-run", {"village": "../etc"}),
    ]  # fmt: skip
    for path, query in wrong:
        assert (await viewer.get(f"{PLACE}/{path}", params=query)).status_code == 422, (path, query)  # type: ignore[arg-type]
    for path in ("as-run?day=2026-03-31", "reports/day?day=2026-03-31", "reports/month?month=2026-03"):
        above = await viewer.get(f"/api/v1/places/lao-cai/{path}")
        assert above.status_code in {403, 404}, path
        assert (await (await station.client()).get(f"{PLACE}/{path}")).status_code == 401


async def prepare(folder: Path) -> None:
    async with opened_with(Settings(data_dir=folder / "data")) as here:
        async with here.database.writing() as session:
            await import_site(session, demo_site())
        await plan(here, ("bn-s01",))


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "data" / "loa.db").read_bytes()).hexdigest()


def test_the_command_reports_from_the_database_and_writes_nothing_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asyncio.run(prepare(tmp_path))
    before = digest(tmp_path)
    files = ("--csv", "log.csv", "--xlsx", "log.xlsx", "--language", "en")
    told = json.loads(done(tmp_path, "report", "month", "2026-03", "--place", COMMUNE, "--json", *files))
    assert (told["first_day"], told["last_day"], told["whole"]["clusters"]) == ("2026-03-01", "2026-03-31", 1)
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        [line] = csv.DictReader(file)
    assert (line["Title"], line["Day"], line["What is proved"]) == ("Tin đêm", "2026-03-31", "never ordered")
    assert load_workbook(tmp_path / "log.xlsx").sheetnames == ["Totals", "Log", "Not heard"]

    monkeypatch.setenv("LOA_DATA_DIR", str(tmp_path / "data"))
    read = CliRunner().invoke(app, ["day", "2026-03-31", "--place", COMMUNE])
    assert "Tin đêm: 1 not_ordered by_hand" in read.stdout
    assert digest(tmp_path) == before
    for asked, code in (("2026-03-32", "report_when_wrong"), ("2026-03-31", "place_unknown")):
        refused = CliRunner().invoke(app, ["day", asked, "--place", "nowhere"])
        assert code in str(refused.exception)
