from collections.abc import Callable
from typing import Any

import pytest

from audio.speech.choice import TEXT_LIMIT, check_speed, check_text, find_voice
from audio.speech.espeak import Espeak
from base.errors import Refused


def code_of(call: Callable[..., object], *args: Any):
    with pytest.raises(Refused) as caught:
        call(*args)
    return caught.value.code


def test_text_is_composed_and_freed_of_control_characters():
    assert check_text("  xa\u0303 Ba\u0309o\x00Nhai\n\x07") == "xã Bảo Nhai"


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x01"])
def test_no_text_is_refused(text: str):
    assert code_of(check_text, text) == "audio.text_empty"


def test_a_text_at_the_limit_is_taken_and_one_over_is_refused():
    assert len(check_text("ă" * TEXT_LIMIT)) == TEXT_LIMIT
    assert code_of(check_text, "ă" * (TEXT_LIMIT + 1)) == "audio.text_too_long"


@pytest.mark.parametrize("speed", [0.4, 2.1, float("nan")])
def test_a_speed_nobody_can_follow_is_refused(speed: float):
    assert code_of(check_speed, speed) == "audio.speed_wrong"


def test_without_a_wish_the_language_speaks_with_its_first_voice():
    assert find_voice([Espeak()], "vi", None)[1].id == "vi"
    assert find_voice([Espeak()], "en", None)[1].id == "en"


def test_the_voice_wished_for_is_used():
    assert find_voice([Espeak()], "vi", "vi-vn-x-south")[1].title == "Tiếng Việt, giọng Nam"


@pytest.mark.parametrize(("language", "voice"), [("hmn", None), ("vi", "en"), ("vi", "../vi")])
def test_a_voice_that_does_not_exist_is_refused(language: str, voice: str | None):
    assert code_of(find_voice, [Espeak()], language, voice) == "audio.voice_unknown"
