"""Rules of time: when a play begins, when it is too late, and at what hours (protocol, section 14)."""

import asyncio
from dataclasses import replace

from conformance.logs import now_ms
from conformance.registry import rule
from conformance.rules.playing import rendition
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.config import Config, Hours
from devices.wire.content import Speech, Version
from devices.wire.orders import PlayClass, Status

ON_TIME_MS = 500


@rule("timing.start", "A play begins at its start, not before, and no more than half a second after.")
async def start(world: World) -> str:
    offs = []
    for _ in range(2):
        start_ms = now_ms() + 1_200
        airing = world.play(start_ms=start_ms)
        began = await airing.reaches("started")
        offs.append(began.at_ms - start_ms)
        await airing.reaches("played")
    if min(offs) < -50 or min(offs) > ON_TIME_MS:
        raise Broken(f"it began {offs} ms after its start")
    return f"{min(offs)} ms after its start"


@rule("timing.late", "What cannot begin within `late` of its start is missed: late, busy or not_stored.")
async def late(world: World) -> str:
    past = world.play(start_ms=now_ms() - 10_000, late_ms=2_000)
    await past.reaches("missed", "late")
    lost = rendition(world, 500, faults=("503",) * 60)
    absent = world.play(start_ms=now_ms() + 200, late_ms=1_200, parts=(Speech((Version("vi", (lost,)),)),))
    first = world.play(parts=(tone(4_000),))
    await first.reaches("started")
    second = world.play(start_ms=now_ms() + 300, late_ms=800)
    await second.reaches("missed", "busy")
    await absent.reaches("missed", "not_stored")
    in_time = world.play(start_ms=now_ms() - 1_000, late_ms=60_000)
    await first.reaches("played")
    await in_time.reaches("played")
    for airing in (past, absent, second):
        airing.stays_silent("it was missed")
    return "late, busy and not_stored missed; one within its time played"


@rule("timing.hours", "Outside the permitted hours nothing begins but an actual emergency; a drill does not.")
async def hours(world: World) -> str:
    world.configure(_with_hours(world, world.hours_shut()))
    plain = world.play(play_class=PlayClass.PRIORITY)
    drill = world.play(play_class=PlayClass.EMERGENCY, status=Status.DRILL)
    test = world.play(play_class=PlayClass.EMERGENCY, status=Status.TEST)
    alarm = world.play(play_class=PlayClass.EMERGENCY)
    await alarm.reaches("played")
    for airing in (plain, drill, test):
        await airing.reaches("rejected", "outside_hours")
        airing.stays_silent("it was outside the permitted hours")
    return f"{plain.told}; the alarm: {alarm.told}"


@rule("timing.hours_end", "What sounds when the hours end breaks off, unless it is an actual emergency.")
async def hours_end(world: World) -> str:
    plain = world.play(parts=(tone(20_000),))
    await plain.reaches("started")
    world.configure(_with_hours(world, world.hours_shut()))
    await plain.reaches("interrupted", "outside_hours")
    alarm = world.play(play_class=PlayClass.EMERGENCY, parts=(tone(1_500),))
    await alarm.reaches("played")
    world.configure(world.config)
    await world.fence()
    again = world.play()
    await again.reaches("played")
    return f"{plain.told}; the alarm: {alarm.told}"


@rule("timing.ready_then_due", "What is planned ahead is fetched ahead, and sounds at its time without a link.")
async def ready_then_due(world: World) -> str:
    part = Speech((Version("vi", (rendition(world, 500),)),))
    start_ms = now_ms() + 3_500
    airing = world.play(start_ms=start_ms, parts=(part,))
    await airing.reaches("stored")
    await world.gate.shut()
    await world.http.close()
    await asyncio.sleep(max(0.0, (start_ms + 1_000 - now_ms()) / 1_000))
    await world.http.open()
    await world.gate.open()
    began = await airing.reaches("started", within_s=60.0)
    await airing.reaches("played", within_s=60.0)
    if abs(began.at_ms - start_ms) > ON_TIME_MS:
        raise Broken(f"it began {began.at_ms - start_ms} ms after its start")
    return f"began {began.at_ms - start_ms} ms after its start, with no link"


def _with_hours(world: World, permitted: Hours) -> Config:
    return replace(world.config, hours=permitted)
