"""What an alarm, a drill and an all clear sound like; above all, that none can be taken for another."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.tones import TONES
from base.ids import new_id
from devices.wire.content import Rendition, Speech, Tone, Version
from devices.wire.fields import Fields
from devices.wire.orders import Level, Play, PlayClass, Repeat, Status
from schedules import emergency
from schedules.dispatch import tone
from schedules.emergency import Sounds
from schedules.models import TemplateKind
from schedules.templates import EXERCISE_TEXTS, FIRST_TEMPLATES

LANGUAGES = ["vi", "hmn", "tay"]
TITLES = {"en": "Flood", "vi": "Báo động lũ"}


def version(language: str, number: int) -> Version:
    return Version(language, (Rendition(bytes([number]) * 32, 1_000, "opus8", 5_000),))


def words(*languages: str) -> tuple[Version, ...]:
    return tuple(version(language, 1) for language in languages)


def exercise(*languages: str) -> tuple[Version, ...]:
    return tuple(version(language, 2) for language in languages)


def alarm(sounds: Sounds, status: Status, repeat: Repeat | None = None) -> Play:
    given_repeat = repeat or Repeat(0, 30_000)
    return emergency.alarm(new_id(), sounds, titles=TITLES, status=status, level=Level.COMMUNE, repeat=given_repeat)


@settings(max_examples=60)
@given(
    siren=st.sampled_from(sorted(TONES)),
    spoken=st.lists(st.sampled_from(LANGUAGES), unique=True),
    announced=st.lists(st.sampled_from(LANGUAGES), unique=True),
    languages=st.lists(st.sampled_from(LANGUAGES), unique=True),
)
def test_no_listener_of_a_drill_hears_a_siren_or_words_without_the_announcement_of_an_exercise(
    siren: str, spoken: list[str], announced: list[str], languages: list[str]
):
    play = alarm(Sounds(siren, words(*spoken), exercise(*announced)), Status.DRILL)
    assert play.status is Status.DRILL
    assert play.repeat == Repeat()
    assert {part for part in play.parts if isinstance(part, Tone)} == {tone("drill")}
    assert play.parts[0] == play.parts[-1] == tone("drill")
    said = [v for part in play.parts if isinstance(part, Speech) for v in part.for_languages(languages)]
    for language in {v.language for v in said}:
        mine = [v for v in said if v.language == language]
        assert mine == [version(language, 2), version(language, 1), version(language, 2)]


def test_an_alarm_is_the_siren_then_the_words_until_it_is_cleared():
    play = alarm(Sounds("siren-flood", words("vi"), exercise("vi")), Status.ACTUAL)
    siren, _, speech = play.parts
    assert (siren, speech) == (tone("siren-flood"), Speech(words("vi")))
    assert (play.start_ms, play.play_class, play.repeat) == (None, PlayClass.EMERGENCY, Repeat(0, 30_000))
    assert (play.title, play.volume) == ("Báo động lũ", 100)
    assert Play.from_fields(Fields(play.to_map(), "play")) == play


def test_a_drill_says_so_in_its_title_first():
    assert emergency.title(TITLES, Status.DRILL) == "DIỄN TẬP: Báo động lũ"
    assert len(emergency.title({"vi": "x" * 300}, Status.DRILL)) == 200


def test_an_all_clear_sounds_once():
    play = emergency.all_clear(
        new_id(), Sounds("all-clear", words("vi")), titles=TITLES, status=Status.ACTUAL, level=Level.PROVINCE
    )
    assert (play.repeat, play.parts[0], play.level) == (Repeat(), tone("all-clear"), Level.PROVINCE)


@pytest.mark.parametrize(
    ("repeat", "status", "stands"),
    [
        (Repeat(0, 1_000), Status.ACTUAL, timedelta(hours=2)),
        (Repeat(5, 1_000), Status.ACTUAL, timedelta(hours=2)),
        (Repeat(1), Status.ACTUAL, timedelta(minutes=10, seconds=30 + 6)),
        (Repeat(0, 1_000), Status.DRILL, timedelta(minutes=10, seconds=3 + 3 + 15 + 3)),
    ],
)
def test_an_order_stands_as_long_as_it_may_still_begin(repeat: Repeat, status: Status, stands: timedelta):
    play = alarm(Sounds("siren-flood", words("vi"), exercise("vi")), status, repeat)
    assert emergency.lasts(play, timedelta(hours=2)) == stands


def test_the_bank_holds_all_that_alarm_and_drill_say():
    sounds = Sounds("siren-storm", words("vi", "hmn"), exercise("vi"))
    assert sounds.bank() == (tone("siren-storm"), Speech(words("vi", "hmn")), Speech(exercise("vi")))
    assert Sounds("siren-storm").bank() == (tone("siren-storm"),)


def test_assets_of_words_and_of_exercises_are_told_apart():
    assert emergency.spoken({"vi": "a", "vi-x-drill": "b", "hmn": "c"}) == (["vi", "hmn"], ["vi-x-drill"])


def test_the_first_templates_have_real_tones_and_an_exercise_for_every_language_they_speak():
    assert [draft.key for draft in FIRST_TEMPLATES] == ["flood", "storm", "all-clear"]
    for draft in FIRST_TEMPLATES:
        assert draft.tone in TONES
        assert set(draft.texts) <= set(EXERCISE_TEXTS)
        assert (draft.repeat_count == 0) == (draft.kind is TemplateKind.ALARM)
