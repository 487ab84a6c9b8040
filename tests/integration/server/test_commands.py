"""`loa device`, `loa user`, `loa broker`, `loa health`, `loa speaker`: each as a process, on a folder of its own."""

import re
import shutil
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import SITE, done, loa


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's commune and some files nobody can use; nothing that is refused changes it."""
    folder = tmp_path_factory.mktemp("imported")
    done(folder, "device", "import", str(SITE))
    (folder / "broken.toml").write_text("[broken\n")
    (folder / "latin.toml").write_bytes('name = "B\xe3o"'.encode("latin-1"))
    (folder / "misspelt.toml").write_text("[http]\nprot = 1\n")
    return folder


@pytest.fixture
def site(imported: Path, tmp_path: Path) -> Path:
    """A folder of one's own whose database holds the demo's commune."""
    shutil.copytree(imported / "data", tmp_path / "data")
    return tmp_path


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(folder / "data" / "loa.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def enrol(folder: Path, name: str = "bn-s01", *more: str, **settings: str) -> dict[str, Any]:
    out = folder / f"{name}.toml"
    done(folder, "device", "enrol", name, "--cluster", "bn-s01", "--out", str(out), *more, **settings)
    return tomllib.loads(out.read_text("utf-8"))


def test_a_site_is_brought_in_as_often_as_one_likes(site: Path) -> None:
    before = rows(site, "SELECT count(*) FROM cluster")
    done(site, "device", "import", str(SITE))
    assert rows(site, "SELECT count(*) FROM cluster") == before == [(57,)]
    assert rows(site, "SELECT action FROM audit_entry ORDER BY seq") == [("import_site",), ("import_site",)]
    assert (site / "data").stat().st_mode & 0o777 == 0o700


def test_a_device_file_is_private_and_enrolling_again_changes_every_secret(site: Path) -> None:
    first = enrol(site)
    assert (site / "bn-s01.toml").stat().st_mode & 0o777 == 0o600
    second = enrol(site)
    assert first["device"] == second["device"] == "bn-s01"
    assert first["trust"] == second["trust"]
    for group, name in (("keys", "seed"), ("keys", "mac"), ("broker", "password")):
        assert first[group][name] != second[group][name]
    assert rows(site, "SELECT generation FROM device") == [(2,)]


def test_the_device_file_says_what_the_settings_say(site: Path) -> None:
    made = enrol(
        site,
        "bn-s01",
        "--khz",
        "87500",
        LOA_BROKER__DEVICE_URL="mqtt://broker.example:1884",
        LOA_HTTP__PUBLIC_URL="https://loa.example",
    )
    assert made["broker"]["url"] == "mqtt://broker.example:1884"
    assert made["broker"]["ca_file"] == ""
    assert made["content"]["urls"] == ["https://loa.example/content"]
    assert made["transmitter"]["frequency_khz"] == 87500


def test_the_brokers_authority_goes_with_the_device_file(site: Path) -> None:
    authority = site / "authority.crt"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    made = enrol(site, LOA_BROKER__DEVICE_CA_FILE=str(authority))
    assert made["broker"]["ca_file"] == "ca.crt"
    assert (site / "ca.crt").read_text() == authority.read_text()


def test_an_enrolment_whose_file_cannot_be_written_did_not_happen(site: Path) -> None:
    (site / "taken.toml").mkdir()
    ended = loa(site, "device", "enrol", "bn-s01", "--cluster", "bn-s01", "--out", str(site / "taken.toml"))
    assert ended.returncode == 1
    assert_said(ended.stderr, "taken.toml")
    assert rows(site, "SELECT count(*) FROM device") == [(0,)]


def test_a_revoked_device_is_out_of_the_brokers_files(site: Path) -> None:
    files = site / "broker"
    enrol(site, LOA_BROKER__FILES=str(files), LOA_BROKER__URL="mqtt://127.0.0.1:1")
    assert "bn-s01:" in (files / "passwd").read_text()
    done(site, "device", "revoke", "bn-s01", LOA_BROKER__FILES=str(files), LOA_BROKER__URL="mqtt://127.0.0.1:1")
    assert "bn-s01" not in (files / "passwd").read_text() + (files / "acl").read_text()
    assert rows(site, "SELECT count(*) FROM device WHERE revoked_at IS NOT NULL") == [(1,)]


def test_secrets_reach_neither_the_terminal_nor_the_database(site: Path) -> None:
    out = site / "bn-s01.toml"
    ended = loa(site, "device", "enrol", "bn-s01", "--cluster", "bn-s01", "--out", str(out))
    made = tomllib.loads(out.read_text("utf-8"))
    database = b"".join(path.read_bytes() for path in (site / "data").glob("loa.db*"))
    for secret in (made["keys"]["seed"], made["keys"]["mac"], made["broker"]["password"]):
        assert secret not in ended.stdout + ended.stderr
        assert secret.encode() not in database
        assert bytes.fromhex(secret) not in database


def test_a_code_is_shown_and_kept_nowhere(site: Path) -> None:
    code = done(site, "device", "code", "bn-s01", "--cluster", "bn-s01").strip()
    assert re.fullmatch(r"[2-9A-Z]{5}-[2-9A-Z]{5}", code)
    database = b"".join(path.read_bytes() for path in (site / "data").glob("loa.db*"))
    assert code.encode() not in database
    assert code.replace("-", "").encode() not in database
    assert rows(site, "SELECT device_id, used_at FROM enrolment_code") == [("bn-s01", None)]


def test_a_new_person_gets_a_password_and_the_role_at_the_place(site: Path) -> None:
    said = done(site, "user", "add", "lan", "--name", "Lan", "--role", "operator", "--place", "bao-nhai")
    assert len(said.strip()) >= 16
    assert rows(site, "SELECT login, role, place_id FROM role_grant JOIN user_account u ON u.id = user_id") == [
        ("lan", "operator", "bao-nhai")
    ]
    assert done(site, "user", "add", "ha", "--name", "Hà", "--role", "administrator", "--place", "*")


def assert_said(text: str, *parts: str) -> None:
    """One sentence to a person, and no traceback."""
    assert text.startswith("loa: "), text
    assert "Traceback" not in text
    assert "Something went wrong" not in text
    for part in parts:
        assert part in text


ENROL = ("device", "enrol", "bn-s01", "--out", "x.toml", "--cluster")
ADD = ("user", "add", "lan", "--name", "Lan", "--role", "operator", "--place")


@pytest.mark.parametrize(
    ("command", "settings", "part"),
    [
        ((*ENROL, "nowhere"), {}, "nowhere"),
        (("device", "enrol", "Bad Name", "--out", "x.toml", "--cluster", "bn-s01"), {}, "Bad Name"),
        (("device", "enrol", "loa-server", "--out", "x.toml", "--cluster", "bn-s01"), {}, "loa-"),
        ((*ENROL, "bn-s01"), {"LOA_BROKER__DEVICE_CA_FILE": "no-such.crt"}, "no-such.crt"),
        (("device", "revoke", "nobody"), {}, "nobody"),
        (("device", "code", "nobody"), {}, "nobody"),
        (("device", "import", "broken.toml"), {}, "line 1"),
        (("device", "import", "latin.toml"), {}, "UTF-8"),
        ((*ADD, "nowhere"), {}, "nowhere"),
        (("user", "reset-password", "nobody"), {}, "no such person"),
        (("serve", "--config", "no-such.toml"), {}, "no-such.toml"),
        (("serve", "--config", "broken.toml"), {}, "broken.toml"),
        (("serve", "--config", "misspelt.toml"), {}, "http.prot"),
        (("serve", "--broker", "http://broker"), {}, "broker.url"),
        (("serve", "--broker", "mqtt://broker:many"), {}, "mqtt://host:port"),
        (("serve", "--port", "70000"), {}, "http.port"),
        (("serve", "--host", "192.0.2.1"), {}, "192.0.2.1"),
        (("serve",), {"LOA_ZONE": "Asia/Atlantis"}, "zone"),
        (("serve",), {"LOA_HTTP": "not json"}, "http"),
        (("serve",), {"LOA_DATABASE__URL": "nonsense"}, "database.url"),
        (("user", "reset-password", "x"), {"LOA_DATABASE__URL": "postgresql+psycopg://u@127.0.0.1:1/x"}, "database"),
        (("user", "reset-password", "x"), {"LOA_DATABASE__PASSWORD_FILE": "no-such-secret"}, "no-such-secret"),
        (("user", "reset-password", "x"), {"LOA_DATA_DIR": "broken.toml"}, "broken.toml"),
        (("health", "http://127.0.0.1:1"), {}, "127.0.0.1:1"),
        (("health", "http://[::1"), {}, "http://[::1"),
        (("health", "nonsense"), {}, "nonsense"),
        (("broker", "prepare", "there", "--host", "mqtts://loa.example"), {}, "mqtts://loa.example"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence(
    imported: Path, command: tuple[str, ...], settings: dict[str, str], part: str
) -> None:
    ended = loa(imported, *command, **settings)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert_said(ended.stderr, part)


def test_a_taken_login_is_refused_whatever_its_case(site: Path) -> None:
    done(site, *ADD, "bao-nhai")
    ended = loa(site, "user", "add", "LAN", "--name", "x", "--role", "operator", "--place", "bao-nhai")
    assert ended.returncode == 1
    assert_said(ended.stderr, "lan")
    assert done(site, "user", "reset-password", "LAN").strip()


@pytest.mark.parametrize("command", [(), ("device",), ("nonsense",), ("device", "enrol", "x"), ("user", "add", "lan")])
def test_wrong_use_ends_with_two(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = loa(tmp_path, *command)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "command", ["serve", "demo", "health", "device enrol", "user add", "broker prepare", "speaker"]
)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    shown = done(tmp_path, *command.split(), "--help")
    assert "usage" in shown.lower()
    assert not (tmp_path / "data").exists()


def test_the_speaker_is_handed_its_own_arguments(tmp_path: Path) -> None:
    assert "--config" in done(tmp_path, "speaker", "run", "--help")
    ended = loa(tmp_path, "speaker", "run", "--config", "no-such.toml")
    assert ended.returncode != 0
    assert "no-such.toml" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_proxy_is_asked_about_our_own_health(tmp_path: Path) -> None:
    ended = loa(
        tmp_path, "health", "http://127.0.0.1:1", HTTP_PROXY="http://192.0.2.1:9", http_proxy="http://192.0.2.1:9"
    )
    assert ended.returncode == 1
    assert_said(ended.stderr, "refused")
