import pytest

from base.errors import LoaError, Refused
from server.i18n import translate_error
from server.i18n.errors import messages


def test_an_error_is_told_in_each_language_with_its_parameters():
    error = Refused("audio.not_audio", name="họp thôn.doc")

    assert translate_error("vi", error).startswith("“họp thôn.doc” không phải tệp âm thanh")
    assert translate_error("en", error).startswith("“họp thôn.doc” is not a sound file")


def test_an_unknown_code_still_says_something_that_can_be_reported():
    assert "nowhere.known" in translate_error("vi", LoaError("nowhere.known"))
    assert "nowhere.known" in translate_error("en", LoaError("nowhere.known"))


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_no_text_breaks_when_a_parameter_was_not_given(locale: str):
    for code in messages():
        assert translate_error(locale, LoaError(code))


def test_braces_in_a_parameter_are_only_text():
    assert "{0.__class__}" in translate_error("en", Refused("audio.not_audio", name="{0.__class__}"))
