import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from base.errors import Conflict, NotFound, Refused
from devices.devicefile import Sound
from devices.enrolment import broker_devices, device_files, enrol, revoke
from devices.models import AuthorityKey, Cluster, Device, Place
from devices.site import enrol_site, import_site
from devices.wire.envelope import SigningKey
from firmware_sim.settings import checked, load
from tests.support.speakers import SmallSite

SOUND = Sound(
    broker_url="mqtt://127.0.0.1:1883",
    content_urls=("http://127.0.0.1:8000/content",),
    storage_root="/var/lib/loa/speakers",
    hours=(("04:45", "21:30"),),
    offset_min=420,
)

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_importing_and_enrolling_again_changes_nothing(site: SmallSite) -> None:
    async with site.database.writing() as session:
        await import_site(session, site.site)
        assert await enrol_site(session, site.site, keys=site.keys, clock=site.clock) == []
    async with site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Place)) == 5
        clusters = {row.id: row.device_id for row in await session.scalars(select(Cluster))}
    assert clusters == {"s1": "s1", "s2": "s2", "s3": "s3", "w1": "s1"}


async def test_device_files_say_all_a_speaker_must_know(site: SmallSite) -> None:
    async with site.database.writing() as session:
        again = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s1", "s2"])
    async with site.database.reading() as session:
        files = {name: tomllib.loads(text) for name, text in (await device_files(session, again, SOUND)).items()}
    gateway, plain = files["s1"], files["s2"]
    assert (gateway["device"], gateway["commune"]) == ("s1", "bao-nhai")
    assert gateway["follows"] == ["bao-nhai", "lao-cai", "vn"]
    assert gateway["cluster"]["places"] == ["v1", "bao-nhai", "lao-cai", "vn"]
    assert gateway["cluster"]["languages"] == ["vi", "tyz"]
    assert [(c["id"], c["code"], c["places"][0]) for c in gateway["children"]] == [("w1", "0101", "v2")]
    assert gateway["transmitter"]["frequency_khz"] == 54300
    assert "transmitter" not in plain
    assert "children" not in plain
    assert {key["kid"] for key in plain["trust"]} == {"bao-nhai#1", "lao-cai#1", "vn#1"}
    assert plain["hours"] == {"spans": [["04:45", "21:30"]], "offset_min": 420}
    assert plain["broker"]["username"] == "s2"
    assert plain["storage"]["dir"] == "/var/lib/loa/speakers/s2"
    assert set(plain) == {
        "device",
        "commune",
        "model",
        "follows",
        "cluster",
        "broker",
        "content",
        "keys",
        "trust",
        "hours",
        "site",
        "player",
        "storage",
    }


async def test_the_seed_in_the_file_is_the_private_half_of_the_key_in_the_table(site: SmallSite) -> None:
    async with site.database.writing() as session:
        (again,) = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s2"])
    async with site.database.reading() as session:
        text = (await device_files(session, [again], SOUND))["s2"]
        device = await session.get(Device, "s2")
    seed = bytes.fromhex(tomllib.loads(text)["keys"]["seed"])
    assert SigningKey.from_seed("s2", seed).cose.to_dict()[-2] == device.public
    assert tomllib.loads(text)["keys"]["mac"] == site.keys.device_secrets("s2", device.generation).mac_key.hex()


async def test_enrolling_again_shuts_the_old_secrets_out(site: SmallSite) -> None:
    before = site.speakers["s2"].enrolled
    async with site.database.writing() as session:
        (after,) = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s2"])
    assert after.device.generation == before.device.generation + 1
    assert after.secrets.broker_password != before.secrets.broker_password
    assert after.seed != before.seed


async def test_a_revoked_device_is_in_no_broker_file_until_it_is_enrolled_again(site: SmallSite) -> None:
    async def names():
        async with site.database.reading() as session:
            return {device.device_id for device in await broker_devices(session, site.keys)}

    async with site.database.writing() as session:
        await revoke(session, "s2", clock=site.clock)
    assert await names() == {"s1", "s3"}
    async with site.database.writing() as session:
        await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s2"])
        with pytest.raises(NotFound, match=r"devices\.device_unknown"):
            await revoke(session, "nobody", clock=site.clock)
    assert await names() == {"s1", "s2", "s3"}


async def test_broker_devices_carry_their_password_and_authorities(site: SmallSite) -> None:
    async with site.database.reading() as session:
        device = (await broker_devices(session, site.keys))[0]
    assert device.authorities == ("bao-nhai", "lao-cai", "vn")
    assert device.password == site.speakers["s1"].enrolled.secrets.broker_password


@pytest.mark.parametrize(
    ("asked", "error", "code"),
    [
        ({"device_id": "S 1"}, Refused, "devices.name_bad"),
        ({"device_id": "s2", "commune_id": "lao-cai"}, Conflict, "devices.device_foreign"),
        ({"device_id": "s9", "cluster_ids": ["nobodys"]}, NotFound, "devices.cluster_unknown"),
    ],
)
async def test_a_wrong_enrolment_is_refused(
    site: SmallSite, asked: dict[str, Any], error: type[Refused], code: str
) -> None:
    async with site.database.writing() as session:
        with pytest.raises(error) as refused:
            await enrol(session, keys=site.keys, clock=site.clock, **({"commune_id": "bao-nhai"} | asked))
    assert refused.value.code == code


async def test_the_reference_speaker_reads_what_enrolment_writes(site: SmallSite, tmp_path: Path) -> None:
    async with site.database.writing() as session:
        again = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s1", "s2"])
        files = await device_files(session, again, SOUND)
    for name, text in files.items():
        path = tmp_path / f"{name}.toml"
        path.write_text(text, "utf-8")
        assert load(path).identity.device == name


async def test_only_a_simulated_speaker_trusts_a_clock_nobody_vouches_for(site: SmallSite, tmp_path: Path) -> None:
    async with site.database.writing() as session:
        again = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s2"])
        real = await device_files(session, again, SOUND)
        simulated = await device_files(session, again, replace(SOUND, trust_clock=True))
    for files, trusts in ((real, False), (simulated, True)):
        (tmp_path / "s2.toml").write_text(files["s2"], "utf-8")
        assert load(tmp_path / "s2.toml").clock.trust_system is trusts


async def test_a_device_enrolled_after_a_key_was_retired_still_knows_it_for_what_is_old(site: SmallSite) -> None:
    async with site.database.writing() as session:
        old = await session.get(AuthorityKey, ("bao-nhai", 1))
        assert old is not None
        old.retired_at, old.retired_seq = site.clock(), 7
        public = site.keys.create_authority_key("bao-nhai", 2)
        session.add(
            AuthorityKey(
                authority_id="bao-nhai",
                epoch=2,
                public=public,
                made_at=site.clock(),
                expires_at=site.clock() + timedelta(days=700),
                signing_from=site.clock(),
            )
        )
        await session.flush()
        (again,) = await enrol_site(session, site.site, keys=site.keys, clock=site.clock, only=["s2"])
        text = (await device_files(session, [again], SOUND))["s2"]
    trust = {key["kid"]: key for key in tomllib.loads(text)["trust"]}
    assert (trust["bao-nhai#1"]["retired"], trust["bao-nhai#1"]["below"]) == (True, 7)
    assert "retired" not in trust["bao-nhai#2"]
    assert trust["bao-nhai#2"]["until"] == (site.clock() + timedelta(days=700)).date().isoformat()
    keys = checked(tomllib.loads(text), "s2").key_material
    assert "bao-nhai#2" in keys.trusted
    assert "bao-nhai#1" not in keys.trusted
