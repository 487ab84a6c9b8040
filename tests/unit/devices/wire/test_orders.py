from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.ids import id_from_bytes, id_to_bytes
from devices.wire.audience import Audience
from devices.wire.canonical import decode_canonical, encode_map
from devices.wire.config import Config, Hours
from devices.wire.content import Gap, Rendition, Speech, Tone, Version
from devices.wire.errors import BadMessage
from devices.wire.haves import MAX_SEQ
from devices.wire.orders import AllClear, Cancel, Hold, Order, Play, PlayClass, Repeat, Stop, renditions_in
from tests.unit.devices.wire.strategies import hours, mangled, orders, plays, reason_for

ID = id_from_bytes(bytes(16))
MIDNIGHT = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MINUTE = 60_000
TONE = Tone(((440, 440, 1_000, 0),))
RENDITION = Rendition(bytes(32), 12_000, "opus16", 6_000)
OTHER = Rendition(bytes([1] * 32), 6_000, "opus8", 6_000)
SPEECH = Speech((Version("vi", (RENDITION, OTHER)), Version("tay", (OTHER,))))
BODIES = {
    "play": Play(ID, MIDNIGHT, (TONE, SPEECH), stale_ms=1_000),
    "cancel": Cancel((ID,), "typed the wrong hour"),
    "stop": Stop(PlayClass.PRIORITY),
    "all_clear": AllClear((ID,)),
    "hold": Hold("flood", (SPEECH,)),
    "config": Config(Hours(((300, 1_320),), 420), content=("http://10.0.0.1/content",)),
}


def order(body: Any) -> Order:
    return Order(ID, "bao-nhai", 7, bytes(32), MIDNIGHT, MIDNIGHT + 1, Audience(places=("bn-v01",)), body)


def refused(payload: dict[str, Any]) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        Order.from_map(payload)
    return caught.value


@given(orders)
def test_an_order_is_read_back(given_order: Any):
    assert Order.from_map(decode_canonical(encode_map(given_order.to_map()))) == given_order


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_type_of_order_is_read_back(kind: Any):
    payload = order(BODIES[kind]).to_map()
    assert payload["type"] == kind
    assert Order.from_map(payload) == order(BODIES[kind])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", None),
        ("v", True),
        ("id", bytes(15)),
        ("id", ID),
        ("log", "Bao Nhai"),
        ("log", "d/"),
        ("log", "a" * 65),
        ("log", b"bao-nhai"),
        ("seq", 0),
        ("seq", MAX_SEQ + 1),
        ("seq", True),
        ("seq", "7"),
        ("prev", bytes(31)),
        ("prev", None),
        ("iat", -1),
        ("iat", 2**60),
        ("exp", 1.5),
        ("exp", None),
        ("to", None),
        ("to", []),
        ("to", {"places": "bn-v01"}),
        ("type", None),
        ("type", 1),
        ("type", "x" * 33),
        ("body", None),
        ("body", []),
    ],
)
def test_an_order_with_a_field_out_of_limits_is_refused(field: str, value: Any):
    assert refused(order(BODIES["stop"]).to_map() | {field: value}).reason == "bad_field"


OUT_OF_LIMITS = [
    ("play", "occ", bytes(15)),
    ("play", "occ", None),
    ("play", "start", -1),
    ("play", "start", "now"),
    ("play", "start", False),
    ("play", "parts", []),
    ("play", "parts", None),
    ("play", "parts", [{"gap": 1}] * 65),
    ("play", "parts", [{}]),
    ("play", "class", 4),
    ("play", "class", -1),
    ("play", "class", True),
    ("play", "class", 1.0),
    ("play", "class", "normal"),
    ("play", "level", 0),
    ("play", "level", 4),
    ("play", "status", "real"),
    ("play", "status", None),
    ("play", "late", 86_400_001),
    ("play", "late", None),
    ("play", "repeat", [1]),
    ("play", "repeat", [1, 0, 0]),
    ("play", "repeat", [-1, 0]),
    ("play", "repeat", [1_001, 0]),
    ("play", "repeat", [True, 0]),
    ("play", "repeat", [1, 3_600_001]),
    ("play", "repeat", [1, -1]),
    ("play", "repeat", 1),
    ("play", "vol", 101),
    ("play", "vol", -1),
    ("play", "pre", "continue"),
    ("play", "stale", -1),
    ("play", "stale", 86_400_001),
    ("play", "turn", -1),
    ("play", "turn", 1_000_001),
    ("play", "title", "x" * 201),
    ("play", "title", None),
    ("play", "title", "a\x00b"),
    ("cancel", "occs", []),
    ("cancel", "occs", None),
    ("cancel", "occs", [bytes(16)] * 257),
    ("cancel", "occs", [bytes(15)]),
    ("cancel", "reason", "x" * 201),
    ("cancel", "reason", None),
    ("stop", "upto", 4),
    ("stop", "upto", None),
    ("stop", "upto", False),
    ("all_clear", "occs", []),
    ("all_clear", "occs", [ID]),
    ("hold", "bank", "Flood!"),
    ("hold", "bank", None),
    ("hold", "parts", []),
    ("config", "hours", [[0, 0]]),
    ("config", "hours", [[600, 300]]),
    ("config", "hours", [[0, 1_441]]),
    ("config", "hours", [[False, True]]),
    ("config", "hours", [[0, 1]] * 17),
    ("config", "hours", None),
    ("config", "offset", 1_441),
    ("config", "offset", -1_441),
    ("config", "volmax", 101),
    ("config", "beat", 4),
    ("config", "beat", 3_601),
    ("config", "content", ["x"] * 9),
    ("config", "content", ["x" * 201]),
    ("config", "content", [b"x"]),
]


@pytest.mark.parametrize(("kind", "field", "value"), OUT_OF_LIMITS)
def test_a_body_with_a_field_out_of_limits_is_refused(kind: Any, field: str, value: Any):
    payload = order(BODIES[kind]).to_map()
    payload["body"] = payload["body"] | {field: value}
    assert refused(payload).reason == "bad_field"


def test_every_field_of_every_body_was_tried_out_of_its_limits():
    for kind, body in BODIES.items():
        tried = {field for which, field, _ in OUT_OF_LIMITS if which == kind}
        assert tried == set(body.to_map()), kind


def test_another_version_and_another_type_are_told_apart_from_bad_fields():
    payload = order(BODIES["stop"]).to_map()
    assert refused(payload | {"v": 2}).reason == "unknown_version"
    unknown = refused(payload | {"type": "dance"})
    assert (unknown.reason, unknown.detail) == ("unknown_type", "dance")


def test_a_field_of_a_later_version_changes_nothing():
    payload = order(BODIES["play"]).to_map()
    payload["body"] = payload["body"] | {"colour": "red"}
    assert Order.from_map(payload | {"later": 1}) == order(BODIES["play"])


@given(st.data(), orders)
def test_no_order_makes_a_reader_stumble(data: Any, given_order: Any):
    bad = data.draw(mangled(given_order.to_map()))
    assert reason_for(Order.from_map, bad) in {"bad_field", "unknown_version", "unknown_type", None}


@given(plays)
def test_the_length_of_the_whole_counts_repetitions_and_the_gaps_between(play: Play):
    languages = ("vi",)
    total = play.total_ms(languages)
    if play.repeat.count == 0:
        assert total is None
    else:
        assert total is not None
        assert total >= play.repeat.count


def test_three_times_ten_seconds_with_two_gaps_of_five():
    assert Play(ID, None, (Gap(10_000),), repeat=Repeat(3, 5_000)).total_ms(()) == 40_000


def test_the_content_of_an_order_is_named_once_in_order_of_need():
    assert renditions_in(Play(ID, None, (TONE, SPEECH, SPEECH))) == (RENDITION, OTHER)
    assert renditions_in(Hold("flood", (SPEECH,))) == (RENDITION, OTHER)
    assert renditions_in(Stop()) == ()


def test_ids_on_the_wire_are_the_16_bytes():
    assert order(BODIES["cancel"]).to_map()["body"]["occs"] == [id_to_bytes(ID)]


DAY = Hours(((300, 1_320),), 420)
"""05:00 to 22:00 at UTC+7."""


@pytest.mark.parametrize(
    ("utc_minute", "permitted"),
    [(22 * 60 - 1, False), (22 * 60, True), (15 * 60 - 1, True), (15 * 60, False), (20 * 60 + 15, False)],
)
def test_hours_are_judged_in_local_time(utc_minute: Any, permitted: Any):
    assert DAY.permit(MIDNIGHT + utc_minute * MINUTE) is permitted


def test_no_span_permits_every_hour():
    assert Hours((), 0).permit(MIDNIGHT)
    assert Hours((), 0).next_edge_ms(MIDNIGHT) == MIDNIGHT + 1_440 * MINUTE


@given(hours, st.integers(MIDNIGHT, MIDNIGHT + 3 * 1_440 * MINUTE))
def test_between_two_edges_nothing_changes(some: Any, wall_ms: Any):
    edge = some.next_edge_ms(wall_ms)
    assert wall_ms < edge <= wall_ms + 1_440 * MINUTE
    step = max(1, (edge - wall_ms) // 7)
    assert {some.permit(at) for at in range(wall_ms, edge, step)} == {some.permit(wall_ms)}
    assert some.permit(edge - 1) == some.permit(wall_ms)
