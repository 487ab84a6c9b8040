"""What a session sounds: in order, with its pauses, whole or not at all, and never more than one order carries."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.tones import TONES
from base.errors import Refused
from base.ids import new_id
from devices.wire.content import MAX_PARTS, Gap, Part, Rendition, Speech, Tone, Version, once_ms
from devices.wire.envelope import Kind
from devices.wire.fields import Fields
from devices.wire.orders import Play
from schedules import composition
from schedules.composition import JINGLES, MAX_BYTES, MAX_GAP_MS, MAX_ITEMS, Composition, Item
from schedules.dispatch import MAX_AUDIENCE_BYTES, MAX_TITLE, lasts, tone

WHO, ONE, TWO = "01JWH000000000000000000000", "01J0NE00000000000000000000", "01JTW000000000000000000000"


def version(language: str, seconds: int, number: int = 1, renditions: int = 2) -> Version:
    made = [Rendition(bytes([number, n]) * 16, 100_000, f"opus{n}", seconds * 1_000) for n in range(renditions)]
    return Version(language, tuple(made))


SOUNDS: Mapping[str, tuple[Version, ...]] = {
    WHO: (version("vi", 3),),
    ONE: (version("vi", 60, 2), version("hmn", 70, 3)),
    TWO: (version("vi", 20, 4),),
}
ids = st.builds(new_id)
compositions = st.builds(
    Composition,
    opening=st.none() | st.sampled_from(JINGLES),
    identification=st.none() | ids,
    items=st.lists(st.builds(Item, ids, st.integers(0, MAX_GAP_MS)), min_size=1, max_size=MAX_ITEMS).map(tuple),
    closing=st.none() | st.sampled_from(JINGLES),
)


def test_it_is_opening_identification_items_after_their_gaps_and_closing():
    session = Composition("station", WHO, (Item(ONE), Item(TWO, 2_000), Item(ONE, 0)), "closing")
    who, one, two = (Speech(SOUNDS[each]) for each in (WHO, ONE, TWO))
    assert composition.parts(session, SOUNDS) == (
        tone("station"),
        Gap(500),
        who,
        Gap(700),
        one,
        Gap(2_000),
        two,
        one,
        Gap(700),
        tone("closing"),
    )


def test_a_listener_hears_each_item_in_all_of_her_languages_before_the_next():
    parts = composition.parts(Composition("chime", WHO, (Item(ONE), Item(TWO)), None), SOUNDS)
    assert once_ms(parts, ("hmn", "vi")) == 1_500 + 500 + 3_000 + 700 + 70_000 + 60_000 + 700 + 20_000
    assert once_ms(parts, ("hmn",)) == 1_500 + 500 + 3_000 + 700 + 70_000 + 700 + 20_000
    assert lasts(parts).total_seconds() * 1_000 == once_ms(parts, ("hmn", "vi"))


@pytest.mark.parametrize("identification", [None, WHO])
def test_without_an_opening_it_begins_with_words_not_with_silence(identification: str | None):
    parts = composition.parts(Composition(None, identification, (Item(ONE, 5_000),), None), SOUNDS)
    assert isinstance(parts[0], Speech)
    assert sum(isinstance(part, Gap) for part in parts) == (identification is not None)


@pytest.mark.parametrize("lost", [WHO, ONE, TWO])
def test_with_a_sound_missing_nothing_sounds_rather_than_a_part(lost: str):
    session = Composition("chime", WHO, (Item(ONE), Item(TWO)), "closing")
    assert composition.parts(session, {**SOUNDS, lost: ()}) == ()
    assert composition.parts(session, {each: said for each, said in SOUNDS.items() if each != lost}) == ()


@given(compositions)
def test_a_row_gives_back_what_it_was_given(session: Composition):
    assert Composition.from_map(session.to_map()) == session


@given(compositions, st.data())
@settings(max_examples=60)
def test_every_session_that_passes_is_one_a_speaker_reads(session: Composition, data: st.DataObject):
    composition.check(session)
    lengths = st.integers(1, 600)
    sounds = {each: (version("vi", data.draw(lengths)),) for each in session.announcement_ids}
    parts = composition.parts(session, sounds)
    assert len(parts) <= MAX_PARTS
    assert not isinstance(parts[0], Gap)
    play = Play(new_id(), None, parts)
    assert Play.from_fields(Fields(play.to_map(), "play")).parts == parts
    gaps_ms = sum(part.duration_ms for part in parts if isinstance(part, Gap))
    tones_ms = sum(part.duration_ms for part in parts if isinstance(part, Tone))
    heard = ([session.identification] if session.identification else []) + [i.announcement_id for i in session.items]
    words_ms = sum(sounds[each][0].renditions[0].duration_ms for each in heard)
    assert lasts(parts).total_seconds() * 1_000 == pytest.approx(gaps_ms + tones_ms + words_ms)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"items": ()}, "session_items_count"),
        ({"items": (Item(ONE),) * (MAX_ITEMS + 1)}, "session_items_count"),
        ({"opening": "siren-storm"}, "session_tone_wrong"),
        ({"closing": "all-clear"}, "session_tone_wrong"),
        ({"opening": ""}, "session_tone_wrong"),
        ({"opening": "x" * 10_000}, "session_tone_wrong"),
        ({"items": (Item(ONE, -1),)}, "session_gap_wrong"),
        ({"items": (Item(ONE, MAX_GAP_MS + 1),)}, "session_gap_wrong"),
        ({"identification": ONE}, "session_identification_twice"),
    ],
)
def test_what_no_session_can_be_is_refused_with_the_reason(wrong: dict[str, Any], code: str):
    with pytest.raises(Refused) as refusal:
        composition.check(Composition(**({"items": (Item(ONE),)} | wrong)))
    assert refusal.value.code == f"schedules.{code}"


def test_an_item_may_be_read_twice_and_is_named_once():
    session = Composition(identification=WHO, items=(Item(ONE), Item(TWO), Item(ONE)))
    composition.check(session)
    assert session.announcement_ids == (WHO, ONE, TWO)


def test_no_siren_opens_or_closes_a_session():
    assert set(JINGLES) <= set(TONES)
    assert not [name for name in JINGLES if "siren" in name or "clear" in name or name in {"evacuate", "warble"}]


def _large(items: int, languages: int) -> tuple[Part, ...]:
    many = {str(n): tuple(version(f"{k:02}", 60, n, 3) for k in range(languages)) for n in range(items)}
    return composition.parts(Composition(items=tuple(Item(str(n)) for n in range(items))), many)


def test_twenty_items_in_two_languages_fit_and_the_largest_that_pass_leave_room_for_the_rest():
    composition.check_size(_large(MAX_ITEMS, 2))
    with pytest.raises(Refused) as refusal:
        composition.check_size(_large(MAX_ITEMS, 6))
    assert refusal.value.code == "schedules.session_too_large"
    # Beside the parts stand the audience and the title; the frame of an order takes less than a kibibyte.
    title_bytes = 4 * MAX_TITLE
    assert MAX_BYTES + MAX_AUDIENCE_BYTES + title_bytes + 1_024 <= Kind.ORDER.max_bytes
