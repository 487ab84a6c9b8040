from datetime import UTC, datetime, timedelta

from devices.models import BeatSlot
from server.web.beats import SLOT, beat_bar

DAY = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def slot(index: int, beats: int) -> BeatSlot:
    return BeatSlot(device_id="s1", slot_at=DAY + index * SLOT, beats=beats)


def test_full_thin_and_missing_slots_have_different_tones():
    bar = beat_bar([slot(0, 30), slot(1, 5)], DAY, DAY + 4 * SLOT)

    assert bar.paths["ok"] == "M0 0h.8v1h-.8z"
    assert bar.paths["late"] == "M1 0h.8v1h-.8z"
    assert bar.paths["none"] == "M2 0h.8v1h-.8zM3 0h.8v1h-.8z"
    assert (bar.heard, bar.past) == (2, 4)


def test_the_slot_that_is_still_going_is_not_called_thin():
    bar = beat_bar([slot(0, 1)], DAY, DAY + timedelta(seconds=30))

    assert bar.paths == {"ok": "M0 0h.8v1h-.8z"}


def test_the_future_is_not_drawn_and_a_past_day_is_whole():
    assert beat_bar([], DAY, DAY).paths == {}
    assert beat_bar([], DAY, DAY + timedelta(days=3)).past == 144
