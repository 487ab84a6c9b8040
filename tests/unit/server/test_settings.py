"""Settings: defaults, TOML, environment, and secrets that never lie in the TOML."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from base.errors import Refused
from server.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[3] / "docs" / "loa.example.toml"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch):
    import os

    for name in [name for name in os.environ if name.startswith("LOA_")]:
        monkeypatch.delenv(name)


def test_nothing_needs_to_be_set():
    settings = load_settings()
    assert settings.database_url.startswith("sqlite+aiosqlite:////")
    assert settings.public_url == "http://127.0.0.1:8080"
    assert not settings.https


def test_the_example_shows_every_setting_with_its_default():
    shown = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert load_settings(EXAMPLE) == load_settings()
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert name in shown
        group = field.annotation
        for inner in getattr(group, "model_fields", {}):
            assert inner in text or inner == "password", f"{name}.{inner} is not in the example"


def test_the_environment_wins_over_the_file_and_arguments_over_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = tmp_path / "loa.toml"
    config.write_text('[http]\nport = 1111\nhost = "0.0.0.0"\n[log]\nlevel = "debug"\n')
    monkeypatch.setenv("LOA_HTTP__PORT", "2222")
    settings = load_settings(config)
    assert (settings.http.port, settings.http.host, settings.log.level) == (2222, "0.0.0.0", "debug")
    assert load_settings(config, {"http": {"port": 3333}}).http.port == 3333


def test_the_file_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = tmp_path / "loa.toml"
    config.write_text("[http]\nport = 1111\n")
    monkeypatch.setenv("LOA_CONFIG", str(config))
    assert Settings().http.port == 1111
    monkeypatch.setenv("LOA_CONFIG", str(tmp_path / "nothing.toml"))
    with pytest.raises(Refused, match="config_missing"):
        Settings()


def test_a_misspelt_setting_is_refused_not_ignored(tmp_path: Path):
    config = tmp_path / "loa.toml"
    config.write_text("[http]\nprot = 1111\n")
    with pytest.raises(ValidationError, match="prot"):
        load_settings(config)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Asia/Atlantis"},
        {"http": {"port": 70_000}},
        {"http": {"public_url": "http://host/path/"}},
        {"broker": {"url": "http://broker"}},
        {"programme": {"lead_s": 0}},
    ],
)
def test_values_that_cannot_work_are_refused(wrong: dict[str, object]):
    with pytest.raises((ValidationError, KeyError)):
        load_settings(None, wrong)


def test_a_secret_comes_from_its_file_or_the_environment_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    secret = tmp_path / "password"
    secret.write_text("from-file\n")
    assert load_settings(None, {"broker": {"password_file": secret}}).broker_password == "from-file"
    monkeypatch.setenv("LOA_BROKER__PASSWORD", "from-environment")
    settings = load_settings()
    assert settings.broker_password == "from-environment"
    assert "from-environment" not in repr(settings)


def test_a_secret_file_that_is_not_there_is_said_plainly(tmp_path: Path):
    settings = load_settings(None, {"broker": {"password_file": tmp_path / "nothing"}})
    with pytest.raises(Refused, match="secret_missing"):
        _ = settings.broker_password


def test_https_follows_the_public_address():
    assert load_settings(None, {"http": {"public_url": "https://loa.example.vn"}}).https
