from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.tones import MAX_DURATION_MS, MAX_HZ, synthesize
from devices.wire.content import (
    MAX_PART_MS,
    MAX_TONE_HZ,
    MAX_TONE_MS,
    Fill,
    Gap,
    Live,
    Loop,
    Rendition,
    Speech,
    Stream,
    Tone,
    Version,
    once_ms,
    part_from_map,
    pieces,
    special_parts,
    speeches_in,
)
from devices.wire.errors import BadMessage
from tests.unit.devices.wire.strategies import mangled, parts, reason_for, tones

R = Rendition(bytes(32), 12_000, "opus16", 6_000)
SMALL = Rendition(bytes([1] * 32), 6_000, "opus8", 6_010)
VI, TAY, HMN = Version("vi", (R, SMALL)), Version("tay", (R,)), Version("hmn", (SMALL,))
SPEECH = Speech((VI, HMN, TAY))
TONE = Tone(((440, 880, 500, 1), (0, 0, 250, 0)), repeat=3, gap_ms=100)


@given(parts)
def test_parts_are_read_back(some: Any):
    assert tuple(part_from_map(part.to_map()) for part in some) == some


@given(parts, st.lists(st.sampled_from(["vi", "tay", "hmn", "xx"]), max_size=3, unique=True))
def test_pieces_follow_each_other_without_hole_or_overlap(some: Any, languages: Any):
    at = 0
    for piece in pieces(some, languages):
        assert piece.start_ms == at
        assert piece.duration_ms > 0
        at += piece.duration_ms
    assert at == once_ms(some, languages)


def test_a_tone_lasts_its_segments_and_the_gaps_between_its_repetitions():
    assert TONE.duration_ms == 3 * 750 + 2 * 100


def test_a_cluster_hears_its_languages_in_its_own_order():
    assert SPEECH.for_languages(["hmn", "xx", "vi"]) == (HMN, VI)


@pytest.mark.parametrize("languages", [[], ["xx"]])
def test_a_cluster_whose_languages_are_not_there_hears_the_first(languages: Any):
    assert SPEECH.for_languages(languages) == (VI,)


def test_a_speech_in_two_languages_sounds_one_after_the_other():
    heard = list(pieces([TONE, SPEECH, Gap(500)], ["tay", "vi"]))
    assert [piece.sound for piece in heard] == [TONE, TAY, VI, Gap(500)]
    assert [piece.start_ms for piece in heard] == [0, 2_450, 8_450, 14_450]


STREAM = Stream("http://10.0.0.1:8000/live", 1_800_000, 8_000, SPEECH)
FILL = Fill(60_000, SPEECH)


def test_a_stream_lasts_as_long_as_its_slot_in_every_language():
    heard = [list(pieces([TONE, STREAM], languages)) for languages in (["vi"], ["hmn", "tay"])]
    assert [each[1].duration_ms for each in heard] == [1_800_000, 1_800_000]
    assert [each[1].sound for each in heard] == [
        Live(STREAM.url, 8_000, (VI,)),
        Live(STREAM.url, 8_000, (HMN, TAY)),
    ]


def test_a_fill_lets_what_follows_begin_at_its_time_in_every_language():
    for languages in (["vi"], ["vi", "hmn", "tay"], []):
        last = list(pieces([TONE, SPEECH, FILL, Gap(500)], languages))[-1]
        assert (last.start_ms, last.sound, last.part) == (60_000, Gap(500), 3)


def test_a_fill_whose_point_is_past_is_nothing():
    assert [piece.sound for piece in pieces([SPEECH, Fill(6_000, SPEECH), TONE], ["vi"])] == [VI, TONE]


def test_a_fill_sounds_the_listeners_languages_and_without_a_sound_is_silence():
    assert [piece.sound for piece in pieces([FILL], ["tay", "vi"])] == [Loop((TAY, VI))]
    assert [piece.sound for piece in pieces([Fill(7_000)], ["vi"])] == [Gap(7_000)]


def test_what_stands_in_and_what_fills_is_content_to_be_fetched():
    assert speeches_in([TONE, STREAM, Gap(1), FILL, Fill(9), Stream("http://a", 1, 1_000)]) == (SPEECH, SPEECH)


def test_parts_beyond_the_first_three_kinds_are_named():
    assert special_parts([TONE, SPEECH, Gap(1)]) == frozenset()
    assert special_parts([TONE, STREAM, FILL]) == {"relay", "fill"}


def relay(**changes: Any):
    return STREAM.to_map() | changes


def fill(**changes: Any):
    return FILL.to_map() | changes


def tone(**changes: Any):
    return TONE.to_map() | changes


def say(**changes: Any):
    return SPEECH.to_map() | changes


def rendition(**changes: Any):
    return {"say": {"vi": [R.to_map() | changes]}, "first": "vi"}


@pytest.mark.parametrize(
    "part",
    [
        None,
        [],
        {},
        {"gap": 0},
        {"gap": 600_001},
        {"gap": True},
        tone(tone=[]),
        tone(tone=[[440, 440, 1, 0]] * 257),
        tone(tone=[[440, 440, 0, 0]]),
        tone(tone=[[440, 440, 600_001, 0]]),
        tone(tone=[[5_001, 440, 1, 0]]),
        tone(tone=[[440, 5_001, 1, 0]]),
        tone(tone=[[-1, 440, 1, 0]]),
        tone(tone=[[440, 440, 1, 3]]),
        tone(tone=[[440, 440, 1]]),
        tone(tone=[[440, 440, True, 0]]),
        tone(tone=[[440.0, 440, 1, 0]]),
        tone(tone=[440]),
        tone(n=0),
        tone(n=101),
        tone(gap=-1),
        tone(gap=600_001),
        {"tone": [[440, 440, 1, 0]]},
        tone(tone=[[440, 440, 600_000, 0]], n=2),
        say(first="xx"),
        say(first=1),
        say(say={}),
        say(say={"vi": []}),
        say(say={"vi": {}}),
        say(say={"vi": [R.to_map()] * 9}),
        say(say={"vi": [R.to_map()], "x" * 17: [R.to_map()]}),
        say(say={"vi": [R.to_map()]} | {f"l{n}": [R.to_map()] for n in range(16)}),
        {"say": {"vi": [R.to_map()]}},
        rendition(sha=bytes(31)),
        rendition(sha="0" * 32),
        rendition(size=0),
        rendition(size=536_870_913),
        rendition(codec="x" * 17),
        rendition(codec=1),
        rendition(dur=0),
        rendition(dur=MAX_PART_MS + 1),
        relay(relay=""),
        relay(relay=b"http://a"),
        relay(relay="ftp://a/live"),
        relay(relay="file:///etc/passwd"),
        relay(relay="http://"),
        relay(relay="http:///live"),
        relay(relay="http://a:0/"),
        relay(relay="http://a:65536/"),
        relay(relay="http://a:99999999/"),
        relay(relay="http://name:word@a/live"),
        relay(relay="http://a/live#x"),
        relay(relay="http://a/li ve"),
        relay(relay="http://a/live\r\nHost: b"),
        relay(relay="http://a/live\n"),
        relay(relay="http://đài/live"),
        relay(relay="http://a/" + "x" * 504),
        relay(dur=0),
        relay(dur=86_400_001),
        relay(dur=True),
        relay(quiet=999),
        relay(quiet=600_001),
        {"relay": "http://a", "dur": 1_000},
        relay(**{"else": []}),
        relay(**{"else": {"say": {}, "first": "vi"}}),
        relay(**{"else": TONE.to_map()}),
        fill(fill=0),
        fill(fill=86_400_001),
        fill(fill="1"),
        fill(**{"with": 1}),
        fill(**{"with": {}}),
        fill(**{"with": FILL.to_map()}),
    ],
)
def test_a_part_outside_its_limits_is_refused(part: Any):
    with pytest.raises(BadMessage, match="bad_field"):
        part_from_map(part)


@pytest.mark.parametrize(
    "url",
    ["http://a", "https://a.b-c.vn:8443/live.mp3?x=1&y=%20", "http://[2001:db8::1]:8000/", "http://a/" + "x" * 503],
)
def test_an_address_within_its_limits_is_taken(url: str):
    assert part_from_map(relay(relay=url)) == replace(STREAM, url=url)


def test_a_reader_that_knows_neither_a_stream_nor_a_fill_takes_them_for_no_other_part():
    for part in (STREAM, FILL, Fill(1), Stream("http://a", 1, 1_000)):
        assert not {"say", "tone", "gap"} & part.to_map().keys()


@given(st.data(), parts)
def test_no_part_makes_a_reader_stumble(data: Any, some: Any):
    bad = data.draw(mangled(some[0].to_map()))
    assert reason_for(part_from_map, bad) in {"bad_field", None}


@given(tones)
def test_a_speaker_can_make_every_tone_the_wire_allows(tone: Tone):
    quick = [(low, high, min(length, 20), shape) for low, high, length, shape in tone.segments]
    samples = synthesize(quick, repeat=tone.repeat, gap_ms=min(tone.gap_ms, 20))
    assert len(samples) > 0
    assert tone.duration_ms <= MAX_DURATION_MS


def test_the_limits_of_a_tone_are_those_of_the_reference_speaker():
    assert (MAX_TONE_HZ, MAX_TONE_MS) == (MAX_HZ, MAX_DURATION_MS)
