"""What a courier brings is taken as if it had come by any other carrier, and the return tells all there is."""

from devices.wire.audience import Audience
from devices.wire.envelope import Kind, sign
from devices.wire.reports import Ack
from devices.wire.trust import digest
from firmware_sim import events
from firmware_sim.effects import KeepBundle
from tests.unit.firmware_sim.rig import COMMUNE, HOUR, T0, Rig, beacon, play


def test_orders_beacons_and_acknowledgements_of_a_bundle_count():
    rig = Rig()
    rig.order(play(None))
    rig.run(60_000)
    receipts = rig.speaker.report(rig.now).receipts
    assert len(receipts) == 3
    item = play(T0 + HOUR // 2)
    ack = sign(Kind.ACK, Ack("bn-s01", tuple(digest(each) for each in receipts)).to_map(), COMMUNE)
    rig.feed(
        events.BundleTaken("B1", T0 + HOUR, (rig.server.order(item),), (beacon(9, floor=8, at_ms=T0 + 1),), (ack,))
    )
    assert rig.speaker.receipts_pending == 1, "only that the new one is stored"
    assert rig.flash.haves["bao-nhai"].upto == 7
    rig.run(HOUR)
    assert rig.sounded()[-1][2] == item.occurrence


def test_what_is_for_others_in_a_bundle_is_nothing_special():
    rig = Rig()
    other_ack = sign(Kind.ACK, Ack("bn-s77", (bytes(32),)).to_map(), COMMUNE)
    elsewhere = rig.server.order(play(None), "d/bn-s77", key=COMMUNE)
    for_others = rig.server.order(play(None), audience=Audience(clusters=("bn-s77",)))
    rig.feed(events.BundleTaken("B1", T0 + HOUR, (elsewhere, for_others), (), (other_ack,)))
    assert rig.speaker.refused == {"foreign": 1}, "the order of a log it follows, for another cluster"
    assert rig.speaker.playing == ()


def test_the_same_order_by_two_carriers_sounds_once():
    rig = Rig()
    item = play(None)
    order = rig.order(item)
    rig.feed(events.BundleTaken("B1", T0 + HOUR, (order,)))
    rig.run(60_000)
    assert len(rig.sounded()) == 1


def test_a_bundle_is_known_until_it_expires_also_after_a_power_cut():
    rig = Rig()
    effects = rig.feed(events.BundleTaken("B1", T0 + HOUR))
    assert KeepBundle("B1", T0 + HOUR) in effects
    rig.power_cut()
    assert rig.speaker.has_taken("B1")
    assert rig.speaker.report(rig.now).bundles == ("B1",)
    rig.run(3 * HOUR)
    assert not rig.speaker.has_taken("B1")
    assert rig.flash.bundles == {}


def test_a_report_is_the_next_heartbeat_of_this_boot():
    rig = Rig()
    rig.link()
    rig.run(60_000)
    last = rig.heartbeats()[-1]
    report = rig.speaker.report(rig.now).heartbeat
    assert (report.boot, report.n, report.haves) == (last.boot, last.n + 1, last.haves)
