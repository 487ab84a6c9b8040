"""The kit's device file says the same as TOML and as JSON, and our firmware reads it."""

import os
import tomllib
from pathlib import Path

from conformance import names
from conformance.authorities import Authority, Key
from conformance.devicefile import Places, device_file, toml_of
from firmware_sim import settings

PLACES = Places(
    broker_url="mqtt://127.0.0.1:1883",
    password='quo"ted\x7f',
    content="http://127.0.0.1:9/content",
    exchange="http://127.0.0.1:9/exchange",
    local_port=8_080,
    bound_file=Path("/run/bound"),
    storage=Path("/var/state"),
)


def made() -> dict[str, object]:
    authorities = [Authority(name) for name in (*names.FOLLOWS, names.STRANGER)]
    return device_file(PLACES, Key(names.DEVICE, os.urandom(32)), os.urandom(32), authorities)


def test_toml_and_json_say_the_same():
    data = made()
    assert tomllib.loads(toml_of(data)) == data


def test_our_firmware_reads_it(tmp_path: Path):
    path = tmp_path / "device.toml"
    path.write_text(toml_of(made()), encoding="utf-8")
    file = settings.load(path)
    assert file.device == names.DEVICE
    assert file.follows == names.FOLLOWS
    assert file.clock.bound_file == Path("/run/bound")
    assert file.key_material.trusted.keys() == {f"{name}#1" for name in (*names.FOLLOWS, names.STRANGER)}
