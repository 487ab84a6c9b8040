from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.ids import id_from_bytes
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.beacon import Beacon
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign
from devices.wire.errors import BadMessage
from devices.wire.keys import KeyEntry, Keys
from devices.wire.orders import Order, Stop
from devices.wire.reports import Ack

ID = id_from_bytes(bytes(16))
KIDS = ["bao-nhai#1", "bao-nhai#2", "lao-cai#1", "bn-s01", "bao-nhai"]
SIGNING = {kid: SigningKey.from_seed(kid, sha256(kid.encode()).digest()) for kid in KIDS}


def _checking(kid: str) -> CheckingKey:
    seed = sha256(kid.encode()).digest()
    return CheckingKey.from_public(kid, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


CHECKING = {kid: _checking(kid) for kid in KIDS}
COMMUNES = {"bn-s01": "bao-nhai", "bao-nhai": "bao-nhai"}


def order(log: str, kid: str) -> bytes:
    whole = Order(ID, log, 1, bytes(32), 1, 2, Audience(), Stop())
    return sign(Kind.ORDER, whole.to_map(), SIGNING[kid])


def beacon(log: str, kid: str) -> bytes:
    return sign(Kind.BEACON, Beacon(log, 0, 1, bytes(32), 1).to_map(), SIGNING[kid])


def ack(device: str, kid: str) -> bytes:
    return sign(Kind.ACK, Ack(device, (bytes(32),)).to_map(), SIGNING[kid])


OPENERS = [(trust.open_order, order), (trust.open_beacon, beacon)]


@pytest.mark.parametrize(("opener", "make"), OPENERS)
@pytest.mark.parametrize(
    ("log", "kid"),
    [("bao-nhai", "bao-nhai#1"), ("bao-nhai", "bao-nhai#2"), ("lao-cai", "lao-cai#1"), ("d/bn-s01", "bao-nhai#2")],
)
def test_an_authority_signs_its_own_log_and_those_of_its_devices(opener: Any, make: Any, log: str, kid: str):
    opener(make(log, kid), CHECKING.get, COMMUNES.get)


@pytest.mark.parametrize(("opener", "make"), OPENERS)
@pytest.mark.parametrize(
    ("log", "kid"),
    [
        ("bao-nhai", "lao-cai#1"),
        ("lao-cai", "bao-nhai#1"),
        ("d/bn-s01", "lao-cai#1"),
        ("d/other", "bao-nhai#1"),
        ("bn-s01", "bn-s01"),
        ("d/bn-s01", "bn-s01"),
        ("bao-nhai", "bao-nhai"),  # a device that bears the commune's name, with its own key
        ("d/other", "bn-s01"),
    ],
)
def test_nobody_else_signs_for_a_log(opener: Any, make: Any, log: str, kid: str):
    with pytest.raises(BadMessage) as caught:
        opener(make(log, kid), CHECKING.get, COMMUNES.get)
    assert caught.value.reason == "wrong_authority"


def test_an_acknowledgement_comes_from_the_devices_commune():
    assert trust.open_ack(ack("bn-s01", "bao-nhai#1"), CHECKING.get, COMMUNES.get) == Ack("bn-s01", (bytes(32),))


@pytest.mark.parametrize(
    ("device", "kid"),
    [("bn-s01", "lao-cai#1"), ("other", "bao-nhai#1"), ("bn-s01", "bn-s01"), ("bao-nhai", "bao-nhai")],
)
def test_an_acknowledgement_from_anyone_else_is_refused(device: str, kid: str):
    with pytest.raises(BadMessage) as caught:
        trust.open_ack(ack(device, kid), CHECKING.get, COMMUNES.get)
    assert caught.value.reason == "wrong_authority"


def test_the_signed_bytes_stay_with_the_order():
    data = order("bao-nhai", "bao-nhai#1")
    signed = trust.open_order(data, CHECKING.get, COMMUNES.get)
    assert signed.envelope == data
    assert signed.order.log == "bao-nhai"
    assert trust.digest(data) == sha256(data).digest()


def test_a_beacon_is_no_order():
    with pytest.raises(BadMessage, match="bad_signature"):
        trust.open_order(beacon("bao-nhai", "bao-nhai#1"), CHECKING.get, COMMUNES.get)


def test_a_key_id_names_authority_and_epoch_and_a_devices_names_no_authority():
    assert trust.kid("bao-nhai", 2) == "bao-nhai#2"
    assert trust.authority_of("bao-nhai#2") == "bao-nhai"
    assert trust.authority_of("bn-s01") == ""


def keys_order(log: str, kid: str, *epochs: int) -> bytes:
    body = Keys(tuple(KeyEntry(epoch, bytes(32), 1) for epoch in epochs))
    return sign(Kind.ORDER, Order(ID, log, 1, bytes(32), 1, 2, Audience(), body).to_map(), SIGNING[kid])


def test_an_authority_speaks_of_its_own_keys():
    trust.open_order(keys_order("bao-nhai", "bao-nhai#2", 2, 3), CHECKING.get, COMMUNES.get)


@pytest.mark.parametrize(
    ("log", "kid", "epochs", "reason"),
    [
        ("bao-nhai", "bao-nhai#1", (2,), "bad_field"),
        ("d/bn-s01", "bao-nhai#1", (1, 2), "bad_field"),
        ("lao-cai", "bao-nhai#1", (1, 2), "wrong_authority"),
    ],
)
def test_keys_that_lock_out_their_signer_or_speak_of_others_are_refused(
    log: str, kid: str, epochs: tuple[int, ...], reason: str
):
    with pytest.raises(BadMessage) as caught:
        trust.open_order(keys_order(log, kid, *epochs), CHECKING.get, COMMUNES.get)
    assert caught.value.reason == reason
