from typing import Any

import pytest
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st

from devices.wire import mac0
from devices.wire.envelope import CheckingKey, Kind, SigningKey, encode_map, seal, unseal
from devices.wire.errors import BadMessage
from tests.unit.devices.wire.strategies import names

SECRET = bytes(range(32))
AAD = Kind.HEARTBEAT.aad
SHARED = CheckingKey.from_secret("bn-s01", SECRET)
READER = mac0.Sender("bn-s01", SECRET, AAD)
PAYLOAD = encode_map({"v": 1, "text": "x" * 300, "n": 7})
GOOD = mac0.envelope(SECRET, "bn-s01", AAD, PAYLOAD)


def by_the_library(secret: bytes, kid: str, aad: bytes, payload: bytes) -> bytes:
    key = COSEKey.from_symmetric_key(secret, alg="HS256", kid=kid)
    made: bytes = COSE.new().encode(payload, key, {1: 5, 4: kid.encode()}, {}, external_aad=aad)
    return made


@given(st.binary(min_size=32, max_size=32), names, st.sampled_from(Kind), st.binary(max_size=300))
def test_an_envelope_is_what_the_cose_library_makes(secret: bytes, kid: str, kind: Kind, payload: bytes):
    assert mac0.envelope(secret, kid, kind.aad, payload) == by_the_library(secret, kid, kind.aad, payload)


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65_535, 65_536])
def test_lengths_have_their_shortest_form(size: int):
    payload = bytes(size)
    made = mac0.envelope(SECRET, "bn-s01", AAD, payload)
    assert made == by_the_library(SECRET, "bn-s01", AAD, payload)
    assert READER.payload(made) == (payload if 24 <= size <= 65_535 else None)


@given(st.binary(min_size=24, max_size=300))
def test_a_sender_is_read_back(payload: bytes):
    assert READER.payload(mac0.envelope(SECRET, "bn-s01", AAD, payload)) == payload


@given(st.data())
def test_no_altered_byte_passes(data: Any):
    at = data.draw(st.integers(0, len(GOOD) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != GOOD[at]))
    assert READER.payload(GOOD[:at] + bytes([other]) + GOOD[at + 1 :]) is None


@given(st.data())
def test_what_a_sender_reads_anybody_unseals(data: Any):
    """Cut, lengthened or with parts exchanged: read by one exactly when read by the other."""
    cut = data.draw(st.integers(0, len(GOOD)))
    bad = GOOD[:cut] + data.draw(st.binary(max_size=4)) + GOOD[data.draw(st.integers(cut, len(GOOD))) :]
    try:
        unsealed = unseal(Kind.HEARTBEAT, bad, {"bn-s01": SHARED}.get).payload
    except BadMessage:
        assert READER.payload(bad) is None
    else:
        assert encode_map(unsealed) == READER.payload(bad)


@pytest.mark.parametrize("part", ["kid", "secret", "aad"])
def test_another_sender_secret_or_kind_is_not_read(part: str):
    given_ = {"kid": "bn-s01", "secret": SECRET, "aad": AAD}
    others = {"kid": "bn-s02", "secret": bytes(32), "aad": Kind.WANT.aad}
    assert READER.payload(mac0.envelope(payload=PAYLOAD, **given_)) == PAYLOAD
    assert READER.payload(mac0.envelope(payload=PAYLOAD, **(given_ | {part: others[part]}))) is None


def test_a_long_form_of_the_length_is_not_read_though_its_code_is_right():
    start = GOOD[: GOOD.index(b"\xa0") + 1]
    sealed = b"\x5a" + len(PAYLOAD).to_bytes(4, "big") + PAYLOAD
    covered = b"\x84\x64MAC0" + mac0.byte_string(mac0.protected_headers("bn-s01")) + mac0.byte_string(AAD) + sealed
    code = mac0.hmac.digest(SECRET, covered, "sha256")
    assert READER.payload(start + sealed + b"\x58\x20" + code) is None


def test_a_secret_is_shown_nowhere_and_a_public_key_seals_nothing():
    assert str(SECRET) not in repr(SHARED)
    public = CheckingKey.from_public("bn-s01", SigningKey.from_seed("bn-s01", SECRET).cose.to_dict()[-2])
    with pytest.raises(ValueError, match="seals nothing"):
        seal(Kind.HEARTBEAT, {"v": 1}, public)
