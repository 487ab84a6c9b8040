"""A bundle is taken whole and by the right device, or refused for a reason; no byte of it may be another."""

import io
import tarfile
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from base.ids import id_from_bytes
from devices.wire import bundle as bundles
from devices.wire import ustar
from devices.wire.bundle import Bundle, Manifest, read_bundle, write_bundle
from devices.wire.envelope import CheckingKey, Kind, SigningKey, sign
from devices.wire.errors import BUNDLE_REASONS, BadBundle
from devices.wire.packing import Entry, write_entry

COMMUNE, STRANGER, DEVICE = "bao-nhai#1", "lao-cai#1", "bn-s01"
SEEDS = {kid: sha256(kid.encode()).digest() for kid in (COMMUNE, STRANGER, DEVICE)}
KEYS = {kid: SigningKey.from_seed(kid, seed) for kid, seed in SEEDS.items()}
TRUSTED = {
    kid: CheckingKey.from_public(kid, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    for kid, seed in SEEDS.items()
}
ISSUED, EXPIRES = 1_798_754_400_000, 1_801_346_400_000
SPEECH = bytes(range(256)) * 5 + b"the end"
SHA = sha256(SPEECH).digest()


def made(
    kid: str = COMMUNE,
    *,
    commune: str = "bao-nhai",
    devices: tuple[str, ...] = (DEVICE, "bn-s07"),
    speech: bytes = SPEECH,
) -> bytes:
    out = io.BytesIO()
    write_bundle(
        out, bundle_id=id_from_bytes(bytes(16)), commune=commune, devices=devices, issued_ms=ISSUED,
        expires_ms=EXPIRES, orders=(b"first order", b"second order"), beacons=(b"beacon",), acks=(b"ack",),
        blobs=((SHA, len(SPEECH), lambda: io.BytesIO(speech)),), key=KEYS[kid],
    )  # fmt: skip
    return out.getvalue()


def read(data: bytes, *, device: str = DEVICE, now_ms: int | None = ISSUED, sink: io.BytesIO | None = None) -> Bundle:
    return read_bundle(
        io.BytesIO(data),
        keyring=TRUSTED.get,
        device=device,
        commune="bao-nhai",
        now_ms=now_ms,
        blob=lambda _s, _z: sink,
    )


def why(data: bytes, **more: object) -> str:
    with pytest.raises(BadBundle) as caught:
        read(data, **more)  # type: ignore[arg-type]  # as read has them
    assert caught.value.reason in BUNDLE_REASONS
    return caught.value.reason


WHOLE = made()


def by_hand(manifest: Manifest, entries: list[tuple[str, bytes]], kid: str = COMMUNE) -> bytes:
    """A bundle that says one thing in its manifest and may hold another."""
    out = io.BytesIO()
    write_entry(out, bundles.FIRST, sign(Kind.MANIFEST, manifest.to_map(), KEYS[kid]))
    for name, data in entries:
        write_entry(out, name, data)
    return out.getvalue() + ustar.end()


def listing(*entries: Entry) -> Manifest:
    return Manifest(id_from_bytes(bytes(16)), "bao-nhai", (DEVICE,), ISSUED, EXPIRES, entries)


def test_everything_comes_out_as_it_went_in():
    sink = io.BytesIO()
    found = read(WHOLE, sink=sink)
    assert (found.orders, found.beacons, found.acks) == ((b"first order", b"second order"), (b"beacon",), (b"ack",))
    assert found.blobs == ((SHA, len(SPEECH)),)
    assert sink.getvalue() == SPEECH
    assert found.manifest.devices == (DEVICE, "bn-s07")


def test_a_content_nobody_wants_is_passed_over_but_checked():
    assert read(WHOLE).blobs == ()


def test_any_archiver_opens_it():
    with tarfile.open(fileobj=io.BytesIO(WHOLE), mode="r:") as archive:
        assert [member.name for member in archive][:2] == ["manifest.cose", "orders/000001.cose"]
        blob = archive.extractfile(f"blobs/{SHA.hex()}")
        assert blob is not None
        assert blob.read() == SPEECH


def test_each_device_of_a_route_takes_it_and_no_other():
    assert read(WHOLE, device="bn-s07").orders
    assert why(WHOLE, device="bn-s08") == "wrong_village"


def test_another_communes_bundle_is_refused():
    assert why(made(STRANGER, commune="lao-cai")) == "wrong_village"


def test_a_bundle_in_the_communes_name_by_another_key_is_refused():
    assert why(made(STRANGER)) == "unknown_signer"
    assert why(made(DEVICE)) == "unknown_signer"


def test_an_unknown_key_is_refused():
    stranger = SigningKey.from_seed("bao-nhai#9", bytes(32))
    out = io.BytesIO()
    write_entry(out, bundles.FIRST, sign(Kind.MANIFEST, listing().to_map(), stranger))
    assert why(out.getvalue() + ustar.end()) == "unknown_signer"


def test_age_is_judged_by_a_sure_clock_only():
    assert why(WHOLE, now_ms=EXPIRES) == "expired"
    assert read(WHOLE, now_ms=EXPIRES - 1)
    assert read(WHOLE, now_ms=None)


@pytest.mark.parametrize("length", range(0, len(WHOLE), 97))
def test_cut_anywhere_it_is_refused(length: int):
    assert why(WHOLE[:length]) == "truncated"


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_one_bit_turned_anywhere_is_refused(at: int, bit: int):
    spoilt = bytearray(WHOLE)
    spoilt[at] ^= 1 << bit
    why(bytes(spoilt))


@given(st.binary(max_size=3_000))
def test_any_other_file_is_refused(data: bytes):
    why(data)


def test_nothing_may_follow_the_end():
    assert why(WHOLE + b"\x00") == "trailing"
    assert why(WHOLE + WHOLE) == "trailing"


def test_an_entry_more_or_less_or_elsewhere_is_refused():
    first, second = Entry.of("orders/000001.cose", b"1"), Entry.of("orders/000002.cose", b"2")
    assert read(by_hand(listing(first, second), [(first.name, b"1"), (second.name, b"2")])).orders == (b"1", b"2")
    assert why(by_hand(listing(first), [(first.name, b"1"), (second.name, b"2")])) == "altered"
    assert why(by_hand(listing(first, second), [(first.name, b"1")])) == "altered"
    assert why(by_hand(listing(first, second), [(second.name, b"2"), (first.name, b"1")])) == "altered"
    assert why(by_hand(listing(first), [(first.name, b"2")])) == "altered"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "orders/../x",
        "orders/1.cose",
        "blobs/" + "0" * 64,
        "manifest.cose",
        "acks/000001",
    ],
)
def test_a_name_that_does_not_belong_is_refused(name: str):
    assert why(by_hand(listing(Entry.of(name, b"x")), [(name, b"x")])) == "altered"


def test_what_a_manifest_may_not_say_is_refused():
    twice = Entry.of("orders/000001.cose", b"1")
    assert why(by_hand(listing(twice, twice), [(twice.name, b"1")] * 2)) == "altered"
    long = Entry("orders/000001.cose", bytes(32), Kind.ORDER.max_bytes + 1)
    assert why(by_hand(listing(long), [])) == "too_large"
    huge = tuple(Entry(f"blobs/{bytes([at] * 32).hex()}", bytes([at] * 32), 536_870_912) for at in range(5))
    assert why(by_hand(listing(*huge), [])) == "too_large"


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"5", b"L", b"x", b"\x00"])
def test_links_devices_folders_and_extensions_are_refused(kind: bytes):
    head = bytearray(ustar.header("orders/000001.cose", 1))
    head[148:156] = b" " * 8
    head[156:157] = kind
    head[148:156] = b"%06o\x00 " % sum(head)
    entry = Entry.of("orders/000001.cose", b"1")
    out = io.BytesIO()
    write_entry(out, bundles.FIRST, sign(Kind.MANIFEST, listing(entry).to_map(), KEYS[COMMUNE]))
    assert why(out.getvalue() + bytes(head) + b"1" + bytes(511) + ustar.end()) == "not_a_bundle"


def test_a_first_entry_beyond_its_limit_is_not_even_read():
    assert why(ustar.header(bundles.FIRST, Kind.MANIFEST.max_bytes + 1)) == "too_large"


@pytest.mark.parametrize("speech", [SPEECH + b"more", SPEECH[:-1]])
def test_a_content_that_is_not_what_it_was_is_not_packed(speech: bytes):
    with pytest.raises(BadBundle):
        made(speech=speech)
