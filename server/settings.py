"""What the server may be told from outside: one TOML file, overridden by the environment.

A secret is never in the TOML text itself: it comes from the environment or from a file named by a ``…_file`` setting.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from audio.speech.http_template import HttpTemplate
from base.errors import Refused

EMBEDDED = "embedded"
CONFIG_VARIABLE = "LOA_CONFIG"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("there is no time zone of this name") from error
    return name


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Group):
    """Where people and speakers reach the server."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    """How speakers and browsers reach it, without a slash at the end; empty: http://host:port."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose X-Forwarded-For is believed, separated by commas."""


class BrokerSettings(_Group):
    """The MQTT broker; `embedded` starts one beside the server."""

    url: str = Field(default=EMBEDDED, pattern=r"^(embedded|mqtts?://.+)$")
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    host: str = "0.0.0.0"  # noqa: S104 - speakers come from the commune's network
    """Where the embedded broker listens."""
    port: int = Field(default=1883, ge=1, le=65_535)
    device_url: str = Field(default="", pattern=r"^(mqtts?://.+)?$")
    """What device files name as the broker; empty: the broker's own URL, or this machine's name."""
    device_ca_file: Path | None = None
    """The authority speakers check the broker's certificate by; `loa device enrol` puts it beside the device file."""
    files: Path | None = None
    """A folder in which the credentials and permissions of all devices are kept up to date for an outside Mosquitto."""


class DatabaseSettings(_Group):
    """SQLite in the data folder unless a URL is given: ``postgresql+psycopg://user@host/name``."""

    url: str = ""
    password_file: Path | None = None
    """Holds the password for a PostgreSQL URL that names none."""
    pool_size: int = Field(default=8, ge=1, le=100)


class LimitSettings(_Group):
    """What one request, one person and one address may ask of the server."""

    upload_bytes: int = Field(default=500_000_000, ge=1_000)
    body_bytes: int = Field(default=1_000_000, ge=1_000)
    sound_s: int = Field(default=7_200, ge=1)
    sign_ins_per_minute: int = Field(default=5, ge=1)
    """Failed sign-ins for one login from one address."""
    sign_ins_per_hour: int = Field(default=30, ge=1)
    address_sign_ins_per_minute: int = Field(default=30, ge=1)
    """Failed sign-ins for any login from one address."""
    address_enrolments_per_minute: int = Field(default=10, ge=1)
    """Codes of enrolment tried from one address, right or wrong."""
    address_enrolments_per_hour: int = Field(default=60, ge=1)
    enrolments_per_hour: int = Field(default=2_000, ge=1)
    """Codes of enrolment tried from everywhere."""
    device_exchanges_per_minute: int = Field(default=240, ge=1)
    """Requests of one speaker by HTTP; it asks at once again while it is catching up."""
    address_exchanges_per_minute: int = Field(default=3_000, ge=1)
    """Requests of all speakers behind one address."""


class ProgrammeGroup(_Group):
    """How far ahead the programme is planned and sent, and how soon "now" is."""

    horizon_days: int = Field(default=30, ge=1, le=366)
    issue_days: int = Field(default=7, ge=1, le=30)
    lead_s: int = Field(default=8, ge=1, le=600)
    """From "broadcast now" to the first sound: time for speakers to fetch, so that all start together."""


class RelaySettings(_Group):
    """Which stations may be relayed."""

    private_networks: bool = False
    """Whether their streams may come from a network of one's own, such as a receiver in the same house."""


class CourierSettings(_Group):
    """What is carried by hand to villages without a link."""

    files_bytes: int = Field(default=8_000_000_000, ge=1_000_000)
    """What the bundle files may take together; the oldest go first."""


class SpeechGroup(_Group):
    """Who speaks what people type; eSpeak NG is always there."""

    piper_folder: Path | None = None
    """Voices of Piper, each two files: ``NAME.onnx`` and ``NAME.onnx.json``."""
    http: tuple[HttpTemplate, ...] = ()
    """Services on the network, one table ``[[speech.http]]`` each; see ``docs/speech-engines.md``."""
    first: tuple[str, ...] = ()
    """Names of engines that are asked before eSpeak NG."""
    cache_bytes: int = Field(default=1_000_000_000, ge=1_000_000)
    """What was spoken once is kept, so that the same text need not be spoken again."""


class LogSettings(_Group):
    """How the server speaks to whoever runs it."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """Everything that can be set; see ``docs/loa.example.toml``. Environment: ``LOA_HTTP__PORT=8090``."""

    model_config = SettingsConfigDict(env_prefix="LOA_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data_dir: Path = Path("data")
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Ho_Chi_Minh"
    """The time zone of places that name none."""
    http: HttpSettings = HttpSettings()
    broker: BrokerSettings = BrokerSettings()
    database: DatabaseSettings = DatabaseSettings()
    limits: LimitSettings = LimitSettings()
    programme: ProgrammeGroup = ProgrammeGroup()
    relays: RelaySettings = RelaySettings()
    couriers: CourierSettings = CourierSettings()
    speech: SpeechGroup = SpeechGroup()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the TOML file."""
        del dotenv_settings, file_secret_settings
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        path = os.environ.get(CONFIG_VARIABLE)
        if path:
            sources += (_toml(settings_cls, Path(path)),)
        return sources

    @property
    def keys_dir(self) -> Path:
        """Where private keys lie; nothing else is there."""
        return self.data_dir / "keys"

    @property
    def content_dir(self) -> Path:
        """Where sounds lie, by hash."""
        return self.data_dir / "content"

    @property
    def couriers_dir(self) -> Path:
        """Where bundles wait to be carried."""
        return self.data_dir / "couriers"

    @property
    def spoken_dir(self) -> Path:
        """What was spoken, for the next time."""
        return self.data_dir / "spoken"

    @property
    def previews_dir(self) -> Path:
        """What was made to be listened to; emptied at every start."""
        return self.data_dir / "previews"

    @property
    def uploads_dir(self) -> Path:
        """Where an upload waits while it is looked at; emptied at every start."""
        return self.data_dir / "uploads"

    @property
    def database_url(self) -> str:
        """Where the tables are; a SQLite file in the data folder by default."""
        return self.database.url or f"sqlite+aiosqlite:///{(self.data_dir / 'loa.db').resolve()}"

    @property
    def database_password(self) -> str | None:
        """The PostgreSQL password from its file, or None."""
        return read_secret(None, self.database.password_file)

    @property
    def broker_password(self) -> str | None:
        """The broker password from the environment or its file, or None."""
        return read_secret(self.broker.password, self.broker.password_file)

    @property
    def public_url(self) -> str:
        """The base that speakers add ``/content/…`` to."""
        return self.http.public_url or f"http://{self.http.host}:{self.http.port}"

    @property
    def https(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies must be Secure."""
        return self.public_url.startswith("https://")


def read_secret(value: SecretStr | None, file: Path | None) -> str | None:
    """A secret given directly, else the first line of its file. Raises Refused("server.secret_missing")."""
    if value is not None:
        return value.get_secret_value()
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise Refused("server.secret_missing", path=str(file)) from error


def load_settings(config: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings, from `config` instead of the file the environment names. Raises ValidationError, Refused."""
    if config is None:
        return Settings(**dict(overrides or {}))
    toml = _toml(Settings, config)()
    environment = EnvSettingsSource(Settings)()
    return Settings(**_merged(_merged(toml, environment), dict(overrides or {})))


def _toml(settings_cls: type[BaseSettings], path: Path) -> TomlConfigSettingsSource:
    """A settings file. Raises Refused: server.config_missing, server.config_wrong."""
    if not path.is_file():
        raise Refused("server.config_missing", path=str(path))
    try:
        return TomlConfigSettingsSource(settings_cls, path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Refused("server.config_wrong", path=str(path), problem=str(error)) from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        merged[name] = _merged(under, value) if both and isinstance(under, Mapping) else value
    return merged
