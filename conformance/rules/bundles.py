"""Rules of the courier's bundle and the return file, handed over on the device's local page."""

import asyncio
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import httpx

from base.ids import new_id
from conformance import names
from conformance.airing import Airing
from conformance.authorities import Key
from conformance.logs import now_ms
from conformance.options import Need
from conformance.registry import rule
from conformance.rules.playing import rendition
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.bundle import write_bundle
from devices.wire.content import Speech, Version
from devices.wire.envelope import CheckingKey, Kind
from devices.wire.errors import BadBundle
from devices.wire.orders import PlayClass
from devices.wire.returns import ReturnFile, read_return
from devices.wire.trust import digest

DAY_MS = 86_400_000
PAGE_S = 30.0
TRIES, PAUSE_S = 60, 1.0
TAKEN = "taken"


@dataclass(frozen=True)
class Packed:
    """What goes into a bundle, and how it is wrong, if it is."""

    orders: tuple[bytes, ...] = ()
    acks: tuple[bytes, ...] = ()
    blobs: tuple[bytes, ...] = ()
    commune: str = names.COMMUNE
    devices: tuple[str, ...] = (names.DEVICE, names.OTHER_DEVICE)
    expires_in_ms: int = 30 * DAY_MS
    key: Key | None = None
    bundle: str = field(default_factory=new_id)

    def to_bytes(self, world: World) -> bytes:
        out = io.BytesIO()
        key = self.key or world.logs.authorities[names.COMMUNE].key
        held = world.contents.held
        blobs = [(sha, len(held[sha.hex()]), _opener(held[sha.hex()])) for sha in self.blobs]
        write_bundle(
            out,
            bundle_id=self.bundle,
            commune=self.commune,
            devices=self.devices,
            issued_ms=now_ms() - 60_000,
            expires_ms=now_ms() + self.expires_in_ms,
            orders=self.orders,
            beacons=[world.logs[log].beacon(now_ms()) for log in names.LOGS],
            acks=self.acks,
            blobs=blobs,
            key=key.signing,
        )
        return out.getvalue()


def _opener(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(data)


async def _hand_over(world: World, data: bytes) -> str:
    """Give the device a bundle; the outcome it tells. A device may ask for a pause between many."""
    for _ in range(TRIES):
        async with httpx.AsyncClient(base_url=world.local_url, timeout=PAGE_S, trust_env=False) as client:
            try:
                answer = await client.post("/bundle", content=data)
                outcome = str(answer.json()["outcome"])
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                raise Broken(f"its local page does not answer with an outcome: {error!r}") from error
        if answer.status_code not in {429, 503}:
            return outcome
        await asyncio.sleep(PAUSE_S)
    raise Broken(f"its local page refuses for {TRIES * PAUSE_S:g} s: {outcome}")


async def _bring_back(world: World) -> ReturnFile:
    """The return file, verified."""
    async with httpx.AsyncClient(base_url=world.local_url, timeout=PAGE_S, trust_env=False) as client:
        answer = await client.get("/return.loa")
    if answer.status_code != 200:
        raise Broken(f"/return.loa answers {answer.status_code}")
    public = CheckingKey.from_public(names.DEVICE, world.key.public)
    try:
        return read_return(io.BytesIO(answer.content), keyring=lambda kid: public if kid == names.DEVICE else None)
    except BadBundle as bad:
        raise Broken(f"the return file is {bad.reason} {bad.detail}") from bad


def _planned(world: World) -> tuple[Airing, Packed]:
    """A play nobody has sent, with its content, packed."""
    part = rendition(world, 400, size=30_000)
    airing = world.play(carrier="", parts=(Speech((Version("vi", (part,)),)),), play_class=PlayClass.EMERGENCY)
    return airing, Packed(orders=(airing.order.envelope,), blobs=(part.sha256,))


@rule(
    "bundles.carries", "What a courier brings sounds without a network; its receipts go back in one file.", Need.BUNDLES
)
async def carries(world: World) -> str:
    await world.gate.shut()
    await world.http.close()
    airing, packed = _planned(world)
    outcome = await _hand_over(world, packed.to_bytes(world))
    if outcome != TAKEN:
        raise Broken(f"a good bundle was answered by {outcome}")
    seen: list[ReturnFile] = []

    async def played() -> bool:
        seen.append(await _bring_back(world))
        for receipt in seen[-1].receipts:
            world.ears.take(Kind.RECEIPT, receipt)
        return airing.final is not None

    for _ in range(40):
        if await played():
            break
        await asyncio.sleep(0.25)
    await airing.reaches("played")
    back = seen[-1]
    if packed.bundle not in back.report.bundles:
        raise Broken("the return file does not name the bundle it took")
    if set(back.report.heartbeat.haves) != set(names.LOGS):
        raise Broken("the return file does not tell haves of every log")
    acks = world.ack(*(digest(receipt) for receipt in back.receipts[:100]))
    outcome = await _hand_over(world, Packed(acks=(acks,)).to_bytes(world))
    left = (await _bring_back(world)).receipts
    if outcome != TAKEN or len(left) >= len(back.receipts):
        raise Broken(
            f"an acknowledgement in a bundle was not taken: {len(left)} of {len(back.receipts)} receipts are left"
        )
    return f"{len(back.receipts)} receipts came back; {airing.told}"


@rule(
    "bundles.refuses",
    "Bundles truncated, altered, of another village, expired or replayed have no effect.",
    Need.BUNDLES,
)
async def refuses(world: World) -> str:
    airing, packed = _planned(world)
    with world.without("catching_up"):
        good = packed.to_bytes(world)
        bad: dict[str, tuple[str, bytes]] = {
            "cut in the middle": ("truncated", good[: len(good) // 2]),
            "with a bit of its content turned": ("altered", _turned(good, len(good) - 5_000)),
            "with a bit of an order turned": ("altered", _turned(good, good.index(airing.order.envelope) + 40)),
            "with a bit of its manifest turned": ("altered", _turned(good, 600)),
            "with more behind it": ("trailing", good + b"x" * 512),
            "that is none": ("not_a_bundle", b"GIF89a" + bytes(2_000)),
            "for another device": ("wrong_village", replace(packed, devices=(names.OTHER_DEVICE,)).to_bytes(world)),
            "of another commune": ("wrong_village", _of_province(world, packed)),
            "signed by a stranger": ("altered", _of_stranger(world, packed)),
            "past its time": ("expired", replace(packed, expires_in_ms=-1_000).to_bytes(world)),
        }
        for what, (reason, data) in bad.items():
            outcome = await _hand_over(world, data)
            await world.fence()
            if airing.receipts:
                raise Broken(f"a bundle {what} had an effect: {airing.told}")
            if outcome != reason:
                raise Broken(f"a bundle {what} was answered by {outcome} instead of {reason}")
        if (outcome := await _hand_over(world, good)) != TAKEN:
            raise Broken(f"after bad ones, the good bundle was answered by {outcome}")
        await airing.reaches("played")
        if (outcome := await _hand_over(world, good)) != "replayed":
            raise Broken(f"the same bundle once more was answered by {outcome}")
        await world.fence()
        airing.started_once()
    return f"{len(bad)} refused, the good one taken once, then replayed"


def _of_province(world: World, packed: Packed) -> bytes:
    key = world.logs.authorities[names.PROVINCE].key
    return replace(packed, commune=names.PROVINCE, key=key).to_bytes(world)


def _of_stranger(world: World, packed: Packed) -> bytes:
    """Signed under the name of the commune's key in use, with another key."""
    in_use = world.logs.authorities[names.COMMUNE].key
    return replace(packed, key=Key(in_use.kid, os.urandom(32))).to_bytes(world)


def _turned(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
