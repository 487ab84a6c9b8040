"""docs/protocol.md names everything the code sends and refuses, and quotes the vectors as they are."""

import re
from pathlib import Path
from typing import Any

import pytest

from devices.wire import content, topics
from devices.wire.down import MAX_FRAME_BYTES
from devices.wire.envelope import Kind
from devices.wire.errors import BUNDLE_REASONS, REASONS
from devices.wire.fields import MAX_MS
from devices.wire.reports import ReceiptState
from tools import make_vectors

TEXT = (Path(__file__).parents[4] / "docs" / "protocol.md").read_text(encoding="utf-8")
CODE = {word for quoted in re.findall(r"`([^`]+)`", TEXT) for word in re.findall(r"[^\s,]+", quoted)}
VECTORS = make_vectors.vectors()
NOT_YET = {Kind.LIVE}


def fields_of(value: Any) -> set[str]:
    """Every name of a field, at any depth; not the names of logs, languages and clusters."""
    if isinstance(value, list):
        return {name for inner in value for name in fields_of(inner)}
    if not isinstance(value, dict) or set(value) == {"hex"}:
        return set()
    named = {name for name, inner in value.items() if name not in {"haves", "kids", "say"} for name in fields_of(inner)}
    return named | set(value) | {name for speech in value.get("say", {}).values() for name in fields_of(speech)}


@pytest.mark.parametrize("vector", VECTORS["files"], ids=lambda vector: vector["name"])
def test_every_field_of_a_file_is_described(vector: dict[str, Any]):
    assert fields_of(vector.get("manifest", vector.get("report"))) <= CODE


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=lambda vector: vector["name"])
def test_every_field_that_travels_is_described(vector: dict[str, Any]):
    assert fields_of(vector["payload"]) <= CODE


def test_every_reason_and_every_state_is_described():
    assert set(REASONS) <= CODE
    assert set(BUNDLE_REASONS) <= CODE
    assert {state.value for state in ReceiptState} <= CODE


def test_every_topic_and_every_kind_is_described():
    published = [topics.orders("{authority}"), topics.head("{authority}"), topics.down("{device}")]
    assert {*published, *(topics.up("{device}", kind) for kind in topics.Up)} <= CODE
    assert {kind.aad.decode() for kind in set(Kind) - NOT_YET} <= CODE


def test_the_limits_are_those_of_the_code():
    rows = dict(re.findall(r"^\| ([a-z]+)(?: \(no envelope\))? \| ([0-9,]+) \|$", TEXT, re.MULTILINE))
    limits = {kind.value: f"{kind.max_bytes:,}" for kind in set(Kind) - NOT_YET} | {"frame": f"{MAX_FRAME_BYTES:,}"}
    assert rows == limits
    for number in (MAX_MS, content.MAX_PART_MS, content.MAX_TONE_MS, content.MAX_TONE_HZ, content.MAX_CONTENT_BYTES):
        assert str(number) in TEXT


def test_the_quoted_bytes_are_those_of_the_vectors():
    quoted = re.sub(r"\s+", "", TEXT)
    signed = {vector["name"]: vector for vector in VECTORS["accepted"]}
    assert signed["stop"]["payload_cbor"] in quoted
    assert signed["stop"]["signed"] in quoted
    assert signed["ack"]["signed"] in quoted
    assert VECTORS["keys"][0]["public"] in quoted
