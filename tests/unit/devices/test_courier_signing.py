from datetime import UTC, datetime, timedelta

import pytest

from devices.couriers.signing import Trusting, common_epochs
from devices.models import AuthorityKey
from devices.wire.haves import Haves

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def key(epoch: int, made: int, **more: object) -> AuthorityKey:
    fields: dict[str, object] = {
        "authority_id": "bao-nhai",
        "epoch": epoch,
        "public": bytes([epoch]) * 32,
        "made_at": day(made),
        "expires_at": day(1_000),
        "signing_from": day(made + 5),
    }
    return AuthorityKey(**(fields | more))


FIRST = key(1, 0, retired_at=day(40), retired_seq=30)
SECOND = key(2, 20, announced_seq=10)
UNUSED = key(3, 60, announced_seq=50, signing_from=None)
KEYS = [FIRST, SECOND, UNUSED]
ASLEEP = Trusting(day(1), Haves(5))
TOLD = Trusting(day(1), Haves(12))
MOVED_ON = Trusting(day(1), Haves(30))
NEW = Trusting(day(50), Haves())


@pytest.mark.parametrize(
    ("devices", "epochs"),
    [
        ([ASLEEP], [1]),
        ([TOLD], [2, 1]),
        ([MOVED_ON], [2]),
        ([NEW], [2]),
        ([ASLEEP, TOLD], [1]),
        ([TOLD, MOVED_ON, NEW], [2]),
        ([ASLEEP, MOVED_ON], []),
    ],
)
def test_a_bundle_is_signed_by_a_key_that_all_its_devices_know(devices: list[Trusting], epochs: list[int]):
    assert common_epochs(KEYS, devices) == epochs


def test_a_key_that_signs_nothing_yet_signs_no_bundle():
    assert common_epochs(KEYS, [Trusting(day(1), Haves(60))]) == [2]
