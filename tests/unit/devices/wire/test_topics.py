from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire import topics
from devices.wire.errors import BadMessage
from devices.wire.topics import Up
from tests.unit.devices.wire.strategies import names, reason_for


def test_the_topics_are_those_of_the_protocol():
    assert topics.orders("bao-nhai") == "loa/1/a/bao-nhai/orders"
    assert topics.head("bao-nhai") == "loa/1/a/bao-nhai/head"
    assert topics.down("bn-s01") == "loa/1/d/bn-s01/down"
    assert [topics.up("bn-s01", kind) for kind in Up] == [
        "loa/1/d/bn-s01/up/hello",
        "loa/1/d/bn-s01/up/heartbeat",
        "loa/1/d/bn-s01/up/receipt",
        "loa/1/d/bn-s01/up/want",
        "loa/1/d/bn-s01/up/bye",
    ]


@given(names, st.sampled_from(Up))
def test_an_uplink_topic_is_read_back(device: str, kind: Any):
    assert topics.parse_up(topics.up(device, kind)) == (device, kind)


@given(names)
def test_an_authority_topic_is_read_back(authority: str):
    assert topics.parse_authority(topics.orders(authority)) == (authority, "orders")
    assert topics.parse_authority(topics.head(authority)) == (authority, "head")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "loa/1/d/bn-s01/up",
        "loa/1/d/bn-s01/up/",
        "loa/1/d/bn-s01/up/hello/",
        "loa/1/d/bn-s01/up/hello/x",
        "/loa/1/d/bn-s01/up/hello",
        "loa/2/d/bn-s01/up/hello",
        "loa/1/a/bn-s01/up/hello",
        "loa/1/d/bn-s01/up/firmware",
        "loa/1/d/bn-s01/up/HELLO",
        "loa/1/d/bn-s01/down/hello",
        "loa/1/d/+/up/hello",
        "loa/1/d/#/up/hello",
        "loa/1/d//up/hello",
        "loa/1/d/BN-S01/up/hello",
        "loa/1/d/bn.s01/up/hello",
        "loa/1/d/bn-s01\n/up/hello",
        "loa/1/d/bn-s01/up/hello\x00",
        f"loa/1/d/{'a' * 49}/up/hello",
        "loa/1/d/-bn/up/hello",
        "loa/1/d/đồi/up/hello",
    ],
)
def test_any_other_uplink_topic_is_refused(topic: str):
    with pytest.raises(BadMessage, match="malformed"):
        topics.parse_up(topic)


@pytest.mark.parametrize(
    "topic", ["loa/1/a/bao-nhai", "loa/1/a/bao-nhai/down", "loa/1/d/x/orders", "loa/1/a/+/orders", "loa/1/a/A/head"]
)
def test_any_other_authority_topic_is_refused(topic: str):
    with pytest.raises(BadMessage, match="malformed"):
        topics.parse_authority(topic)


@given(st.text(max_size=60))
def test_no_topic_makes_reading_stumble(topic: str):
    for parse in (topics.parse_up, topics.parse_authority):
        assert reason_for(parse, topic) in {"malformed", None}


def test_a_device_has_a_log_of_its_own_apart_from_an_authority_of_the_same_name():
    assert topics.device_log("vn") == "d/vn"
    assert topics.log_device("d/vn") == "vn"
    assert topics.log_device("vn") is None


@pytest.mark.parametrize("log", ["", "d/", "d/d/x", "x/y", "X", "d/X", "x ", "+", "a" * 49, "/x", "d/x\n"])
def test_what_is_no_log_is_known(log: str):
    assert not topics.is_log(log)


def test_what_is_a_log_is_known():
    assert topics.is_log("bao-nhai")
    assert topics.is_log("d/bn-s01")
    assert topics.is_log("d")
    assert topics.is_log("a" * 48)
