from dataclasses import replace
from typing import Any

from base.ids import id_from_bytes
from devices.wire.config import Hours
from devices.wire.content import Gap
from devices.wire.orders import AfterPreemption, Play, PlayClass, Repeat
from devices.wire.playing import Airing, Phase
from devices.wire.rehearsal import Heard, rehearse
from devices.wire.reports import ReceiptState

FIVE = 1_767_225_600_000  # 05:00 with the hours below
MINUTE = 60_000
DAY = Hours(((300, 1_320),), 300)


def airing(number: int, start_ms: int | None, length_ms: int, **changes: Any) -> Airing:
    expires_ms = changes.pop("expires_ms", FIVE + 24 * 60 * MINUTE)
    play = Play(id_from_bytes(bytes([number]) * 16), start_ms, (Gap(length_ms),), **changes)
    return Airing(play, f"order-{number}", FIVE, expires_ms, play.total_ms(()))


BULLETIN = airing(1, FIVE + MINUTE, 10 * MINUTE)
ALARM = airing(2, FIVE + 3 * MINUTE, MINUTE // 2, play_class=PlayClass.EMERGENCY)
END = FIVE + 24 * 60 * MINUTE


def heard(*airings: Airing, until_ms: int = END, hours: Hours | None = DAY) -> list[tuple[int, int, int, str | None]]:
    """``(number, seconds after five, seconds long, state)`` of each stretch."""
    return [
        (
            id_bytes(stretch),
            (stretch.from_ms - FIVE) // 1000,
            (stretch.to_ms - stretch.from_ms) // 1000,
            stretch.state and stretch.state.value,
        )
        for stretch in rehearse(airings, until_ms, hours).heard
    ]


def id_bytes(stretch: Heard) -> int:
    numbers = {id_from_bytes(bytes([number]) * 16): number for number in range(1, 9)}
    return numbers[stretch.occurrence]


def test_nothing_ordered_is_nothing_heard():
    assert rehearse([], END) == rehearse([], END, DAY)
    assert rehearse([], END).heard == rehearse([], END).silent == ()


def test_a_bulletin_is_heard_at_its_time():
    assert heard(BULLETIN) == [(1, 60, 600, "played")]


def test_an_emergency_splits_the_bulletin_it_pre_empts():
    assert heard(BULLETIN, ALARM) == [(1, 60, 120, None), (2, 180, 30, "played"), (1, 210, 480, "played")]


def test_a_bulletin_that_starts_over_is_heard_from_the_beginning():
    again = airing(1, FIVE + MINUTE, 10 * MINUTE, preempted=AfterPreemption.RESTART)
    assert heard(again, ALARM)[-1] == (1, 210, 600, "played")


def test_what_waits_too_long_for_its_turn_is_among_the_silent():
    second = airing(3, FIVE + 2 * MINUTE, MINUTE)
    result = rehearse([BULLETIN, second], END, DAY)
    assert result.silent == ((second.occurrence, ReceiptState.MISSED, "busy"),)
    patient = airing(3, FIVE + 2 * MINUTE, MINUTE, late_ms=20 * MINUTE)
    assert heard(BULLETIN, patient)[-1] == (3, 660, 60, "played")


def test_hours_break_off_and_keep_silent():
    night = airing(4, FIVE + 16 * 60 * MINUTE + 59 * MINUTE, 5 * MINUTE)
    assert heard(night) == [(4, 61_140, 60, "interrupted")]
    later = airing(5, FIVE + 18 * 60 * MINUTE, MINUTE)
    assert rehearse([later], END, DAY).silent == ((later.occurrence, ReceiptState.REJECTED, "outside_hours"),)


def test_what_goes_on_until_stopped_is_heard_to_the_end_of_the_rehearsal():
    siren = airing(6, None, 5_000, play_class=PlayClass.EMERGENCY, repeat=Repeat(0, 1_000))
    assert heard(siren, until_ms=FIVE + MINUTE) == [(6, 0, 60, None)]


def test_what_has_begun_on_a_speaker_is_rehearsed_from_its_beginning_and_left_as_it_was():
    under_way = replace(BULLETIN, phase=Phase.SOUNDING, position_ms=5_000, began_wall_ms=FIVE, ready=False)
    before = replace(under_way)
    assert heard(under_way) == heard(BULLETIN)
    assert under_way == before
