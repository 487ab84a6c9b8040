"""From an occurrence to the body of its order: chime, words, and the moments that follow."""

from datetime import UTC, datetime, timedelta

import pytest

from audio.tones import TONES
from base.errors import Refused
from base.ids import new_id
from base.times import to_ms
from devices.wire.audience import Audience
from devices.wire.content import Gap, Rendition, Speech, Version
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.orders import AfterPreemption, Play, PlayClass
from schedules import dispatch
from schedules.models import Occurrence

START = datetime(2026, 3, 10, 22, tzinfo=UTC)


def version(language: str, seconds: int, number: int = 1) -> Version:
    renditions = [Rendition(bytes([number]) * 32, 1_000, codec, seconds * 1_000) for codec in ("opus16", "opus8")]
    return Version(language, tuple(renditions))


def occurrence(play_class: PlayClass = PlayClass.NORMAL, preempted: AfterPreemption = AfterPreemption.RESUME):
    return Occurrence(
        id=new_id(),
        place_id="bao-nhai",
        title="Bản tin " * 40,
        start_at=START,
        ends_at=START,
        expires_at=START,
        play_class=play_class,
        preempted=preempted,
        late_s=90,
        volume=70,
        created_by="operator",
        created_at=START,
    )


def sounding(*versions: Version, play_class: PlayClass = PlayClass.NORMAL):
    return dispatch.bulletin_parts(play_class, versions)


@pytest.mark.parametrize("play_class", [PlayClass.NORMAL, PlayClass.PRIORITY])
def test_a_bulletin_begins_with_the_chime_and_half_a_second(play_class: PlayClass):
    parts = dispatch.bulletin(occurrence(play_class), sounding(version("vi", 60), play_class=play_class)).play.parts
    assert parts == (dispatch.tone("chime"), Gap(500), Speech((version("vi", 60),)))


def test_background_begins_without_a_chime():
    parts = dispatch.bulletin(occurrence(), sounding(version("vi", 60), play_class=PlayClass.BACKGROUND)).play.parts
    assert parts == (Speech((version("vi", 60),)),)


def test_without_a_version_nothing_sounds():
    assert sounding() == ()
    assert dispatch.lasts(()) == timedelta()


def test_it_ends_after_all_its_languages_and_expires_late_plus_margin_after_that():
    airing = dispatch.bulletin(occurrence(), sounding(version("vi", 60), version("hmn", 90, 2)))
    assert airing.ends_at == START + timedelta(seconds=2 + 60 + 90)
    assert airing.expires_at == airing.ends_at + timedelta(seconds=90) + dispatch.MARGIN
    assert airing.play.start_ms == to_ms(START)
    assert airing.play.late_ms == 90_000


def test_one_taken_up_again_at_the_last_moment_still_ends_before_its_order_expires():
    airing = dispatch.bulletin(occurrence(), sounding(version("vi", 60)))
    assert airing.play.stale_ms is not None
    latest_begin = to_ms(START) + airing.play.late_ms
    total_ms = airing.play.total_ms(("vi",))
    assert total_ms is not None
    assert latest_begin + airing.play.stale_ms + total_ms <= to_ms(airing.expires_at)


def test_one_that_is_dropped_when_it_gives_way_expires_soon():
    airing = dispatch.bulletin(occurrence(preempted=AfterPreemption.DROP), sounding(version("vi", 60)))
    assert airing.expires_at == airing.ends_at + timedelta(seconds=90) + dispatch.DROP_MARGIN


def test_the_place_s_limit_caps_the_volume():
    assert dispatch.bulletin(occurrence(), sounding(version("vi", 1)), volume_max=50).play.volume == 50
    assert dispatch.bulletin(occurrence(), sounding(version("vi", 1)), volume_max=90).play.volume == 70


def test_a_speaker_reads_the_body_as_it_was_built():
    play = dispatch.bulletin(occurrence(), sounding(version("vi", 60), version("hmn", 90, 2))).play
    assert Play.from_fields(Fields(play.to_map(), "play")) == play
    assert len(play.title) == dispatch.MAX_TITLE


@pytest.mark.parametrize("name", list(TONES))
def test_every_named_tone_is_one_a_speaker_accepts(name: str):
    tone = dispatch.tone(name)
    play = dispatch.bulletin(occurrence(), sounding(version("vi", 1))).play
    body = play.to_map() | {"parts": [tone.to_map()]}
    assert Play.from_fields(Fields(body, "play")).parts == (tone,)


def test_vietnamese_is_the_version_for_who_has_no_fitting_language():
    assert dispatch.in_order_of_need(["tay", "en", "vi", "hmn"]) == ["vi", "en", "hmn", "tay"]


def test_an_audience_is_read_as_it_was_kept():
    audience = Audience(("bn-v01",), ("cho",), ("bn-s01",), ("bn-s02",))
    assert dispatch.read_audience(audience.to_map()) == audience
    assert dispatch.read_audience({}) == Audience()
    with pytest.raises(BadMessage):
        dispatch.read_audience({"places": "bn-v01"})


def test_an_audience_that_would_not_fit_into_an_order_is_refused():
    dispatch.check_audience_size(Audience(clusters=tuple(f"bn-s{number:04}" for number in range(1_000))))
    with pytest.raises(Refused) as refusal:
        dispatch.check_audience_size(Audience(clusters=tuple(f"{number:048}" for number in range(1_000))))
    assert refusal.value.code == "schedules.audience_too_long"
