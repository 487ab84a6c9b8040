"""Who comes back after weeks makes no noise about it, and states what was missed."""

import pytest

from devices.wire.down import frames_of_orders
from devices.wire.orders import PlayClass
from devices.wire.reports import ReceiptState
from firmware_sim import events, receipts
from firmware_sim.effects import DropReceipts, Log
from tests.unit.firmware_sim.rig import HOUR, T0, Rig, play

DAY = 24 * HOUR
COUNT = 200


def _programme(rig: Rig) -> list[bytes]:
    """An announcement every two hours for weeks, alarms among them, some not expired yet, one still to come."""
    orders = []
    for n in range(COUNT):
        start_ms = T0 + n * 2 * HOUR
        urgent = n % 10 == 0
        item = play(
            None if urgent else start_ms,
            play_class=PlayClass.EMERGENCY if urgent else PlayClass.NORMAL,
            late_ms=600_000,
        )
        orders.append(rig.server.order(item, issued_ms=start_ms - HOUR, expires_ms=start_ms + HOUR))
    return orders


def test_stale_orders_that_come_at_once_sound_at_most_once():
    rig = Rig(wall_ms=T0 + COUNT * 2 * HOUR - HOUR)
    rig.link()
    orders = _programme(rig)
    for frame in frames_of_orders(orders):
        rig.feed(events.FrameReceived(frame.to_bytes()))
    rig.run(HOUR)
    assert len(rig.sounded()) <= 1
    finals = [receipt for receipt in rig.receipts if receipt.state.final]
    assert len(finals) == COUNT
    assert {receipt.reason for receipt in finals} <= {"expired", "late", ""}


def test_stale_orders_on_flash_sound_at_most_once_when_power_is_back():
    rig = Rig(fetch_ms=0)
    for order in _programme(rig):
        rig.feed(events.OrderReceived(order))
    heard = len(rig.sounded())
    rig.power_cut(COUNT * 2 * HOUR - HOUR)
    rig.run(HOUR)
    assert len(rig.sounded()) - heard <= 1


def test_without_a_clock_nothing_sounds_until_there_is_one_and_then_at_most_one():
    rig = Rig(fetch_ms=0)
    orders = [order for n, order in enumerate(_programme(rig)) if n % 10]
    for order in orders:
        rig.feed(events.OrderReceived(order))
    rig.sure = False
    rig.power_cut(COUNT * 2 * HOUR - HOUR)
    rig.run(HOUR // 2)
    assert rig.sounded() == []
    rig.sure = True
    rig.run(HOUR)
    assert len(rig.sounded()) <= 1


def test_receipts_nobody_fetches_are_capped_and_what_is_final_outlives_the_steps(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receipts, "MAX_PENDING", 100)
    monkeypatch.setattr(receipts, "DROP_AT_ONCE", 10)
    rig = Rig(fetch_ms=0)
    for n in range(60):
        start_ms = T0 + n * 60_000
        rig.order(play(start_ms), issued_ms=start_ms, expires_ms=start_ms + HOUR)
    rig.run(61 * 60_000)
    assert 0 < sum(isinstance(effect, DropReceipts) for effect in rig.effects) < 20
    assert [effect for effect in rig.effects if isinstance(effect, Log) and effect.event == "receipts_dropped"]
    assert rig.speaker.receipts_pending <= 100
    rig.power_cut()
    rig.link()
    rig.run(60_000)
    finals = [receipt for receipt in rig.receipts if receipt.state is ReceiptState.PLAYED]
    assert len(finals) == 60
    assert len({receipt.n for receipt in rig.receipts}) == len(rig.receipts)
