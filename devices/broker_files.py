"""Credentials and permissions for the broker, as its own configuration files say them (pure).

A device publishes only under its own ``up/``, and subscribes only to its own ``down``, its authorities, and live audio.
Nothing else is allowed to anyone but the server.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import pbkdf2_hmac, sha256
from typing import NamedTuple

from devices.wire import topics
from devices.wire.topics import Up

OWN_PREFIX = "loa-"
"""What names of our own begin with at the broker; no device may have such a name."""
SERVER_USER = f"{OWN_PREFIX}server"
HEALTH_USER = f"{OWN_PREFIX}health"
"""Signs in and hears nothing: for the broker's health check."""
ALL = f"{topics.PREFIX}/#"
LIVE = f"{topics.PREFIX}/live/#"
PASSWORD_ROUNDS = 101
"""Mosquitto's own count. Few, because the passwords are 256 random bits, and a broker checks one per reconnect."""


class BrokerDevice(NamedTuple):
    """A device that may connect; `authorities` are those it follows."""

    device_id: str
    password: str
    authorities: tuple[str, ...]

    @property
    def publishes(self) -> tuple[str, ...]:
        return tuple(topics.up(self.device_id, kind) for kind in Up)

    @property
    def subscribes(self) -> tuple[str, ...]:
        of_authorities = [topic(name) for name in self.authorities for topic in (topics.orders, topics.head)]
        return (topics.down(self.device_id), *of_authorities, LIVE)


def mosquitto_files(devices: Sequence[BrokerDevice], server_password: str) -> dict[str, str]:
    """The texts of Mosquitto's ``passwd`` (password_file) and ``acl`` (acl_file); a SIGHUP makes it read them again."""
    users = [(SERVER_USER, server_password), *((device.device_id, device.password) for device in devices)]
    acl = [f"user {SERVER_USER}", f"topic readwrite {ALL}"]
    for device in devices:
        acl += ["", f"user {device.device_id}"]
        acl += [f"topic write {topic}" for topic in device.publishes]
        acl += [f"topic read {topic}" for topic in device.subscribes]
    return {
        "passwd": "".join(f"{name}:{_mosquitto_hash(name, password)}\n" for name, password in users),
        "acl": "\n".join(acl) + "\n",
    }


def mosquitto_conf(*, host: str, port: int, passwd: str, acl: str) -> str:
    """A Mosquitto that carries and never stores, for one machine; the files are those of `mosquitto_files`."""
    return "\n".join(
        [
            "per_listener_settings false",
            f"listener {port} {host}",
            "allow_anonymous false",
            f"password_file {passwd}",
            f"acl_file {acl}",
            # A device's client id is its name, whatever it says: nobody unseats another with his own credentials.
            "use_username_as_clientid true",
            "persistence false",
            "set_tcp_nodelay true",
            # The other value costs time quadratic in the number of subscribers.
            "allow_duplicate_messages true",
            "max_queued_messages 1000",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "connection_messages false",
            "",
        ]
    )


def nats_config(devices: Iterable[BrokerDevice], server_password: str, *, host: str, port: int, store_dir: str) -> str:
    """A nats-server's whole configuration: an MQTT listener, one user a device; a SIGHUP makes it read it again.

    Passwords stand in plain: the file is 0600, they are random, and bcrypt would cost a reconnect storm minutes.
    The NATS protocol itself listens on a free local port, but no user may connect that way.
    """
    users = [_nats_user(SERVER_USER, server_password, [ALL], [ALL])]
    users += [_nats_user(d.device_id, d.password, d.publishes, d.subscribes) for d in devices]
    listed = "\n".join(users)
    return f"""server_name: "loa"
host: "127.0.0.1"
port: -1
max_payload: 131072
jetstream {{ store_dir: {_quoted(store_dir)}, max_memory_store: 16MB, max_file_store: 256MB }}
mqtt {{ host: {_quoted(host)}, port: {port} }}
authorization {{
  timeout: 10
  users: [
{listed}
  ]
}}
"""


def _nats_user(name: str, password: str, publishes: Sequence[str], subscribes: Sequence[str]) -> str:
    return (
        f'    {{ user: {_quoted(name)}, password: {_quoted(password)}, allowed_connection_types: ["MQTT"], '
        f"permissions: {{ publish: {_allowed(publishes)}, subscribe: {_allowed(subscribes)} }} }}"
    )


def _allowed(allowed: Sequence[str]) -> str:
    return "{ allow: [" + ", ".join(_quoted(subject) for topic in allowed for subject in _subjects(topic)) + "] }"


def _subjects(topic: str) -> tuple[str, ...]:
    """A topic filter as NATS subjects. MQTT's ``a/#`` also means ``a`` itself, which is a second subject."""
    subject = topic.replace("/", ".").replace("+", "*").replace("#", ">")
    return (subject, subject.removesuffix(".>")) if subject.endswith(".>") else (subject,)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _mosquitto_hash(name: str, password: str) -> str:
    """Mosquitto's PBKDF2-SHA512. The salt follows from the secret itself, so that the file changes only with it."""
    salt = sha256(f"loa/1/salt/{name}/{password}".encode()).digest()[:12]
    digest = pbkdf2_hmac("sha512", password.encode(), salt, PASSWORD_ROUNDS)
    return f"$7${PASSWORD_ROUNDS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
