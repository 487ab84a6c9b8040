import pytest

from base.errors import Refused
from base.mqtt import BrokerAddress


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtt://127.0.0.1:2883", BrokerAddress("127.0.0.1", 2883)),
        ("mqtts://loa.example.vn", BrokerAddress("loa.example.vn", 8883, tls=True)),
        ("mqtt://[::1]:1883", BrokerAddress("::1", 1883)),
        ("mqtt://bn-s01:p%40ss%2Fw%C4%91@broker", BrokerAddress("broker", 1883, username="bn-s01", password="p@ss/wđ")),
    ],
)
def test_an_address_is_read_from_a_url(url: str, address: BrokerAddress):
    assert BrokerAddress.from_url(url) == address


def test_what_is_given_apart_wins_over_the_url():
    address = BrokerAddress.from_url("mqtts://a:b@broker:1", username="c", password="d", ca_file="ca.pem")
    assert address == BrokerAddress("broker", 1, tls=True, ca_file="ca.pem", username="c", password="d")


def test_an_empty_ca_file_means_the_machines_own():
    assert BrokerAddress.from_url("mqtts://broker", ca_file="").ca_file is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://broker:0",
        "mqtt://broker:port",
        "mqtt://broker:70000",
        "mqtt://[::1",
    ],
)
def test_what_is_no_broker_address_is_refused_as_such(url: str):
    with pytest.raises(Refused) as caught:
        BrokerAddress.from_url(url)
    assert caught.value.code == "base.broker_url"


@pytest.mark.parametrize("url", ["mqtt://bn-s01:secret@broker:port", "http://bn-s01:secret@broker"])
def test_a_refused_address_does_not_show_its_password(url: str):
    with pytest.raises(Refused) as caught:
        BrokerAddress.from_url(url)
    assert "secret" not in str(caught.value)
