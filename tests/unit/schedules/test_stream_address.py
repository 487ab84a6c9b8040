"""Addresses of stations: the public web's, without secrets; ours only where they are allowed."""

import pytest

from base.errors import Refused
from schedules.stream_address import check_address, is_public


def code_of(url: str, *, private: bool = False) -> str:
    with pytest.raises(Refused) as refused:
        check_address(url, private=private)
    return refused.value.code.removeprefix("schedules.relay_address_")


@pytest.mark.parametrize(
    "url", ["https://stream.vov.vn/vov1.mp3", "http://203.162.0.181:8000/;", "http://[2001:ee0::1]/a?b=c"]
)
def test_stations_on_the_internet_are_taken(url: str):
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "vov.vn/stream",
        "ftp://vov.vn/a",
        "file:///etc/passwd",
        "https://",
        "https://vov.vn/a b",
        "https://vov.vn/phát",
        "https://vov.vn:0/a",
        "https://vov.vn:99999/a",
        "https://vov.vn/" + "a" * 512,
        "https://vov.vn/a\r\nHost: x",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused(url: str):
    assert code_of(url, private=True) == "wrong"


def test_passwords_are_refused_and_not_repeated():
    with pytest.raises(Refused) as refused:
        check_address("https://loa:bimat@vov.vn/a")
    assert refused.value.code == "schedules.relay_address_secret"
    assert "bimat" not in str(refused.value)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "radio.local",
        "tuner",
        "tuner.lan",
        "127.0.0.1",
        "127.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.9",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "2130706433",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "[fec0::1]",
        "[2002:c0a8:0101::1]",
    ],
)
def test_our_own_networks_are_refused_unless_they_are_allowed(host: str):
    assert code_of(f"http://{host}:8000/live") == "private"
    check_address(f"http://{host}:8000/live", private=True)


def test_a_name_is_no_address():
    with pytest.raises(ValueError, match="not appear"):
        is_public("vov.vn")
