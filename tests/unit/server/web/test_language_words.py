import pytest

from audio.speech.registry import UNSPOKEN
from server.web.signs import LANGUAGES, language_word
from server.web.templating import environment


def test_every_language_without_a_voice_can_be_chosen_for_a_recording():
    assert set(UNSPOKEN) <= LANGUAGES.keys()


def test_the_code_that_was_used_for_thai_is_still_read_and_no_longer_offered():
    assert "tha" not in LANGUAGES
    assert language_word("tha") == "Thái"


@pytest.mark.parametrize(("code", "shown"), [("blt", "tiếng Thái Đen"), ("tha", "tiếng Thái"), ("xx", "xx")])
def test_a_page_names_a_language_by_its_code(code: str, shown: str):
    assert environment("vi").from_string("{{ code|language }}").render(code=code) == shown
