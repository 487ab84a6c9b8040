"""Rules of an emergency with *now* (protocol, sections 13 to 15)."""

import time
from typing import Any

from conformance import names
from conformance.logs import now_ms
from conformance.registry import rule
from conformance.rules.playing import rendition
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.content import Speech, Version
from devices.wire.orders import PlayClass, Repeat

AT_ONCE_S = 1.0
ALARM: dict[str, Any] = {"play_class": PlayClass.EMERGENCY}


@rule("emergency.at_once", "An emergency sounds within one second of its order, though something else sounds.")
async def at_once(world: World) -> str:
    low = world.play(parts=(tone(20_000),))
    await low.reaches("started")
    waits = []
    for log in (names.COMMUNE, names.COMMUNE, names.PROVINCE):
        began_s = time.monotonic()
        alarm = world.play(**ALARM, log=log)
        await alarm.reaches("started")
        waits.append(time.monotonic() - began_s)
        await alarm.reaches("played")
    waits.sort()
    if waits[1] > AT_ONCE_S:
        raise Broken(f"{waits[1]:.2f} s from the order to the receipt, the middle of three")
    return f"{waits[1] * 1_000:.0f} ms, the middle of three"


@rule("emergency.tone_first", "An emergency with a tone begins with it while its speech is still on the way.")
async def tone_first(world: World) -> str:
    slow = rendition(world, 500, faults=("503", "503"))
    parts = (tone(700), Speech((Version("vi", (slow,)),)))
    alarm = world.play(parts=parts, repeat=Repeat(0, 100), **ALARM)
    started = await alarm.reaches("started")
    stored = await alarm.reaches("stored", within_s=30.0)
    world.cancel(alarm)
    await alarm.reaches("played", "cancelled")
    if stored.n < started.n:
        raise Broken("it began only when its speech was there")
    return "began without its speech"


@rule("emergency.lightest", "For an emergency it fetches the smallest rendition it can play.")
async def lightest(world: World) -> str:
    heavy = rendition(world, 500, size=40_000)
    light = rendition(world, 500, size=4_000, codec="opus8")
    alarm = world.play(parts=(Speech((Version("vi", (heavy, light)),)),), **ALARM)
    await alarm.reaches("played")
    if world.contents.asked(heavy.sha256):
        raise Broken("it fetched 40,000 bytes where 4,000 would do")
    return f"{light.size} bytes instead of {heavy.size}"


@rule("emergency.expires", "An emergency is never too late until it expires.")
async def expires(world: World) -> str:
    old = world.play(start_ms=now_ms() - 600_000, late_ms=0, **ALARM)
    await old.reaches("played")
    return f"ten minutes after its start: {old.told}"
