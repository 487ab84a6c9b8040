"""A device file is read strictly, and what is wrong with it is told."""

from pathlib import Path

import pytest

from base.errors import Refused
from devices.wire.config import Hours
from firmware_sim import settings
from firmware_sim.errors import MESSAGES
from firmware_sim.saved import RetiredKey

GOOD = """
device = "bn-s01"
commune = "bao-nhai"
model = "loa-ref"
follows = ["bao-nhai", "lao-cai", "vn"]
[cluster]
id = "bn-s01"
places = ["bn-v01", "bao-nhai", "lao-cai"]
zones = []
languages = ["vi"]
[[children]]
id = "bn-w01"
places = ["bn-v03", "bao-nhai", "lao-cai"]
zones = ["near"]
languages = ["vi", "hmn"]
code = "0101"
[transmitter]
frequency_khz = 54300
[broker]
url = "mqtt://127.0.0.1:1883"
username = "bn-s01"
password = "secret"
ca_file = ""
[content]
urls = ["http://127.0.0.1:8000/content"]
[keys]
seed = "1111111111111111111111111111111111111111111111111111111111111111"
mac = "2222222222222222222222222222222222222222222222222222222222222222"
[[trust]]
kid = "bao-nhai#1"
public = "3333333333333333333333333333333333333333333333333333333333333333"
[hours]
spans = [["04:45", "21:30"], ["23:00", "24:00"]]
offset_min = 420
[site]
power = "solar"
link = "4g"
[player]
output = "virtual"
volume_max = 80
[storage]
dir = "state"
capacity_mib = 512
"""


def _load(tmp_path: Path, text: str) -> settings.DeviceFile:
    path = tmp_path / "bn-s01.toml"
    path.write_text(text, encoding="utf-8")
    return settings.load(path)


def test_a_good_file_gives_identity_keys_and_defaults(tmp_path: Path):
    file = _load(tmp_path, GOOD)
    identity = file.identity
    assert [cluster.id for cluster in identity.clusters] == ["bn-s01", "bn-w01"]
    assert identity.children[0].code == "0101"
    assert identity.children[0].listener.zones == {"near"}
    assert identity.logs == ("bao-nhai", "lao-cai", "vn", "d/bn-s01")
    assert file.defaults.hours == Hours(((285, 1_290), (1_380, 1_440)), 420)
    assert file.defaults.volume_max == 80
    assert set(file.key_material.trusted) == {"bao-nhai#1"}
    assert file.broker_address.password == "secret"


def test_a_clock_nobody_vouches_for_is_trusted_only_where_the_file_says_so(tmp_path: Path):
    assert not _load(tmp_path, GOOD).clock.trust_system
    assert _load(tmp_path, GOOD + "[clock]\ntrust_system = true\n").clock.trust_system


def test_secrets_do_not_show_in_a_file_that_is_printed(tmp_path: Path):
    shown = repr(_load(tmp_path, GOOD))
    assert "secret" not in shown
    assert "1111111111" not in shown
    assert "2222222222" not in shown


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('device = "bn-s01"', 'device = "BN S01"', "device"),
        ('device = "bn-s01"', 'devise = "bn-s01"', "device"),
        ("[site]", "[sight]", "sight"),
        ('power = "solar"', 'power = "steam"', "site.power"),
        ('"04:45"', '"4:45"', "hours.spans.0"),
        ('"21:30"', '"04:00"', "hours.spans.0"),
        ('"24:00"', '"24:01"', "hours.spans.1"),
        ("11111111", "xyz", "keys.seed"),
        ('kid = "bao-nhai#1"', 'kid = "bao-nhai"', "trust.0.kid"),
        ("[transmitter]\nfrequency_khz = 54300\n", "", "the whole"),
        ("frequency_khz = 54300", "frequency_khz = -1", "transmitter.frequency_khz"),
        ("volume_max = 80", "volume_max = 101", "player.volume_max"),
        ('urls = ["http', 'urls = ["ftp', "content.urls.0"),
        ("capacity_mib = 512", "", None),
        ("[broker]", "[broker", "the whole"),
    ],
)
def test_a_wrong_file_is_refused_at_the_field(tmp_path: Path, old: str, new: str, field: str | None):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if field is None:
        assert _load(tmp_path, text).storage.capacity_mib == 512
        return
    with pytest.raises(Refused) as refusal:
        _load(tmp_path, text)
    assert refusal.value.code == "firmware.settings_invalid"
    assert refusal.value.params["field"] == field
    assert "1111111111" not in MESSAGES[refusal.value.code].format(**refusal.value.params)


def test_a_wrong_broker_and_a_missing_file_are_refused(tmp_path: Path):
    with pytest.raises(Refused) as refusal:
        _load(tmp_path, GOOD.replace("mqtt://", "http://"))
    assert refusal.value.code == "base.broker_url"
    with pytest.raises(Refused) as refusal:
        settings.load(tmp_path / "nowhere.toml")
    assert refusal.value.code == "firmware.settings_missing"


def test_a_speaker_for_nobody_is_refused(tmp_path: Path):
    start, end = GOOD.index("[cluster]"), GOOD.index("[broker]")
    with pytest.raises(Refused):
        _load(tmp_path, GOOD[:start] + GOOD[end:])


def test_a_bare_gateway_has_only_its_transmitter(tmp_path: Path):
    start, end = GOOD.index("[cluster]"), GOOD.index("[[children]]")
    identity = _load(tmp_path, GOOD[:start] + GOOD[end:]).identity
    assert set(identity.outputs) == {"radio"}


def test_keys_that_end_are_retired_or_were_never_there(tmp_path: Path):
    retired = """
[[trust]]
kid = "bao-nhai#2"
public = "4444444444444444444444444444444444444444444444444444444444444444"
until = 2027-06-01
[[trust]]
kid = "vn#3"
public = "5555555555555555555555555555555555555555555555555555555555555555"
retired = true
below = 17
[[trust]]
kid = "vn#4"
public = "6666666666666666666666666666666666666666666666666666666666666666"
"""
    keys = _load(tmp_path, GOOD + retired).key_material
    assert set(keys.trusted) == {"bao-nhai#1", "bao-nhai#2", "vn#4"}
    assert [key.until_ms for key in keys.standing["bao-nhai"].keys] == [None, 1_811_808_000_000]
    assert keys.standing["vn"].retired == (RetiredKey(3, b"U" * 32, 17),)
    with pytest.raises(Refused, match="obey nobody"):
        _load(tmp_path, GOOD.replace('public = "3', 'retired = true\npublic = "3'))


def test_power_and_sleep_and_the_second_carrier(tmp_path: Path):
    more = """
[duty]
online = [["05:30", "05:45"], ["18:00", "18:30"]]
[battery]
low_pct = 40
critical_pct = 10
"""
    text = GOOD.replace("[content]", '[content]\nexchange = ["http://127.0.0.1:8000/exchange"]') + more
    defaults = _load(tmp_path, text).defaults
    assert defaults.online == ((330, 345), (1_080, 1_110))
    assert (defaults.saver_pct, defaults.exchange) == ((40, 10), ("http://127.0.0.1:8000/exchange",))
    with pytest.raises(Refused):
        _load(tmp_path, text.replace("critical_pct = 10", "critical_pct = 41"))


def test_a_device_needs_some_way_to_be_reached_but_no_broker(tmp_path: Path):
    start, end = GOOD.index("[broker]"), GOOD.index("[keys]")
    alone = GOOD[:start] + GOOD[end:]
    with pytest.raises(Refused, match="no way to reach it"):
        _load(tmp_path, alone)
    for way in (
        '[content]\nexchange = ["http://127.0.0.1:8000/exchange"]\n',
        "[local]\nport = 8080\n",
        '[courier]\nusb = ["/media/loa"]\n',
    ):
        file = _load(tmp_path, alone + way)
        assert file.broker_address is None
        assert file.defaults.content == ()
