"""When a stream gives way to what stands in for it, when it is taken up again, and what is said of it."""

from hypothesis import given
from hypothesis import strategies as st

from devices.wire.content import FALLBACK, SILENT_STREAM
from firmware_sim.relaying import Relay, Source
from firmware_sim.tallies import MAX_AIRINGS, Tallies, Tally

QUIET_MS = 2_000


def blocks(relay: Relay, count: int, *, loud: bool) -> None:
    for _ in range(count):
        relay.block(100, loud=loud)


def test_quiet_is_borne_for_as_long_as_it_says_and_no_longer():
    relay = Relay(QUIET_MS, Tally(), has_instead=True)
    blocks(relay, 19, loud=False)
    assert relay.source is Source.STREAM
    blocks(relay, 1, loud=False)
    assert relay.source is Source.INSTEAD


def test_one_loud_block_and_the_count_begins_anew():
    relay = Relay(QUIET_MS, Tally(), has_instead=True)
    for _ in range(5):
        blocks(relay, 19, loud=False)
        blocks(relay, 1, loud=True)
    assert relay.source is Source.STREAM


def test_what_stands_in_sounds_once_until_the_stream_has_sounded_again():
    relay = Relay(QUIET_MS, Tally(), has_instead=True)
    blocks(relay, 20, loud=False)
    relay.over(800)
    blocks(relay, 100, loud=False)
    assert relay.source is Source.STREAM
    blocks(relay, 1, loud=True)
    blocks(relay, 20, loud=False)
    assert relay.source is Source.INSTEAD


def test_what_stands_in_sounds_anew_after_its_rest_as_long_as_the_stream_stays_dead():
    relay = Relay(QUIET_MS, Tally(), has_instead=True, again_ms=5_000)
    blocks(relay, 20, loud=False)
    for _ in range(3):
        assert relay.source is Source.INSTEAD
        blocks(relay, 70, loud=False)
        relay.over(800)
        blocks(relay, 49, loud=False)
        assert relay.source is Source.STREAM
        blocks(relay, 1, loud=False)


def test_a_stream_that_sounds_during_the_rest_goes_on():
    relay = Relay(QUIET_MS, Tally(), has_instead=True, again_ms=5_000)
    blocks(relay, 20, loud=False)
    relay.over(800)
    blocks(relay, 40, loud=False)
    blocks(relay, 100, loud=True)
    assert relay.source is Source.STREAM
    blocks(relay, 19, loud=False)
    assert relay.source is Source.STREAM
    blocks(relay, 1, loud=False)
    assert relay.source is Source.INSTEAD


def test_what_stands_in_goes_round_and_round_without_a_rest():
    relay = Relay(QUIET_MS, Tally(), has_instead=True, again_ms=0)
    blocks(relay, 20, loud=False)
    relay.over(800)
    assert relay.source is Source.INSTEAD
    blocks(relay, 30, loud=True)
    relay.over(800)
    assert relay.source is Source.STREAM


def test_what_is_not_here_yet_is_tried_anew_but_not_all_the_time():
    for again_ms, rest in ((0, 100), (60_000, 600)):
        relay = Relay(QUIET_MS, Tally(), has_instead=True, again_ms=again_ms)
        blocks(relay, 20, loud=False)
        relay.over(0)
        blocks(relay, rest - 1, loud=False)
        assert relay.source is Source.STREAM
        blocks(relay, 1, loud=False)
        assert relay.source is Source.INSTEAD


def test_what_sounds_once_is_not_tried_anew_even_if_nothing_came_of_it():
    relay = Relay(QUIET_MS, Tally(), has_instead=True)
    blocks(relay, 20, loud=False)
    relay.over(0)
    blocks(relay, 1_000, loud=False)
    assert relay.source is Source.STREAM


def test_what_stands_in_is_not_broken_off_by_the_stream():
    relay = Relay(QUIET_MS, Tally(), has_instead=True, quiet_since_ms=QUIET_MS)
    assert relay.source is Source.INSTEAD
    blocks(relay, 50, loud=True)
    assert relay.source is Source.INSTEAD


def test_a_dead_stream_for_which_nothing_stands_in_is_told_of_from_half_of_the_slot():
    for dead, note in ((49, ""), (51, SILENT_STREAM)):
        tally = Tally()
        relay = Relay(1_000, tally, has_instead=False)
        blocks(relay, 100 - dead, loud=True)
        blocks(relay, dead, loud=False)
        assert (tally.due_ms, tally.dead_ms, tally.note) == (10_000, dead * 100, note)


def test_quiet_from_before_the_slot_is_no_dead_time_of_it():
    tally = Tally()
    relay = Relay(120_000, tally, has_instead=False, quiet_since_ms=60_000)
    blocks(relay, 600, loud=False)
    blocks(relay, 1_400, loud=True)
    assert (tally.due_ms, tally.dead_ms, tally.note) == (200_000, 60_000, "")


def test_pauses_of_speech_are_no_dead_stream():
    tally = Tally()
    relay = Relay(1_000, tally, has_instead=False)
    for _ in range(20):
        blocks(relay, 9, loud=False)
        blocks(relay, 1, loud=True)
    assert tally.note == ""


def test_what_stood_in_is_told_of_whatever_the_stream_gave_besides():
    assert Tally(due_ms=1_000, dead_ms=1_000, stood_in=True).note == FALLBACK


def test_a_tally_outlives_an_interruption_and_the_oldest_goes_first():
    tallies = Tallies()
    tallies.of("first").stood_in = True
    assert tallies.of("first").stood_in
    for number in range(MAX_AIRINGS):
        tallies.of(str(number))
    assert not tallies.of("first").stood_in


@given(st.lists(st.booleans(), max_size=200), st.integers(1, 30))
def test_nothing_stands_in_before_so_much_quiet_and_dead_time_is_never_more_than_was_due(louds: list[bool], borne: int):
    tally, quiet = Tally(), 0
    relay = Relay(borne * 100, tally, has_instead=True)
    for loud in louds:
        relay.block(100, loud=loud)
        quiet = 0 if loud else quiet + 1
        if relay.source is Source.INSTEAD:
            assert quiet >= borne
            relay.over(800)
    assert 0 <= tally.dead_ms <= tally.due_ms == len(louds) * 100
