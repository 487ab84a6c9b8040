"""Times inside a session: kept for every language a village may hear, refused with figures where they cannot be."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import Refused
from devices.wire.content import Fill, Gap, Part, Rendition, Speech, Stream, Tone, Version, part_from_map, pieces
from schedules import composition, fixed_times
from schedules.composition import MAX_AT_S, MAX_RELAY_S, Composition, Item, Music, Relay, Source
from schedules.dispatch import lasts
from schedules.fixed_times import clock_text

NEWS, ADVICE, SONG, SORRY = ("01J" + name.ljust(23, "0") for name in ("NEWS", "ADVICE", "SONG", "S0RRY"))
STATION = Source("VOV1", "https://stream.example.vn/vov1", 10, 3, SORRY)
VOV = Relay("01JV0V00000000000000000000", 1_800, source=STATION)
TITLES = {NEWS: "Tin", ADVICE: "Lời khuyên", SONG: "Dân ca", SORRY: "Xin lỗi"}


def version(language: str, seconds: int) -> Version:
    return Version(language, (Rendition(bytes([len(language), seconds]) * 16, 9_000, "opus16", seconds * 1_000),))


SOUNDS = {
    NEWS: (version("vi", 60), version("hmn", 90)),
    ADVICE: (version("vi", 40),),
    SONG: (version("vi", 25),),
    SORRY: (version("vi", 5),),
}


def bare(*items: Item | Relay | Music) -> Composition:
    return Composition(None, None, items, None)


def refusal(session: Composition) -> Refused:
    with pytest.raises(Refused) as refused:
        fixed_times.check(session, SOUNDS, TITLES)
    return refused.value


def starts_ms(session: Composition, kind: type[Part], *languages: str) -> list[int]:
    parts = composition.parts(session, SOUNDS)
    first: dict[int, int] = {}
    for piece in pieces(parts, languages):
        first.setdefault(piece.part, piece.start_ms)
    return [at for number, at in first.items() if isinstance(parts[number], kind)]


def test_an_item_with_a_time_begins_then_in_every_language():
    session = bare(Item(NEWS), Music(SONG, 295), Item(ADVICE, at_s=300))
    fixed_times.check(session, SOUNDS, TITLES)
    for languages in (("vi",), ("hmn",), ("vi", "hmn"), ("tay",)):
        assert starts_ms(session, Speech, *languages)[-1] == 300_000


def test_music_goes_on_until_what_follows_begins():
    parts = composition.parts(bare(Item(NEWS), Music(SONG), Item(ADVICE, at_s=300)), SOUNDS)
    assert parts == (
        Speech(SOUNDS[NEWS]),
        Fill(300_000, Speech(SOUNDS[SONG])),
        Fill(300_000),
        Speech(SOUNDS[ADVICE]),
    )
    assert lasts(parts).total_seconds() == 340


def test_what_comes_too_late_for_those_of_two_languages_is_refused_with_figures():
    error = refusal(bare(Item(NEWS), Item(ADVICE, at_s=120)))
    assert error.code == "schedules.session_fixed_late"
    assert error.params == {"title": "Lời khuyên", "at": "02:00", "earliest": "02:30", "languages": "vi, hmn"}


def test_more_than_a_minute_of_silence_for_those_of_one_language_is_refused_with_figures():
    error = refusal(bare(Item(NEWS), Item(ADVICE, at_s=180)))
    assert error.code == "schedules.session_dead_air"
    assert (error.params["silent_s"], error.params["limit_s"], error.params["earliest"]) == (120, 60, "01:00")
    fixed_times.check(bare(Item(ADVICE), Item(NEWS, at_s=100)), SOUNDS, TITLES)


def test_what_overruns_is_counted_on_to_the_next_time():
    error = refusal(bare(Relay("x" * 26, 600, source=STATION), Item(ADVICE, at_s=600), Item(NEWS, at_s=630)))
    assert (error.code, error.params["title"], error.params["earliest"]) == (
        "schedules.session_fixed_late",
        "Tin",
        "10:40",
    )


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (bare(Music(SONG)), "session_music_endless"),
        (bare(Music(SONG), Item(ADVICE)), "session_music_endless"),
        (bare(Music(SONG), Music(SONG, 60)), "session_music_endless"),
        (bare(Item(NEWS), Music(SONG, 60), Item(ADVICE)), "session_music_over"),
        (bare(Music(SONG, 60), Music(SONG, 60)), "session_music_over"),
    ],
)
def test_music_needs_an_end_that_somebody_lives_to_hear(session: Composition, code: str):
    assert refusal(session).code == f"schedules.{code}"


def test_music_that_only_some_hear_is_no_fault():
    fixed_times.check(bare(Item(NEWS), Music(SONG, 80), Item(ADVICE)), SOUNDS, TITLES)


def test_a_station_alone_is_one_stream_with_its_fallback():
    session = bare(VOV)
    [stream] = composition.parts(session, SOUNDS)
    assert stream == Stream(STATION.url, 1_800_000, 10_000, Speech(SOUNDS[SORRY]))
    assert part_from_map(stream.to_map()) == stream
    assert session.announcement_ids == (SORRY,)
    assert session.level == 3
    assert Composition("chime", NEWS, (VOV,), None).level is None
    assert bare(VOV, Item(NEWS)).level is None


def test_a_station_without_a_fallback_still_has_its_stream():
    [stream] = composition.parts(bare(Relay("x" * 26, 60, source=Source("A", STATION.url, 10, 1))), SOUNDS)
    assert isinstance(stream, Stream)
    assert stream.instead is None


def test_with_the_sound_of_its_fallback_missing_nothing_is_ordered():
    assert composition.parts(bare(VOV), {SORRY: ()}) == ()


def test_a_station_nobody_looked_up_cannot_be_ordered():
    with pytest.raises(Refused, match="relay_unknown"):
        composition.parts(bare(Relay("x" * 26, 60), Item(NEWS)), SOUNDS)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (Relay("x", 9), "relay_length_wrong"),
        (Relay("x", MAX_RELAY_S + 1), "relay_length_wrong"),
        (Relay("x", 60, gap_ms=-1), "session_gap_wrong"),
        (Relay("x", 60, at_s=0), "session_time_wrong"),
        (Item(NEWS, at_s=MAX_AT_S + 1), "session_time_wrong"),
        (Item(NEWS, at_s=-5), "session_time_wrong"),
        (Music(SONG, 0), "session_time_wrong"),
    ],
)
def test_lengths_and_times_have_their_limits(item: Item | Relay | Music, code: str):
    with pytest.raises(Refused) as refused:
        composition.check(bare(item))
    assert refused.value.code == f"schedules.{code}"


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (754, "12:34"), (3_754, "1:02:34")])
def test_times_are_said_as_on_a_player(seconds: int, text: str):
    assert clock_text(seconds) == text


def test_what_was_kept_before_stations_and_music_is_read_as_it_was():
    kept = {"opening": None, "identification": None, "items": [{"announcement_id": NEWS, "gap_ms": 5}], "closing": None}
    assert Composition.from_map(kept) == bare(Item(NEWS, 5))
    assert Composition.from_map(kept).to_map() == kept


items = (
    st.builds(Item, st.sampled_from([NEWS, ADVICE]), st.integers(0, 9_000), st.none() | st.integers(1, 900))
    | st.builds(Music, st.just(SONG), st.none() | st.integers(1, 900))
    | st.builds(
        Relay, st.just("x" * 26), st.integers(10, 900), st.just(0), st.none() | st.integers(1, 900), st.just(STATION)
    )
)


@given(st.lists(items, min_size=1, max_size=6))
def test_what_is_kept_is_read_back_and_what_passes_keeps_its_times_for_everybody(wanted: list[Item | Relay | Music]):
    session = Composition("chime", None, tuple(wanted), None)
    assert Composition.from_map(session.to_map()) == session
    try:
        fixed_times.check(session, SOUNDS, TITLES)
    except Refused:
        return
    numbered = list(composition.numbered(session, SOUNDS))
    fixed = {number: item.at_s for number, item in enumerate(wanted) if not isinstance(item, Music) and item.at_s}
    for languages in ((), ("vi",), ("hmn",), ("hmn", "vi")):
        starts: dict[int | None, int] = {}
        for piece in pieces([part for part, _ in numbered], languages):
            part, number = numbered[piece.part]
            if not isinstance(part, Gap | Fill | Tone):
                starts.setdefault(number, piece.start_ms)
            silent = isinstance(part, Fill) and part.sound is None
            assert not silent or piece.duration_ms <= fixed_times.MAX_SILENCE_MS
        assert all(starts[number] == at_s * 1_000 for number, at_s in fixed.items())


def test_a_station_kept_before_it_said_how_its_fallback_goes_on_is_the_same_as_before():
    kept = STATION.to_map()
    assert "again_s" not in kept
    assert Source.from_map(kept) == STATION
    loud = replace(STATION, again_s=0)
    assert Source.from_map(loud.to_map()) == loud
