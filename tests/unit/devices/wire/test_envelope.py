from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from devices.wire.envelope import CheckingKey, Kind, SigningKey, encode_map, seal, sign, signer, unseal, verify
from devices.wire.errors import BadMessage
from tests.unit.devices.wire.strategies import values, words

SEED = bytes(range(32))
KID = "bao-nhai#1"
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
SIGNING = SigningKey.from_seed(KID, SEED)
CHECKING = CheckingKey.from_public(KID, PUBLIC)
SHARED = CheckingKey.from_secret("bn-s01", bytes(32))
PAYLOAD = {"v": 1, "text": "Bảo Nhai", "n": [1, 2]}


def keyring(kid: str):
    return CHECKING if kid == KID else None


def shared(kid: str):
    return SHARED if kid == "bn-s01" else None


def refusal(call: Any, *arguments: Any):
    with pytest.raises(BadMessage) as caught:
        call(*arguments)
    return caught.value.reason


def fits(payload: dict[str, Any], kind: Kind) -> bool:
    """With headers and proof, which take less than 128 bytes here."""
    return len(encode_map(payload)) + 128 <= kind.max_bytes


@given(st.dictionaries(words, values, max_size=4), st.sampled_from(Kind))
def test_what_was_signed_is_verified(payload: dict[str, Any], kind: Any):
    assume(fits(payload, kind))
    verified = verify(kind, sign(kind, payload, SIGNING), keyring)
    assert (verified.kid, verified.payload) == (KID, payload)


@given(st.dictionaries(words, values, max_size=4), st.sampled_from(Kind))
def test_what_was_sealed_is_unsealed(payload: dict[str, Any], kind: Any):
    assume(fits(payload, kind))
    verified = unseal(kind, seal(kind, payload, SHARED), shared)
    assert (verified.kid, verified.payload) == ("bn-s01", payload)


def test_the_envelope_has_the_form_the_protocol_states():
    data = sign(Kind.ORDER, {"v": 1}, SIGNING)
    assert data[:2] == bytes.fromhex("d284")
    assert data[2:18] == bytes.fromhex("4f a2 01 27 04 4a") + KID.encode()
    assert data[18:24] == bytes.fromhex("a0 44 a1 61 76 01")
    assert data[24:26] == bytes.fromhex("5840")
    assert len(data) == 26 + 64


def test_one_kind_never_passes_for_another():
    for kind in Kind:
        data = sign(kind, PAYLOAD, SIGNING)
        for other in set(Kind) - {kind}:
            assert refusal(verify, other, data, keyring) == "bad_signature"


def test_a_signature_is_no_code_and_a_code_no_signature():
    assert refusal(unseal, Kind.ORDER, sign(Kind.ORDER, PAYLOAD, SIGNING), keyring) == "malformed"
    assert refusal(verify, Kind.HEARTBEAT, seal(Kind.HEARTBEAT, PAYLOAD, SHARED), shared) == "malformed"


def test_a_key_that_is_not_trusted_is_named():
    other = SigningKey.from_seed("lao-cai#7", SEED)
    with pytest.raises(BadMessage) as caught:
        verify(Kind.ORDER, sign(Kind.ORDER, PAYLOAD, other), keyring)
    assert (caught.value.reason, caught.value.detail) == ("unknown_key", "lao-cai#7")


def test_the_right_kid_with_the_wrong_key_is_refused():
    forged = sign(Kind.ORDER, PAYLOAD, SigningKey.from_seed(KID, bytes(32)))
    assert refusal(verify, Kind.ORDER, forged, keyring) == "bad_signature"


def test_a_code_under_another_secret_is_refused():
    forged = seal(Kind.HEARTBEAT, PAYLOAD, CheckingKey.from_secret("bn-s01", bytes([1] * 32)))
    assert refusal(unseal, Kind.HEARTBEAT, forged, shared) == "bad_signature"


def test_a_secret_key_checks_no_signature_and_a_public_key_no_code():
    assert refusal(verify, Kind.ORDER, sign(Kind.ORDER, PAYLOAD, SIGNING), lambda _: SHARED) == "bad_signature"
    sealed = seal(Kind.HEARTBEAT, PAYLOAD, SHARED)
    assert refusal(unseal, Kind.HEARTBEAT, sealed, lambda _: CHECKING) == "bad_signature"


@pytest.mark.parametrize(
    "make", [lambda: sign(Kind.BEACON, PAYLOAD, SIGNING), lambda: seal(Kind.BEACON, PAYLOAD, SHARED)]
)
def test_every_flipped_bit_and_every_cut_is_refused(make: Any):
    data = make()
    opened = verify if data[0] == 0xD2 else unseal
    keys = keyring if data[0] == 0xD2 else shared
    for at in range(len(data)):
        refusal(opened, Kind.BEACON, data[:at], keys)
        for bit in range(8):
            altered = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            refusal(opened, Kind.BEACON, altered, keys)
    assert refusal(opened, Kind.BEACON, data + b"\x00", keys) == "not_canonical"


@pytest.mark.parametrize("kind", list(Kind))
def test_an_envelope_over_its_limit_is_refused_unread_and_never_made(kind: Any):
    def no_key(_: Any):
        pytest.fail("a message over its limit was looked at")

    assert refusal(verify, kind, bytes(kind.max_bytes + 1), no_key) == "too_large"
    assert refusal(sign, kind, {"x": bytes(kind.max_bytes)}, SIGNING) == "too_large"
    assert refusal(seal, kind, {"x": bytes(kind.max_bytes)}, SHARED) == "too_large"


def test_an_envelope_of_exactly_its_limit_passes():
    spare = Kind.BEACON.max_bytes - len(sign(Kind.BEACON, {"x": bytes(300)}, SIGNING)) + 300
    data = sign(Kind.BEACON, {"x": bytes(spare)}, SIGNING)
    assert len(data) == Kind.BEACON.max_bytes
    assert verify(Kind.BEACON, data, keyring).payload == {"x": bytes(spare)}


def raw(protected: bytes, payload: bytes = b"\xa0", *, tag: int = 0xD2, unprotected: bytes = b"\xa0", proof: int = 64):
    return (
        bytes([tag, 0x84, 0x58, len(protected)]) if len(protected) > 23 else bytes([tag, 0x84, 0x40 + len(protected)])
    ) + (protected + unprotected + bytes([0x40 + len(payload)]) + payload + bytes([0x58, proof]) + bytes(proof))


def headers(kid: bytes, start: str = "a2012704") -> bytes:
    size = bytes([0x40 + len(kid)]) if len(kid) < 24 else bytes([0x58, len(kid)])
    return bytes.fromhex(start) + size + kid


def test_the_hand_made_envelope_of_these_tests_would_pass_but_for_its_signature():
    assert refusal(verify, Kind.ORDER, raw(headers(KID.encode())), keyring) == "bad_signature"


@pytest.mark.parametrize(
    "data",
    [
        raw(headers(KID.encode()), tag=0xD1),
        raw(headers(KID.encode()), unprotected=b"\xa1\x01\x27"),
        raw(headers(KID.encode()), proof=63),
        raw(headers(KID.encode()), proof=65),
        raw(headers(KID.encode(), "a2012604")),  # another algorithm
        raw(headers(KID.encode(), "a201f9c80004")),  # -8 as a float
        raw(headers(KID.encode(), "a2f52704")),  # true in the place of 1
        raw(headers(KID.encode(), "bf012704")),
        raw(bytes.fromhex("a10127")),
        raw(b""),
        raw(headers(KID.encode()) + b"\x00"),
        raw(headers("đồi#1".encode())),
        raw(headers(b"bao-nhai\xff#1")),
        raw(headers(b"bao-nhai#1\n")),
        raw(headers(b"bao-nhai\x00#1")),
        raw(headers(b"bao nhai#1")),
        raw(headers(b"bao-nhai#01")),
        raw(headers(b"bao-nhai#")),
        raw(headers(b"bao-nhai#-1")),
        raw(headers(b"bao-nhai#1#2")),
        raw(headers(b"#1")),
        raw(headers(b"")),
        raw(headers(b"a" * 49)),
        raw(headers(b"a#" + b"1" * 10)),
        b"",
        b"\xd2",
        b"\xd2\x84",
        b"\xd2\x84\x40",
        b"\xd2\x84\x5b" + b"\xff" * 8,
        b"\xd2\x85" + bytes(80),
        b"{}",
    ],
)
def test_an_envelope_of_another_form_is_malformed_and_asks_for_no_key(data: Any):
    def no_key(kid: str):
        pytest.fail(f"a key was asked for: {kid}")

    assert refusal(verify, Kind.ORDER, data, no_key) == "malformed"


def test_a_long_form_in_the_envelope_is_refused():
    protected = headers(KID.encode())
    data = b"\xd2\x84\x58" + bytes([len(protected)]) + protected + b"\xa0\x41\xa0\x58\x40" + bytes(64)
    assert refusal(verify, Kind.ORDER, data, keyring) == "not_canonical"


@given(st.binary(max_size=200))
def test_no_bytes_make_a_receiver_stumble(data: Any):
    for call in (verify, unseal):
        refusal(call, Kind.ORDER, data, keyring)
        refusal(call, Kind.ORDER, b"\xd2\x84" + data, keyring)
    refusal(signer, data)


def test_the_signer_is_read_without_a_key():
    assert signer(sign(Kind.ORDER, PAYLOAD, SIGNING)) == KID
    assert signer(seal(Kind.HEARTBEAT, PAYLOAD, SHARED)) == "bn-s01"


@pytest.mark.parametrize("data", [b"", b"\xd2", b"\xa0", b"\xd8\x23\x61a"])
def test_what_is_no_envelope_has_no_signer(data: Any):
    assert refusal(signer, data) == "malformed"


def test_a_seed_of_another_length_is_no_key():
    with pytest.raises(ValueError):
        SigningKey.from_seed(KID, bytes(31))


def test_a_key_does_not_show_its_secret():
    assert SEED.hex() not in repr(SIGNING)
    assert repr(SEED)[2:-1] not in repr(SIGNING)
