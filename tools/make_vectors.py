"""Writes the protocol's test vectors, the same bytes every time: ``python -m tools.make_vectors``.

Whoever writes firmware checks it against ``tests/fixtures/wire/vectors.json``; docs/protocol.md says how. What must be
accepted is made by the code the server and the reference speaker run. What must be refused is signed here by hand,
because that code refuses to sign it.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from base.ids import id_from_bytes
from devices.wire.audience import Audience
from devices.wire.beacon import Beacon
from devices.wire.blocks import Block, Want
from devices.wire.bundle import write_bundle
from devices.wire.canonical import encode_map
from devices.wire.config import Config, Hours
from devices.wire.content import Fill, Gap, Rendition, Speech, Stream, Tone, Version
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, SigningKey, seal, sign
from devices.wire.haves import Haves
from devices.wire.keys import KeyEntry, Keys
from devices.wire.orders import (
    AfterPreemption,
    AllClear,
    Body,
    Cancel,
    Hold,
    Level,
    Order,
    Play,
    PlayClass,
    Repeat,
    Stop,
)
from devices.wire.reports import Ack, ClockReport, ClockState, Heartbeat, Hello, Receipt, ReceiptState
from devices.wire.returns import write_return
from devices.wire.trust import digest
from devices.wire.up import UpFrame

TARGET = Path(__file__).parent.parent / "tests" / "fixtures" / "wire" / "vectors.json"
COMMUNE, PROVINCE, DEVICE = "bao-nhai#1", "lao-cai#1", "bn-s01"
NEXT, ROGUE = "bao-nhai#2", "bao-nhai#3"
AT = 1_798_754_400_000
"""2026-12-31T22:00:00Z: 05:00 of the first of January in Vietnam."""
DAY_MS = 86_400_000
NOTHING = bytes(32)


def seed(kid: str) -> bytes:
    return sha256(f"loa/1 test vector key {kid}".encode()).digest()


def public(kid: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed(kid)).public_key().public_bytes_raw()


SECRET = sha256(b"loa/1 test vector secret bn-s01").digest()


def ident(name: str) -> str:
    return id_from_bytes(sha256(name.encode()).digest()[:16])


def content(name: str, codec: str, size: int) -> Rendition:
    return Rendition(sha256(name.encode()).digest(), size, codec, 6_000)


CHIME = Tone(((659, 659, 400, 2), (523, 523, 600, 2)))
SIREN = Tone(((500, 1_200, 4_000, 1), (1_200, 500, 4_000, 1)), repeat=2, gap_ms=500)
VIETNAMESE = Version("vi", (content("vi 16k", "opus16", 12_240), content("vi 8k", "opus8", 6_180)))
TAY = Version("tay", (content("tay 16k", "opus16", 13_105),))
BULLETIN = Play(
    occurrence=ident("bulletin"),
    start_ms=AT + 60_000,
    parts=(CHIME, Gap(500), Speech((VIETNAMESE, TAY))),
    level=Level.COMMUNE,
    late_ms=120_000,
    stale_ms=1_800_000,
    turn=1,
    title="Bản tin sáng",
)
ALARM = Play(
    occurrence=ident("alarm"),
    start_ms=None,
    parts=(SIREN, Speech((VIETNAMESE,))),
    play_class=PlayClass.EMERGENCY,
    repeat=Repeat(0, 5_000),
    volume=100,
    preempted=AfterPreemption.RESTART,
    title="Lũ quét",
)
YEAR_MS = 365 * DAY_MS
ANNOUNCED = Keys((KeyEntry(1, public(COMMUNE), AT + YEAR_MS), KeyEntry(2, public(NEXT), AT + 3 * YEAR_MS)))
RETIRED = Keys((KeyEntry(2, public(NEXT), AT + 3 * YEAR_MS),), (KeyEntry(1, public(COMMUNE), AT + YEAR_MS),))
RELAY = Play(
    occurrence=ident("relay"),
    start_ms=AT + DAY_MS,
    parts=(
        Fill(60_000, Speech((VIETNAMESE,))),
        Stream("https://vov1.example.vn:8443/live.mp3", 1_800_000, 8_000, Speech((VIETNAMESE, TAY))),
        Stream("http://10.0.0.9/tay", 600_000, 5_000),
        Fill(2_700_000),
    ),
    level=Level.COUNTRY,
    title="Tiếp sóng Đài Tiếng nói Việt Nam",
)
BODIES: dict[str, Body] = {
    "play, a bulletin in two languages": BULLETIN,
    "play, an emergency now until stopped": ALARM,
    "cancel": Cancel((BULLETIN.occurrence,), "typed the wrong hour"),
    "stop": Stop(PlayClass.PRIORITY),
    "all_clear": AllClear((ALARM.occurrence,)),
    "hold": Hold("flood", (SIREN, Speech((VIETNAMESE, TAY)))),
    "play, a live stream between fills": RELAY,
    "keys, the second epoch is announced": ANNOUNCED,
    "keys, the first epoch is retired": RETIRED,
}
SETTINGS = Config(Hours(((300, 690), (840, 1_320)), 420), 90, 20, ("http://10.0.0.1:8000/content",))
SOLAR = Config(
    Hours((), 420), 70, 300, (), exchange=("http://10.0.0.1:8000/exchange",), saver_pct=(40, 20), online=((330, 345),)
)
CLOCK = ClockReport(ClockState.SYNCED, AT + 66_500, 40)
HAVES = {"bao-nhai": Haves(6), "lao-cai": Haves(0, ((2, 2),)), "d/bn-s01": Haves(1)}
HELLO = Hello(DEVICE, 3, "0.1.0", "loa-ref", ("opus16", "opus8"), (DEVICE, "bn-w01"), CLOCK, HAVES, ("relay", "fill"))
HEARTBEAT = Heartbeat(
    device=DEVICE,
    boot=3,
    n=17,
    clock=CLOCK,
    haves=HAVES,
    playing=(BULLETIN.occurrence,),
    volume=80,
    power="solar",
    battery_pct=64,
    signal_dbm=-71,
    temperature_c=31,
    storage_free_kib=6_500_000,
    storage_total_kib=7_600_000,
    faults=("amp_open",),
    uptime_s=86_400,
    quiet_until_ms=AT + DAY_MS,
    children={"bn-w01": "ok"},
)


SECRET_KEY = CheckingKey.from_secret(DEVICE, SECRET)
SPEECH = bytes(range(256)) * 33
"""Stands for an audio file of 8,448 bytes: two whole blocks and a short one."""
WANT = Want.of(DEVICE, 3, 5, sha256(SPEECH).digest(), (0, 2))


def orders() -> Iterator[tuple[str, Order, bytes]]:
    """Each order's name, itself and its signed bytes; the commune's log is chained."""
    tip = NOTHING
    for seq, (name, body) in enumerate(BODIES.items(), start=1):
        audience = Audience(places=("bn-v01",), zones=("schools",), but=("bn-s02",)) if seq == 1 else Audience()
        order = Order(ident(name), "bao-nhai", seq, tip, AT + seq, AT + DAY_MS, audience, body)
        signed = _sign(Kind.ORDER, order.to_map(), _signer(order))
        tip = digest(signed)
        yield name, order, signed
    own = Order(ident("config"), "d/bn-s01", 1, NOTHING, AT, AT + DAY_MS, Audience(), SETTINGS)
    yield "config, in the device's own log", own, _sign(Kind.ORDER, own.to_map(), COMMUNE)
    solar = Order(ident("config 2"), "d/bn-s01", 2, NOTHING, AT + 1, AT + DAY_MS, Audience(), SOLAR)
    yield "config, of a solar cluster on a duty cycle", solar, _sign(Kind.ORDER, solar.to_map(), COMMUNE)
    above = Order(ident("province"), "lao-cai", 2, digest(b"not here"), AT, AT + DAY_MS, Audience(), Stop())
    yield "stop, from the province", above, _sign(Kind.ORDER, above.to_map(), PROVINCE)


def _signer(order: Order) -> str:
    if order.log == "lao-cai":
        return PROVINCE
    return NEXT if order.body is RETIRED else COMMUNE


def accepted() -> Iterator[dict[str, Any]]:
    """A vector for each type of order and each kind of message."""
    signed_orders = list(orders())
    for name, order, signed in signed_orders:
        yield _vector(name, Kind.ORDER, _signer(order), order.to_map(), signed)
    tip = digest(signed_orders[len(BODIES) - 1][2])
    played = Receipt(
        DEVICE, 1, NOTHING, 3, ident("play, a bulletin in two languages"), BULLETIN.occurrence, (DEVICE,),
        ReceiptState.PLAYED, AT + 67_520, 40, 7_500,
    )  # fmt: skip
    first = _sign(Kind.RECEIPT, played.to_map(), DEVICE)
    late = Receipt(
        DEVICE, 2, digest(first), 3, ident("stop"), None, (DEVICE, "bn-w01"),
        ReceiptState.REJECTED, AT + 90_000, 40, reason="expired",
    )  # fmt: skip
    beacon = Beacon("bao-nhai", len(BODIES), 1, tip, AT + 30_000)
    for name, kind, kid, message in (
        ("beacon", Kind.BEACON, COMMUNE, beacon),
        ("beacon, with ranges that expired", Kind.BEACON, COMMUNE, replace(beacon, gone=((2, 2), (4, 5)))),
        ("hello", Kind.HELLO, DEVICE, HELLO),
        ("receipt of an airing", Kind.RECEIPT, DEVICE, played),
        ("receipt of an order, chained to the one before", Kind.RECEIPT, DEVICE, late),
        ("ack", Kind.ACK, COMMUNE, Ack(DEVICE, (digest(first),))),
    ):
        yield _vector(name, kind, kid, message.to_map(), _sign(kind, message.to_map(), kid))
    sealed = seal(Kind.HEARTBEAT, HEARTBEAT.to_map(), SECRET_KEY)
    yield _vector("heartbeat", Kind.HEARTBEAT, DEVICE, HEARTBEAT.to_map(), sealed)
    asleep = replace(HEARTBEAT, n=18, wake=((1_350, 1_365), (600, 615)))
    for name, kind, body in (
        ("heartbeat, of a device on a duty cycle", Kind.HEARTBEAT, asleep),
        ("want", Kind.WANT, WANT),
    ):
        yield _vector(name, kind, DEVICE, body.to_map(), seal(kind, body.to_map(), SECRET_KEY))


def refused() -> Iterator[dict[str, str]]:
    """Messages a receiver must refuse, each wrong in one way only, with the reason."""
    order = Order(ident("stop"), "bao-nhai", 4, NOTHING, AT, AT + DAY_MS, Audience(), Stop()).to_map()
    good = _sign(Kind.ORDER, order, COMMUNE)
    beacon = Beacon("bao-nhai", 6, 1, NOTHING, AT).to_map()
    yield _refusal("the last byte is missing", Kind.ORDER, good[:-1], "malformed")
    yield _refusal("a byte too many", Kind.ORDER, good + b"\x00", "not_canonical")
    yield _refusal("one bit of the signature", Kind.ORDER, good[:-1] + bytes([good[-1] ^ 1]), "bad_signature")
    altered = good.replace(encode_map({"upto": 3})[1:], encode_map({"upto": 2})[1:])
    yield _refusal("one bit of the payload", Kind.ORDER, altered, "bad_signature")
    yield _refusal("an order in the place of a beacon", Kind.BEACON, good, "bad_signature")
    sealed = seal(Kind.HEARTBEAT, HEARTBEAT.to_map(), SECRET_KEY)
    yield _refusal("a code where a signature is due", Kind.ORDER, sealed, "malformed")
    yield _refusal("a header outside the signature", Kind.ORDER, good.replace(b"\xa0", b"\xa1\x01\x27", 1), "malformed")
    yield _by_hand("an epoch nobody knows", order, "unknown_key", kid=ROGUE)
    yield _by_hand("a kid with a capital", order, "malformed", kid="Bao-nhai#1")
    yield _by_hand("an epoch with a leading zero", order, "malformed", kid="bao-nhai#01")
    yield _by_hand("the commune's name under a stranger's key", order, "bad_signature", seed_of="stranger")
    yield _by_hand("the province in the commune's log", order, "wrong_authority", kid=PROVINCE)
    yield _by_hand("a device in the commune's log", order, "wrong_authority", kid=DEVICE)
    yield _by_hand("the log of a device of another commune", order | {"log": "d/xx-s01"}, "wrong_authority")
    yield from _of_another_encoding(order)
    yield _by_hand("another version", order | {"v": 2}, "unknown_version")
    yield _by_hand("a type nobody knows", order | {"type": "dance"}, "unknown_type")
    yield _by_hand("true in the place of 1", order | {"body": {"upto": True}}, "bad_field")
    yield _by_hand("a class that does not exist", order | {"body": {"upto": 4}}, "bad_field")
    yield _by_hand("an id of 15 bytes", order | {"id": bytes(15)}, "bad_field")
    without = {name: value for name, value in order.items() if name != "exp"}
    yield _by_hand("no expiry", without, "bad_field")
    loud = BULLETIN.to_map() | {"vol": 101}
    own = order | {"log": "d/bn-s01", "type": "keys", "body": ANNOUNCED.to_map()}
    yield _by_hand("keys in the log of a device", own, "bad_field")
    suicide = order | {"type": "keys", "body": RETIRED.to_map()}
    yield _by_hand("keys that leave out the one that signed", suicide, "bad_field")
    twice = Keys((ANNOUNCED.keys[0], ANNOUNCED.keys[0])).to_map()
    yield _by_hand("keys with an epoch twice", order | {"type": "keys", "body": twice}, "bad_field")
    yield _by_hand("a volume of 101", order | {"type": "play", "body": loud}, "bad_field")
    for what, url in (("a file", "file:///etc/passwd"), ("an address with a name and a word", "http://a:b@c/")):
        relay = RELAY.to_map() | {"parts": [{"relay": url, "dur": 1_000, "quiet": 1_000}]}
        yield _by_hand(f"a live stream from {what}", order | {"type": "play", "body": relay}, "bad_field")
    silent = BULLETIN.to_map() | {"parts": []}
    yield _by_hand("a play of nothing", order | {"type": "play", "body": silent}, "bad_field")
    yield _by_hand("a floor above head + 1", beacon | {"floor": 8}, "bad_field", kind=Kind.BEACON)
    yield _by_hand("a beacon of 1,025 bytes and more", beacon | {"x": bytes(1_024)}, "too_large", kind=Kind.BEACON)
    ack = Ack(DEVICE, (NOTHING,)).to_map()
    yield _by_hand("an acknowledgement by the province", ack, "wrong_authority", kind=Kind.ACK, kid=PROVINCE)
    other = seal(Kind.HEARTBEAT, HEARTBEAT.to_map(), CheckingKey.from_secret(DEVICE, bytes(32)))
    yield _refusal("a heartbeat under another secret", Kind.HEARTBEAT, other, "bad_signature")


def _of_another_encoding(order: dict[str, Any]) -> Iterator[dict[str, str]]:
    plain = encode_map(order)
    version = b"\x61v\x01"  # the first entry: the shortest key
    rest = plain.removeprefix(plain[:1] + version)
    twice = bytes([plain[0] + 1]) + version + version + rest
    yield _by_hand("a key twice", twice, "not_canonical")
    yield _by_hand("keys out of order", plain[:1] + rest + version, "not_canonical")
    yield _by_hand("a small number in a long form", plain[:1] + b"\x61v\x18\x01" + rest, "not_canonical")
    yield _by_hand("a byte after the payload's map", plain + b"\x00", "not_canonical")
    yield _by_hand("an indefinite length", b"\xbf" + plain[1:] + b"\xff", "not_canonical")
    yield _by_hand("a floating-point number", order | {"x": 1.5}, "malformed")
    yield _by_hand("a date by tag", order | {"x": cbor2.CBORTag(1, 0)}, "malformed")
    yield _by_hand("a key that is a number", dict(order) | {1: 2}, "malformed")


def down_frames(signed: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Frames, and what they hold."""
    in_frame = ("stop", "ack", "beacon")
    order, ack, beacon = (signed[name] for name in in_frame)
    frame = Frame(orders=(order,), acks=(ack,), beacons=(beacon,))
    yield {"name": "an order, an ack and a beacon", "holds": list(in_frame), "frame": frame.to_bytes().hex()}
    blocks = tuple(Block(WANT.sha256, at, SPEECH[at * 4_096 : (at + 1) * 4_096]) for at in WANT.blocks())
    held = [{"sha": {"hex": block.sha256.hex()}, "index": block.index, "size": len(block.data)} for block in blocks]
    yield {
        "name": "blocks", "holds": [], "blocks": held, "frame": Frame(blocks=blocks).to_bytes().hex(),
    }  # fmt: skip


def files(signed: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """A courier's bundle and a return file, whole."""
    bundle, back = io.BytesIO(), io.BytesIO()
    manifest = write_bundle(
        bundle, bundle_id=ident("bundle"), commune="bao-nhai", devices=(DEVICE, "bn-s07"), issued_ms=AT,
        expires_ms=AT + 30 * DAY_MS, orders=(signed["stop"], signed["config, in the device's own log"]),
        beacons=(signed["beacon"],), acks=(signed["ack"],),
        blobs=((sha256(SPEECH).digest(), len(SPEECH), lambda: io.BytesIO(SPEECH)),),
        key=SigningKey.from_seed(COMMUNE, seed(COMMUNE)),
    )  # fmt: skip
    yield {"name": "bundle", "manifest": in_json(manifest.to_map()), "file": bundle.getvalue().hex()}
    report = write_return(
        back, heartbeat=HEARTBEAT, held=(sha256(SPEECH).digest(),), bundles=(manifest.id,),
        receipts=(signed["receipt of an airing"],), key=SigningKey.from_seed(DEVICE, seed(DEVICE)),
    )  # fmt: skip
    yield {"name": "return", "report": in_json(report.to_map()), "file": back.getvalue().hex()}


def sign_by_hand(kind: Kind, payload: bytes, kid: str, seed_of: str) -> bytes:
    """COSE_Sign1 with nothing of ours: RFC 9052 section 4.4."""
    protected = cbor2.dumps({1: -8, 4: kid.encode()}, canonical=True)
    covered = cbor2.dumps(["Signature1", protected, kind.aad, payload])
    signature = Ed25519PrivateKey.from_private_bytes(seed(seed_of)).sign(covered)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def _by_hand(
    name: str, payload: Mapping[Any, Any] | bytes, reason: str, *,
    kind: Kind = Kind.ORDER, kid: str = COMMUNE, seed_of: str = "",
) -> dict[str, str]:  # fmt: skip
    data = payload if isinstance(payload, bytes) else cbor2.dumps(payload, canonical=True)
    return _refusal(name, kind, sign_by_hand(kind, data, kid, seed_of or kid), reason)


def _refusal(name: str, kind: Kind, signed: bytes, reason: str) -> dict[str, str]:
    return {"name": name, "kind": kind.value, "reason": reason, "signed": signed.hex()}


def _sign(kind: Kind, payload: Mapping[str, Any], kid: str) -> bytes:
    return sign(kind, payload, SigningKey.from_seed(kid, seed(kid)))


def _vector(name: str, kind: Kind, kid: str, payload: Mapping[str, Any], signed: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind.value,
        "kid": kid,
        "payload": in_json(payload),
        "payload_cbor": encode_map(payload).hex(),
        "signed": signed.hex(),
        "sha256": digest(signed).hex(),
    }


def in_json(value: Any) -> Any:
    """The value with each byte string as ``{"hex": "…"}``."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Mapping):
        return {name: in_json(inner) for name, inner in value.items()}
    return [in_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def vectors() -> dict[str, Any]:
    """Everything the file holds."""
    keys = [
        {"kid": kid, "seed": seed(kid).hex(), "public": public(kid).hex()} for kid in (COMMUNE, NEXT, PROVINCE, DEVICE)
    ]
    made = list(accepted())
    signed = {vector["name"]: bytes.fromhex(vector["signed"]) for vector in made}
    up = UpFrame(((Kind.HEARTBEAT, signed["heartbeat"]), (Kind.RECEIPT, signed["receipt of an airing"])))
    return {
        "protocol": "loa/1",
        "receiver": {"device": DEVICE, "commune": "bao-nhai", "follows": ["bao-nhai", "lao-cai"]},
        "keys": keys,
        "secrets": [{"kid": DEVICE, "secret": SECRET.hex()}],
        "accepted": made,
        "down": list(down_frames(signed)),
        "up": [
            {
                "name": "a heartbeat and a receipt",
                "holds": ["heartbeat", "receipt of an airing"],
                "frame": up.to_bytes().hex(),
            }
        ],
        "files": list(files(signed)),
        "refused": list(refused()),
    }


def text() -> str:
    """The file's text."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8")
