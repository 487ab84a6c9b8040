import stat
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from base.errors import NotFound, Refused, Unavailable
from devices.keys import KeyStore, current_key, current_keys, ensure_authority, trusted_keys
from devices.models import AuthorityKey, OrderLog
from tests.support.speakers import SmallSite


def test_secrets_are_files_only_their_owner_reads(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys")
    keys.create_authority_key("bao-nhai", 1)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_keys_are_the_same_after_a_restart_and_are_never_replaced(tmp_path: Path) -> None:
    first, second = KeyStore(tmp_path), KeyStore(tmp_path)
    assert first.create_authority_key("c", 1) == second.create_authority_key("c", 1)
    assert first.device_secrets("s1", 1) == second.device_secrets("s1", 1)
    assert first.server_password() == second.server_password()


def test_every_device_and_generation_has_secrets_of_its_own(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    secrets = [keys.device_secrets(*each) for each in (("s1", 1), ("s1", 2), ("s2", 1))]
    assert len({each.mac_key for each in secrets} | {each.broker_password for each in secrets}) == 6
    assert secrets[0].mac_key.hex() not in repr(secrets[0])


def test_a_name_cannot_leave_the_directory(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"devices\.name_bad"):
        KeyStore(tmp_path / "keys").create_authority_key("../evil", 1)


def test_a_lost_or_damaged_key_says_which(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path)
    with pytest.raises(Unavailable, match=r"devices\.key_missing.*c#1"):
        keys.signing_key("c", 1)
    (tmp_path / "authority-c-1.seed").write_text("abc")
    with pytest.raises(Unavailable, match=r"devices\.key_missing"):
        keys.signing_key("c", 1)


async def test_an_authority_gets_one_key_and_an_empty_log(site: SmallSite) -> None:
    async with site.database.writing() as session:
        again = await ensure_authority(session, site.keys, "bao-nhai", site.clock)
        log = await session.get(OrderLog, "bao-nhai")
    assert again.epoch == 1
    assert (log.head, log.floor) == (0, 1)


async def test_the_newest_key_in_use_signs_and_all_unretired_are_trusted(site: SmallSite) -> None:
    made = site.clock()
    async with site.database.writing() as session:
        for epoch, signing_from in ((2, made), (3, None)):
            public = site.keys.create_authority_key("bao-nhai", epoch)
            key = AuthorityKey(authority_id="bao-nhai", epoch=epoch, public=public, made_at=made, expires_at=made)
            key.signing_from = signing_from
            session.add(key)
    async with site.database.reading() as session:
        assert (await current_key(session, site.keys, "bao-nhai")).kid == "bao-nhai#2"
        assert {k: v.kid for k, v in (await current_keys(session, site.keys, ["bao-nhai", "x"])).items()} == {
            "bao-nhai": "bao-nhai#2"
        }
        assert [key.epoch for key in await trusted_keys(session, ["bao-nhai"])] == [1, 2, 3]


async def test_an_expired_key_warns_and_still_signs(site: SmallSite) -> None:
    site.clock.forward(days=731)
    with capture_logs() as logged:
        async with site.database.reading() as session:
            key = await current_key(session, site.keys, "bao-nhai", site.clock)
    assert key.kid == "bao-nhai#1"
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("devices.key_expires", "warning")]


async def test_an_unknown_authority_is_refused(site: SmallSite) -> None:
    async with site.database.reading() as session:
        with pytest.raises(NotFound, match=r"devices\.authority_unknown"):
            await current_key(session, site.keys, "nowhere")


async def test_a_key_made_before_a_rollback_is_used_again(site: SmallSite) -> None:
    public = site.keys.create_authority_key("bao-nhai", 1)
    async with site.database.reading() as session:
        (stored,) = await trusted_keys(session, ["bao-nhai"])
    assert stored.public == public
    assert stored.expires_at - stored.made_at == timedelta(days=730)
