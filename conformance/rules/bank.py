"""Rules of the message bank and of short storage (protocol, section 8, hold; section 13)."""

from conformance.devicefile import CAPACITY_MIB
from conformance.logs import now_ms
from conformance.options import Need
from conformance.registry import rule
from conformance.rules.playing import rendition
from conformance.verdict import Broken
from conformance.world import World
from devices.wire.content import Speech, Version
from devices.wire.orders import Hold, PlayClass

LARGE = CAPACITY_MIB * 700_000
SMALL = CAPACITY_MIB * 400_000


@rule("bank.instant", "What is held in the message bank sounds at once, with nothing to download.")
async def instant(world: World) -> str:
    part = Speech((Version("vi", (rendition(world, 600),)),))
    hold = world.order("hold", Hold("kit-bank", (part,)).to_map())
    await world.until(lambda: world.ears.about(hold.id), "the hold was not answered")
    told = world.ears.about(hold.id)[0]
    if told.state != "stored" or told.occurrence is not None:
        raise Broken(f"the hold was answered by {told.state.value}, occurrence {told.occurrence}")
    await world.http.close()
    alarm = world.play(parts=(part,), play_class=PlayClass.EMERGENCY)
    await alarm.reaches("played")
    await world.http.open()
    return f"content server gone: {alarm.told}"


@rule(
    "bank.room",
    "When storage is short only an actual emergency takes the bank's room; others are missed.",
    Need.CAPACITY,
)
async def room(world: World) -> str:
    held = Speech((Version("vi", (rendition(world, 500, size=LARGE),)),))
    hold = world.order("hold", Hold("kit-large", (held,)).to_map(), exp=now_ms() + 60_000)
    await world.until(lambda: world.ears.about(hold.id), "the hold was not answered", 30.0)
    plain = world.play(parts=(Speech((Version("vi", (rendition(world, 500, size=SMALL),)),)),), late_ms=2_500)
    await plain.reaches("missed", "not_stored", within_s=20.0)
    plain.stays_silent("there was no room for it")
    alarm = world.play(
        parts=(Speech((Version("vi", (rendition(world, 500, size=SMALL),)),)),), play_class=PlayClass.EMERGENCY
    )
    await alarm.reaches("played", within_s=30.0)
    world.order("hold", Hold("kit-large", (Speech((Version("vi", (rendition(world, 500),)),)),)).to_map())
    return f"{plain.told}; the alarm: {alarm.told}"
