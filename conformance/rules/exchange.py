"""Rules of the HTTP carrier (protocol, section 2)."""

from conformance.logs import now_ms
from conformance.options import Need
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World

CHANGES_OVER_S = 100.0
"""MQTT is tried for 60 s first."""
BACK_S = 60.0


@rule(
    "exchange.carries",
    "Without MQTT for a minute it says and hears the same by HTTP; then it goes back.",
    Need.EXCHANGE,
)
async def carries(world: World) -> str:
    await world.gate.shut()
    before = world.exchanges
    airing = world.play(carrier="", late_ms=3_600_000)
    await world.until(lambda: world.exchanges > before, "it did not come by HTTP", CHANGES_OVER_S)
    await airing.reaches("played", within_s=30.0)
    timed = world.play(carrier="", start_ms=now_ms() + 4_000)
    await timed.reaches("played", within_s=40.0)
    hellos = len(world.ears.hellos)
    await world.gate.open()
    connections = world.gate.connections
    await world.until(lambda: world.gate.connections > connections, "it did not try MQTT again", BACK_S)
    await world.until(lambda: len(world.ears.hellos) > hellos, "no hello by MQTT", BACK_S)
    count = world.exchanges
    await world.fence()
    if world.exchanges > count + 2:
        raise Broken("it goes on by HTTP, though MQTT is there")
    return f"{world.exchanges - before} exchanges; {airing.told}"
