"""Rules of relay slots: a live stream, and what stands in for it (protocol, section 9)."""

import asyncio
from typing import Any

from base.ids import new_id
from conformance.airing import Airing, in_words
from conformance.authorities import Signed
from conformance.logs import now_ms
from conformance.registry import rule
from conformance.rules.playing import lasted, rendition
from conformance.stations import Air, Station
from conformance.verdict import Broken, Skipped
from conformance.world import World, tone
from devices.wire.content import STREAM, Speech, Stream, Version
from devices.wire.orders import Play, PlayClass
from devices.wire.reports import Receipt

QUIET_MS = 1_500
AHEAD_MS = 3_000
"""A slot is ordered so long before it begins: a device has had the time to open its stream."""


def knows(world: World, part: str) -> None:
    """Raises Skipped for a device whose hello does not name the part."""
    if part not in world.ears.hellos[-1].hello.parts:
        raise Skipped(f"its hello does not name the part {part}")


def slot(
    world: World, station: Station, duration_ms: int, *, instead_ms: int = 0, **said: Any
) -> tuple[Airing, Speech | None]:
    """Order a slot; `instead_ms` of a recording stand in when it is not 0."""
    instead = Speech((Version("vi", (rendition(world, instead_ms),)),)) if instead_ms else None
    return world.play(parts=(Stream(station.url, duration_ms, QUIET_MS, instead),), **said), instead


async def _ended(airing: Airing, reason: str, duration_ms: int) -> Receipt:
    final = await airing.reaches("played", within_s=(AHEAD_MS + duration_ms) / 1_000 + 8)
    if final.reason != reason:
        raise Broken(f"played with the reason {final.reason!r} instead of {reason!r}")
    lasted(final, duration_ms, "a slot")
    return final


@rule("relay.sounds", "A live stream sounds for the length of its slot; nothing is to be explained then.")
async def sounds(world: World) -> str:
    knows(world, STREAM)
    station = world.stations.new()
    airing, _ = slot(world, station, 3_500, start_ms=now_ms() + AHEAD_MS)
    await _ended(airing, "", 3_500)
    if not station.asked_s:
        raise Broken("it told that it played a stream it never asked for")
    return airing.told


@rule("relay.ahead", "A stream is opened before it is due, so that it sounds from the first moment.")
async def ahead(world: World) -> str:
    knows(world, STREAM)
    station, start_ms = world.stations.new(), now_ms() + 4_000
    airing, _ = slot(world, station, 1_000, start_ms=start_ms)
    await world.until(lambda: station.asked_s, "it had not asked for the stream 1 s before its slot", 3.0)
    await _ended(airing, "", 1_000)
    return "asked for before it began"


@rule("relay.fallback", "For a stream that cannot be had, what stands in sounds, and the last receipt says so.")
async def fallback(world: World) -> str:
    knows(world, STREAM)
    airing, instead = slot(world, world.stations.new(Air.GONE), 3_500, instead_ms=600)
    await _ended(airing, "fallback", 3_500)
    assert instead is not None
    if not world.contents.asked(instead.versions[0].renditions[0].sha256):
        raise Broken("it never fetched what was to stand in")
    return airing.told


@rule("relay.silence", "A stream of silence, or one that stalls, is as dead as none.")
async def silence(world: World) -> str:
    knows(world, STREAM)
    silent, _ = slot(world, world.stations.new(Air.SILENT), 2_500, instead_ms=600, start_ms=now_ms() + AHEAD_MS)
    await _ended(silent, "fallback", 2_500)
    stalled, _ = slot(world, world.stations.new(Air.STALLED), 3_500)
    await _ended(stalled, "silent_stream", 3_500)
    return f"{silent.told}; {stalled.told}"


@rule("relay.returns", "A stream that broke off is asked for again and again while its slot lasts.")
async def returns(world: World) -> str:
    knows(world, STREAM)
    station = world.stations.new()
    slot(world, station, 30_000)
    await world.until(lambda: station.asked_s, "it never asked for the stream")
    station.air = Air.GONE
    await world.until(lambda: len(station.asked_s) > 2, "cut off, it did not ask for the stream twice again", 15.0)
    station.air = Air.LOUD
    asked = len(station.asked_s)
    await world.until(lambda: len(station.asked_s) > asked, "it gave the stream up after two refusals", 15.0)
    return f"asked {len(station.asked_s)} times in {station.asked_s[-1] - station.asked_s[0]:.0f} s"


@rule("relay.ends", "A slot ends at its time, though stream or stand-in would go on.")
async def ends(world: World) -> str:
    knows(world, STREAM)
    airing, _ = slot(world, world.stations.new(Air.GONE), 2_500, instead_ms=9_000)
    await _ended(airing, "fallback", 2_500)
    return airing.told


@rule("relay.interrupted", "An emergency interrupts a stream at once; the slot goes on for the time it has left.")
async def interrupted(world: World) -> str:
    knows(world, STREAM)
    airing, _ = slot(world, world.stations.new(), 3_000, start_ms=now_ms() + AHEAD_MS)
    await airing.reaches("started")
    await asyncio.sleep(0.7)
    ordered_ms = now_ms()
    alarm = world.play(parts=(tone(800),), play_class=PlayClass.EMERGENCY)
    began = await alarm.reaches("started")
    if began.at_ms - ordered_ms > 1_000 * world.options.patience:
        raise Broken(f"the alarm began {began.at_ms - ordered_ms} ms after its order")
    await alarm.reaches("played")
    await _ended(airing, "", 3_000)
    if airing.count("paused") != 1 or airing.count("resumed") != 1:
        raise Broken(f"told: {airing.told}")
    return airing.told


@rule("relay.address", "An address that is no stream's makes the order malformed, and is never asked.")
async def address(world: World) -> str:
    knows(world, STREAM)
    told = []
    for url in ("file:///etc/hostname", "http://name:word@127.0.0.1/live", "http://127.0.0.1:70000/"):
        occurrence = new_id()
        body = Play(occurrence, None, (tone(),)).to_map() | {"parts": [{"relay": url, "dur": 1_000, "quiet": 1_000}]}
        receipt = await _answer(world, world.order("play", body))
        if (receipt.state, receipt.reason) != ("rejected", "malformed"):
            raise Broken(f"{url}: {in_words([receipt])}")
        told.append(url)
    return ", ".join(told)


async def _answer(world: World, order: Signed) -> Receipt:
    return (await world.until(lambda: world.ears.about(order.id), "it does not answer"))[-1]
