"""Rules of taking an order: for whom, how often, until when, and what is not understood (protocol, section 7)."""

from base.ids import new_id
from conformance import names
from conformance.airing import in_words
from conformance.logs import now_ms
from conformance.registry import rule
from conformance.verdict import Broken
from conformance.world import World, tone
from devices.wire.orders import Play, PlayClass, Repeat

Audience = dict[str, list[str]]
MEANT: dict[str, Audience] = {
    "everybody": {},
    "empty lists": {"places": [], "zones": [], "clusters": []},
    "its village": {"places": ["kit-elsewhere", names.VILLAGE]},
    "its commune": {"places": [names.COMMUNE]},
    "its province": {"places": [names.PROVINCE]},
    "its zone": {"zones": [names.ZONE]},
    "itself": {"clusters": [names.OTHER_DEVICE, names.DEVICE]},
    "another village, or its zone": {"places": [names.OTHER_VILLAGE], "zones": [names.ZONE]},
    "everybody but another": {"but": [names.OTHER_DEVICE]},
}
NOT_MEANT: dict[str, Audience] = {
    "another village": {"places": [names.OTHER_VILLAGE]},
    "another zone": {"zones": ["kit-other-zone"]},
    "another cluster": {"clusters": [names.OTHER_DEVICE]},
    "its zone's name as a place": {"places": [names.ZONE]},
    "everybody but it": {"but": [names.DEVICE]},
    "its village but it": {"places": [names.VILLAGE], "but": [names.DEVICE]},
}


@rule("orders.audience", "An order is for the clusters in `to`, less `but`; for whom it is not, it is only counted.")
async def audience(world: World) -> str:
    meant = {what: world.order("kit-fence", {}, to=to) for what, to in MEANT.items()}
    others = {what: world.order("kit-fence", {}, to=to) for what, to in NOT_MEANT.items()}
    await world.holds(await world.fence())
    for what, order in meant.items():
        if not world.ears.about(order.id):
            raise Broken(f"an order to {what} was passed over")
    for what, order in others.items():
        if world.ears.about(order.id):
            raise Broken(f"an order to {what} was taken")
        await world.holds(order)
    silent = world.play(order={"to": NOT_MEANT["another village"]})
    await world.fence()
    silent.stays_silent("it was for another village")
    world.airings.remove(silent)
    return f"{len(meant)} audiences taken, {len(others)} passed over and counted"


@rule("orders.not_understood", "What it cannot read but can name is rejected: unsupported or malformed.")
async def not_understood(world: World) -> str:
    unknown = world.order("kit-unheard-of", {"a": 1})
    bad: dict[str, dict[str, object]] = {
        "a volume of 101": {"vol": 101},
        "class 4": {"class": 4},
        "class true": {"class": True},
        "no parts": {"parts": []},
        "a start that is text": {"start": "now"},
        "a pause below zero": {"repeat": [1, -1]},
        "a tone of no length": {"parts": [{"tone": [[440, 440, 0, 0]], "n": 1, "gap": 0}]},
        "an unknown status": {"status": "perhaps"},
    }
    made = {what: _altered(world, change) for what, change in bad.items()}
    await world.fence()
    _rejected(world, unknown.id, "unsupported", "an unknown type")
    for what, order_id in made.items():
        _rejected(world, order_id, "malformed", what)
    return f"unsupported, and {len(bad)} malformed"


def _altered(world: World, change: dict[str, object]) -> str:
    """A play with one bad field."""
    body = Play(new_id(), None, (tone(),), volume=10).to_map() | change
    return world.order("play", body).id


def _rejected(world: World, order_id: str, reason: str, what: str) -> None:
    receipts = world.ears.about(order_id)
    if [(r.state.value, r.reason) for r in receipts] != [("rejected", reason)]:
        raise Broken(f"{what}: expected rejected ({reason}); told: {in_words(receipts)}")


@rule("orders.expired", "An order past its expiry when it arrives is rejected, whatever it says.")
async def expired(world: World) -> str:
    past = {"exp": now_ms() - 1_000}
    plain = world.play(order=past)
    alarm = world.play(play_class=PlayClass.EMERGENCY, order=past)
    for airing in (plain, alarm):
        await airing.reaches("rejected", "expired")
        airing.stays_silent("it had expired before it came")
    return "a bulletin and an alarm"


@rule("orders.expires_waiting", "What still waits when it expires is missed; what goes on without end has played.")
async def expires_waiting(world: World) -> str:
    soon = {"exp": now_ms() + 1_500}
    waiting = world.play(start_ms=now_ms() + 60_000, order=soon)
    endless = world.play(parts=(tone(300),), repeat=Repeat(0, 100), order=soon)
    await waiting.reaches("missed")
    final = await endless.reaches("played", "expired")
    waiting.stays_silent("it had expired")
    return f"{waiting.told}; the endless one sounded {final.sounded_ms} ms"


@rule("orders.once", "The same order twice, by whatever carrier, sounds once and is answered once.")
async def once(world: World) -> str:
    airing = world.play(parts=(tone(600),))
    world.send(airing.order)
    world.send(airing.order, carrier="down")
    world.down(orders=[airing.order.envelope, airing.order.envelope])
    await airing.reaches("played")
    world.send(airing.order)
    world.send(airing.order, carrier="down")
    await world.fence()
    airing.started_once()
    if airing.count("played") != 1:
        raise Broken(f"told: {airing.told}")
    return f"six copies: {airing.told}"


@rule("orders.one_airing", "An occurrence sounds at most once, though another order names it again.")
async def one_airing(world: World) -> str:
    airing = world.play()
    await airing.reaches("played")
    world.play(occurrence=airing.occurrence)
    world.play(occurrence=airing.occurrence, log=names.PROVINCE)
    await world.fence()
    await world.fence(names.PROVINCE)
    airing.started_once()
    return f"three orders: {airing.told}"


@rule(
    "orders.sequence_is_no_guard",
    "A number lower than one held already is taken: numbers find gaps, they never refuse.",
)
async def sequence_is_no_guard(world: World) -> str:
    with world.without("catching_up"):
        late = world.play(carrier="")
        await world.holds(await world.fence())
        world.send(late.order)
        await late.reaches("played")
    await world.holds(late.order)
    return f"the later number first; told: {late.told}"
