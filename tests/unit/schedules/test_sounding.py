"""What a listener was to hear of a play: its languages in order, and no more."""

from base.ids import new_id
from devices.wire.content import Gap, Rendition, Speech, Tone, Version
from devices.wire.orders import Play, Repeat
from schedules.sounding import sounding


def version(language: str, duration_ms: int) -> Version:
    return Version(language, (Rendition(bytes(32), 1, "opus", duration_ms),))


CHIME = Tone(((440, 440, 800, 0),))
ITEM = Speech((version("vi", 5_000), version("hmn", 4_000)))
LAST = Speech((version("vi", 3_000),))


def play(*parts: Speech | Tone | Gap, repeat: Repeat | None = None) -> Play:
    return Play(new_id(), None, parts, repeat=repeat or Repeat())


def test_tones_and_gaps_between_the_words_are_no_language() -> None:
    heard = sounding(play(CHIME, Gap(200), ITEM, Gap(500), LAST), ("hmn", "vi"))
    assert heard.spoken == (("", 1_000), ("hmn", 4_000), ("vi", 5_000), ("", 500), ("vi", 3_000))
    assert heard.planned_ms == 13_500


def test_a_listener_hears_own_languages_alone_and_else_the_first() -> None:
    assert sounding(play(ITEM), ("hmn",)).spoken == (("hmn", 4_000),)
    assert sounding(play(ITEM), ("nut",)).spoken == (("vi", 5_000),)


def test_pauses_between_repetitions_belong_to_them_and_without_an_end_there_is_no_length() -> None:
    twice = sounding(play(LAST, repeat=Repeat(2, 1_000)), ("vi",))
    assert (twice.planned_ms, twice.spoken) == (7_000, (("vi", 3_000), ("", 1_000)))
    assert sounding(play(LAST, repeat=Repeat(0, 1_000)), ("vi",)).planned_ms == 0
