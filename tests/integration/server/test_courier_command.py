"""`loa courier`: a bundle out of the server's own data, and a file that comes back to it."""

import asyncio
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from base.times import to_ms, utc_now
from devices.enrolment import enrol
from devices.site import demo_site
from devices.wire.envelope import SigningKey
from devices.wire.reports import ClockReport, ClockState, Heartbeat
from devices.wire.returns import write_return
from server.cli import app
from server.commands._open import opened
from server.fleet import bring_in

DEVICE = "bn-s05"


@pytest.fixture
def seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The demo's commune in a folder of its own, and the private seed of one of its devices."""
    monkeypatch.setenv("LOA_DATA_DIR", str(tmp_path / "data"))

    async def make() -> bytes:
        async with opened(None) as here, here.database.writing() as session:
            await bring_in(session, demo_site(), here.keys, here.clock)
            enrolled = await enrol(
                session,
                keys=here.keys,
                clock=here.clock,
                device_id=DEVICE,
                commune_id="bao-nhai",
                cluster_ids=[DEVICE],
            )
        return enrolled.seed

    return asyncio.run(make())


def returned(seed: bytes, *bundles: str) -> bytes:
    clock = ClockReport(ClockState.SYNCED, to_ms(utc_now()), 50)
    out, key = io.BytesIO(), SigningKey.from_seed(DEVICE, seed)
    write_return(out, heartbeat=Heartbeat(DEVICE, 1, 1, clock, {}), held=(), bundles=bundles, receipts=(), key=key)
    return out.getvalue()


def test_a_bundle_goes_out_its_return_comes_back_and_the_list_shows_it(tmp_path: Path, seed: bytes):
    run = CliRunner()
    made = run.invoke(app, ["courier", "prepare", "--village", "bn-v05", "--out", str(tmp_path / "stick")])
    assert made.exit_code == 0, made.output
    path = Path(made.stdout.strip())
    assert path.parent == tmp_path / "stick"
    assert path.read_bytes()[:13] == b"manifest.cose"
    listed = json.loads(run.invoke(app, ["courier", "list", "bao-nhai", "--json"]).stdout)
    assert [(row["file"], row["state"]) for row in listed] == [(path.name, "prepared")]

    (tmp_path / "good.loa").write_bytes(returned(seed, listed[0]["id"]))
    (tmp_path / "bad.loa").write_bytes(b"?" * 2_000)
    taken = run.invoke(app, ["courier", "return", str(tmp_path / "good.loa"), str(tmp_path / "bad.loa"), "--json"])
    assert taken.exit_code == 1
    good, bad = json.loads(taken.stdout)
    assert (good["accepted"], good["handed"], bad["accepted"]) == (True, [listed[0]["id"]], False)
    assert "not a Loa file" in taken.stderr
    assert "handed_over  1/1" in run.invoke(app, ["courier", "list", "bao-nhai"]).stdout
