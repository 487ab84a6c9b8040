"""What a listener takes of an order is what the speaker's own bank of contents asks for."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.tones import TONES
from base.errors import Conflict
from devices.models import ClusterKind
from devices.wire.content import Fill, Gap, Part, Rendition, Speech, Stream, Tone, Version, once_ms
from firmware_sim.bank import Bank, Need
from firmware_sim.clock import Reading
from firmware_sim.effects import Fetch, Turn
from firmware_sim.plan import speech_in
from schedules.dispatch import tone
from server.preview import Listener, Preview, preview_of, tone_name

CODECS = ("opus16", "opus8", "mp3-32", "other")
BOTH = frozenset({"opus16", "opus8"})


def rendition(number: int, codec: str, size: int, duration_ms: int) -> Rendition:
    """What differs in anything has another hash."""
    sha256 = hashlib.sha256(repr((number, codec, size, duration_ms)).encode()).digest()
    return Rendition(sha256, size, codec, duration_ms)


@st.composite
def speeches(draw: st.DrawFn) -> Speech:
    duration_ms = draw(st.integers(1, 90_000))
    languages = draw(st.lists(st.sampled_from(["vi", "hmn", "tyz", "nut"]), min_size=1, max_size=3, unique=True))
    return Speech(
        tuple(
            Version(
                language,
                tuple(
                    rendition(draw(st.integers(1, 2**64)), codec, draw(st.integers(1, 10**6)), duration_ms)
                    for codec in draw(st.lists(st.sampled_from(CODECS), min_size=1, max_size=4, unique=True))
                ),
            )
            for language in languages
        )
    )


FILLS = st.builds(Fill, st.integers(1, 9_000), st.none() | speeches())
STREAMS = st.builds(Stream, st.just("http://a"), st.integers(1, 200_000), st.just(8_000), st.none() | speeches())
GAPS = st.builds(Gap, st.integers(1, 9_000))
PARTS = st.lists(st.one_of(speeches(), GAPS, st.just(tone("chime")), FILLS, STREAMS), max_size=8)


@given(
    PARTS,
    st.lists(st.sampled_from(["vi", "hmn", "tha"]), max_size=3, unique=True),
    st.sets(st.sampled_from(CODECS), min_size=1),
    st.booleans(),
)
def test_it_fetches_what_the_speaker_would_fetch(
    parts: list[Part], languages: list[str], codecs: set[str], light: bool
):
    listener = Listener(ClusterKind.SMART, tuple(languages), frozenset(codecs), light)
    wanted = speech_in(parts, languages)
    bank, turn = Bank(codecs), Turn(Reading(mono_ms=0, wall_ms=0), linked=True)
    if not bank.playable(wanted):
        with pytest.raises(Conflict) as caught:
            preview_of(parts, listener)
        assert caught.value.code == "server.preview_codec"
        return
    bank.need(("play",), Need(wanted, 0, light=light), turn)
    asked = {effect.rendition for effect in turn.effects if isinstance(effect, Fetch)}
    found = preview_of(parts, listener)
    assert set(found.fetched) == asked
    assert {line.rendition for line in found.lines if line.rendition} <= asked
    assert found.size == sum(each.size for each in asked)
    assert found.duration_ms == once_ms(parts, languages)


def spoken(language: str, number: int, duration_ms: int = 20_000) -> Version:
    best, lighter = (
        rendition(number + 1, "opus16", 900, duration_ms),
        rendition(number + 2, "opus8", 500, duration_ms),
    )
    return Version(language, (best, lighter))


SESSION: tuple[Part, ...] = (
    tone("chime"),
    Gap(500),
    Speech((spoken("vi", 10), spoken("hmn", 20, 30_000))),
    Gap(700),
    Speech((spoken("vi", 30, 5_000),)),
)


def heard(*languages: str, light: bool = False) -> Preview:
    return preview_of(SESSION, Listener(ClusterKind.SMART, languages, BOTH, light))


def test_a_village_hears_its_languages_in_its_order():
    found = heard("hmn", "vi")
    assert found.languages == ("hmn", "vi")
    assert [line.item for line in found.lines] == [None, None, 0, 0, None, 1]
    assert [line.piece.start_ms for line in found.lines] == [0, 1_500, 2_000, 32_000, 52_000, 52_700]
    assert found.duration_ms == 57_700
    assert not found.strange


def test_who_has_none_of_its_languages_hears_the_first_and_it_is_told():
    assert heard("tha").languages == ("vi",)
    assert heard("tha").strange
    assert heard("hmn").strange, "the second announcement has no Hmong"
    assert not heard("vi").strange


def test_music_is_heard_for_one_round_and_a_stream_is_shown_and_not_heard():
    music, sorry = Speech((spoken("vi", 40, 5_000),)), Speech((spoken("vi", 50, 4_000),))
    parts = (Fill(12_000, music), Fill(12_500), Stream("http://a", 60_000, 8_000, sorry), *SESSION[-2:])
    found = preview_of(parts, Listener(ClusterKind.SMART, ("vi",), BOTH))
    assert [line.piece.duration_ms for line in found.lines] == [5_000, 7_000, 500, 60_000, 700, 5_000]
    assert [line.piece.start_ms for line in found.lines] == [0, 5_000, 12_000, 12_500, 72_500, 73_200]
    assert [line.skipped for line in found.lines] == [False, True, False, True, False, False]
    assert [line.item for line in found.lines] == [0, 0, None, 1, None, 2]
    assert (found.duration_ms, found.lasts_ms(skim=False)) == (78_200, 11_200)
    assert found.size > sum(line.rendition.size for line in found.lines if line.rendition), (
        "the fallback is fetched too"
    )


def test_late_it_takes_the_lighter_rendition_and_fetches_less():
    assert heard("vi").codecs == ("opus16",)
    assert heard("vi", light=True).codecs == ("opus8",)
    assert (heard("vi").size, heard("vi", light=True).size) == (1_800, 1_000)


def test_skimming_shortens_only_what_is_long():
    assert heard("vi").lasts_ms(skim=True) == 1_500 + 500 + 10_000 + 700 + 5_000


def test_the_key_tells_apart_whatever_sounds_different_and_nothing_else():
    keys = {
        each.key(horn=horn, skim=skim)
        for each in (heard("vi"), heard("hmn", "vi"), heard("vi", light=True))
        for horn in (False, True)
        for skim in (False, True)
    }
    assert len(keys) == 12
    assert heard("vi").key(horn=False, skim=False) == heard("vi", "tha").key(horn=False, skim=False)


@pytest.mark.parametrize("name", TONES)
def test_a_tone_is_known_by_its_parameters(name: str):
    assert tone_name(tone(name)) == name
    assert tone_name(Tone(((440, 440, 123, 0),))) == ""
