"""Rules of cancel, all-clear and stop, and of whose word ends what (protocol, section 8)."""

import asyncio

from conformance import names
from conformance.airing import Airing
from conformance.logs import now_ms
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.orders import Level, PlayClass, Repeat

LONG = (tone(30_000),)


@rule("cancel.before_play", "A cancel or an all-clear that comes before its play keeps it silent.")
async def before_play(world: World) -> str:
    told = []
    with world.without("catching_up"):
        for kind, reason in (("cancel", "cancelled"), ("all_clear", "all_clear")):
            play = world.play(carrier="", play_class=PlayClass.EMERGENCY)
            world.cancel(play, kind=kind)
            await world.fence()
            world.send(play.order)
            await play.reaches("cancelled", reason)
            play.stays_silent(f"its {kind} had come before")
            told.append(play.told)
    return "; ".join(told)


@rule("cancel.waiting", "A cancelled play that waits for its time does not begin.")
async def waiting(world: World) -> str:
    play = world.play(start_ms=now_ms() + 2_500)
    await world.fence()
    world.cancel(play)
    await play.reaches("cancelled", "cancelled")
    await asyncio.sleep(max(0.0, 2.7 - 1.0))
    await world.fence()
    play.stays_silent("it was cancelled before its time")
    return f"told: {play.told}"


@rule("cancel.sounding", "A cancel and an all-clear silence what sounds; what was endless has played.")
async def sounding(world: World) -> str:
    told = []
    for kind, reason in (("cancel", "cancelled"), ("all_clear", "all_clear")):
        for repeat, state in ((Repeat(1, 0), "cancelled"), (Repeat(0, 0), "played")):
            play = world.play(parts=LONG, repeat=repeat, play_class=PlayClass.EMERGENCY)
            await play.reaches("started")
            world.cancel(play, kind=kind)
            final = await play.reaches(state, reason)
            if final.sounded_ms > 10_000:
                raise Broken(f"it says that it sounded {final.sounded_ms} ms")
            told.append(f"{state} ({reason})")
    return "; ".join(told)


@rule("cancel.from_above_only", "A commune cannot call off its country's play; a country can call off a commune's.")
async def from_above_only(world: World) -> str:
    high = world.play(log=names.COUNTRY, level=Level.COUNTRY, parts=LONG)
    await high.reaches("started")
    world.cancel(high)
    world.cancel(high, log=names.OWN_LOG)
    world.cancel(high, log=names.PROVINCE)
    await world.fence()
    await world.fence(names.PROVINCE)
    if high.final is not None:
        raise Broken(f"a commune's or province's cancel ended its country's play: {high.told}")
    world.cancel(high, log=names.COUNTRY)
    await high.reaches("cancelled", "cancelled")
    low = world.play(parts=LONG)
    await low.reaches("started")
    world.cancel(low, log=names.PROVINCE)
    await low.reaches("cancelled", "cancelled")
    return f"{high.told}; {low.told}"


@rule("stop.sounding", "A stop ends what sounds up to its class, and leaves what is above it and what is planned.")
async def stop_sounding(world: World) -> str:
    planned = world.play(start_ms=now_ms() + 60_000)
    play = world.play(parts=LONG, play_class=PlayClass.PRIORITY)
    await play.reaches("started")
    world.order("stop", {"upto": int(PlayClass.NORMAL)})
    await world.fence()
    if play.final is not None:
        raise Broken(f"a stop up to class 1 ended one of class 2: {play.told}")
    world.order("stop", {"upto": int(PlayClass.PRIORITY)})
    await play.reaches("interrupted", "stopped")
    endless = world.play(parts=LONG, repeat=Repeat(0, 0))
    await endless.reaches("started")
    world.order("stop", {"upto": int(PlayClass.EMERGENCY)}, log=names.OWN_LOG)
    await endless.reaches("played", "stopped")
    if planned.final is not None:
        raise Broken(f"a stop ended what was planned for later: {planned.told}")
    return f"{play.told}; endless: {endless.told}"


@rule("stop.paused", "A stop also ends what was pre-empted.")
async def stop_paused(world: World) -> str:
    low = world.play(parts=LONG)
    await low.reaches("started")
    high = world.play(parts=LONG, play_class=PlayClass.PRIORITY)
    await low.reaches("paused")
    world.order("stop", {"upto": int(PlayClass.PRIORITY)})
    await low.reaches("interrupted", "stopped")
    await high.reaches("interrupted", "stopped")
    if low.count("resumed"):
        raise Broken(f"what was to be stopped came back first: {low.told}")
    return f"{low.told}; {high.told}"


@rule("stop.late_play", "A play issued before a stop and arriving after it does not begin; a later one does.")
async def late_play(world: World) -> str:
    with world.without("catching_up"):
        early = world.play(carrier="")
        await asyncio.sleep(0.01)
        world.order("stop", {"upto": int(PlayClass.EMERGENCY)})
        await world.fence()
        world.send(early.order)
        await early.reaches("cancelled", "stopped")
    early.stays_silent("it was issued before the stop")
    later = world.play()
    await later.reaches("played")
    return f"{early.told}; issued later: {later.told}"


@rule("stop.above", "A commune's stop ends a province's bulletin, and not its emergency.")
async def stop_above(world: World) -> str:
    bulletin = world.play(log=names.PROVINCE, level=Level.PROVINCE, parts=LONG)
    await bulletin.reaches("started")
    world.order("stop", {"upto": int(PlayClass.EMERGENCY)})
    await bulletin.reaches("interrupted", "stopped")
    alarm = world.play(log=names.PROVINCE, level=Level.PROVINCE, parts=LONG, play_class=PlayClass.EMERGENCY)
    await alarm.reaches("started")
    world.order("stop", {"upto": int(PlayClass.EMERGENCY)})
    await world.fence()
    _goes_on(alarm)
    world.order("stop", {"upto": int(PlayClass.EMERGENCY)}, log=names.PROVINCE)
    await alarm.reaches("interrupted", "stopped")
    return f"{bulletin.told}; {alarm.told}"


def _goes_on(airing: Airing) -> None:
    if airing.final is not None:
        raise Broken(f"a commune's stop ended its province's emergency: {airing.told}")
