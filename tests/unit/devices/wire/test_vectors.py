"""The test vectors are what our code makes, and our code does with each what it says."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from devices.wire import trust
from devices.wire.blocks import Want
from devices.wire.bundle import read_bundle
from devices.wire.canonical import decode_canonical
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, unseal, verify
from devices.wire.errors import REASONS, BadMessage
from devices.wire.orders import _BODIES
from devices.wire.reports import Heartbeat, Hello, Receipt
from devices.wire.returns import read_return
from devices.wire.up import UpFrame
from tools import make_vectors

FILE: dict[str, Any] = json.loads(make_vectors.TARGET.read_text(encoding="utf-8"))
PUBLIC = {key["kid"]: bytes.fromhex(key["public"]) for key in FILE["keys"]}
SECRETS = {key["kid"]: bytes.fromhex(key["secret"]) for key in FILE["secrets"]}
SIGNERS = {kid: CheckingKey.from_public(kid, public) for kid, public in PUBLIC.items()}
SEALERS = {kid: CheckingKey.from_secret(kid, secret) for kid, secret in SECRETS.items()}
COMMUNES = {FILE["receiver"]["device"]: FILE["receiver"]["commune"]}

STATEFUL = {"foreign", "expired", "replayed"}
"""What only a receiver with a clock, a name and a memory can refuse."""


def named(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["name"]) for vector in vectors])


READERS: dict[Kind, Callable[[bytes], Any]] = {
    Kind.ORDER: lambda data: trust.open_order(data, SIGNERS.get, COMMUNES.get).order,
    Kind.BEACON: lambda data: trust.open_beacon(data, SIGNERS.get, COMMUNES.get),
    Kind.ACK: lambda data: trust.open_ack(data, SIGNERS.get, COMMUNES.get),
    Kind.HELLO: lambda data: Hello.from_map(verify(Kind.HELLO, data, SIGNERS.get).payload),
    Kind.RECEIPT: lambda data: Receipt.from_map(verify(Kind.RECEIPT, data, SIGNERS.get).payload),
    Kind.HEARTBEAT: lambda data: Heartbeat.from_map(unseal(Kind.HEARTBEAT, data, SEALERS.get).payload),
    Kind.WANT: lambda data: Want.from_map(unseal(Kind.WANT, data, SEALERS.get).payload),
}


def opened(kind: Kind, data: bytes) -> Any:
    """The message of an envelope, as its receiver reads it."""
    return READERS[kind](data)


def test_the_file_is_what_our_code_makes():
    assert make_vectors.TARGET.read_text(encoding="utf-8") == make_vectors.text()


@named(FILE["accepted"])
def test_what_must_be_accepted_is_read_as_it_says(vector: Mapping[str, Any]):
    data = bytes.fromhex(vector["signed"])
    message = opened(Kind(vector["kind"]), data)
    payload = bytes.fromhex(vector["payload_cbor"])
    assert make_vectors.in_json(message.to_map()) == vector["payload"]
    assert decode_canonical(payload) == message.to_map()
    assert trust.digest(data).hex() == vector["sha256"]


@named(FILE["accepted"])
def test_the_signed_bytes_hold_without_any_code_of_ours(vector: Mapping[str, Any]):
    tagged = cbor2.loads(bytes.fromhex(vector["signed"]))
    protected, unprotected, payload, proof = tagged.value
    assert payload.hex() == vector["payload_cbor"]
    assert unprotected == {}
    assert cbor2.loads(protected)[4].decode() == vector["kid"]
    aad = f"loa/1/{vector['kind']}".encode()
    if tagged.tag == 18:
        covered = cbor2.dumps(["Signature1", protected, aad, payload])
        Ed25519PublicKey.from_public_bytes(PUBLIC[vector["kid"]]).verify(proof, covered)
    else:
        code = HMAC(SECRETS[vector["kid"]], SHA256())
        code.update(cbor2.dumps(["MAC0", protected, aad, payload]))
        code.verify(proof)


@named(FILE["refused"])
def test_what_must_be_refused_is_refused_for_its_reason(vector: Mapping[str, Any]):
    with pytest.raises(BadMessage) as caught:
        opened(Kind(vector["kind"]), bytes.fromhex(vector["signed"]))
    assert caught.value.reason == vector["reason"]


@named(FILE["down"])
def test_a_frame_holds_the_very_bytes_it_names(vector: Mapping[str, Any]):
    signed = {one["name"]: bytes.fromhex(one["signed"]) for one in FILE["accepted"]}
    frame = Frame.from_bytes(bytes.fromhex(vector["frame"]))
    assert [*frame.orders, *frame.acks, *frame.beacons] == [signed[name] for name in vector["holds"]]
    blocks = [(block.sha256.hex(), block.index, len(block.data)) for block in frame.blocks]
    assert blocks == [(held["sha"]["hex"], held["index"], held["size"]) for held in vector.get("blocks", [])]


@named(FILE["up"])
def test_an_up_frame_holds_the_very_bytes_it_names(vector: Mapping[str, Any]):
    signed = {one["name"]: (Kind(one["kind"]), bytes.fromhex(one["signed"])) for one in FILE["accepted"]}
    frame = UpFrame.from_bytes(bytes.fromhex(vector["frame"]))
    assert list(frame.messages) == [signed[name] for name in vector["holds"]]


def test_the_bundle_is_read_as_it_says():
    vector = next(file for file in FILE["files"] if file["name"] == "bundle")
    content = io.BytesIO()
    bundle = read_bundle(
        io.BytesIO(bytes.fromhex(vector["file"])),
        keyring=SIGNERS.get,
        device="bn-s01",
        commune="bao-nhai",
        now_ms=make_vectors.AT,
        blob=lambda _sha, _size: content,
    )
    assert make_vectors.in_json(bundle.manifest.to_map()) == vector["manifest"]
    assert content.getvalue() == make_vectors.SPEECH
    assert [len(bundle.orders), len(bundle.beacons), len(bundle.acks)] == [2, 1, 1]


def test_the_return_file_is_read_as_it_says():
    vector = next(file for file in FILE["files"] if file["name"] == "return")
    found = read_return(io.BytesIO(bytes.fromhex(vector["file"])), keyring=SIGNERS.get)
    assert make_vectors.in_json(found.report.to_map()) == vector["report"]
    assert len(found.receipts) == 1


def test_every_type_of_order_every_kind_of_message_and_every_reason_has_a_vector():
    kinds = {vector["kind"] for vector in FILE["accepted"]}
    assert kinds == {kind.value for kind in Kind} - {"manifest", "return", "live"}
    types = {vector["payload"]["type"] for vector in FILE["accepted"] if vector["kind"] == "order"}
    assert types == set(_BODIES)
    assert {vector["reason"] for vector in FILE["refused"]} == set(REASONS) - STATEFUL


def test_the_communes_log_is_chained():
    log = [
        vector
        for vector in FILE["accepted"]
        if vector["payload"].get("log") == "bao-nhai" and "seq" in vector["payload"]
    ]
    before = bytes(32).hex()
    for seq, vector in enumerate(log, start=1):
        assert vector["payload"]["seq"] == seq
        assert vector["payload"]["prev"] == {"hex": before}
        before = vector["sha256"]
