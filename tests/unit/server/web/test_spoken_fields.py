from audio.speech.port import Voice
from audio.spoken_vi import explain
from server.web.spoken_text import RULES, changes, read, with_spoken
from server.web.voices import by_language, fitting

VOICES = [
    Voice("vi", "vi", "Vietnamese", 22_050),
    Voice("vi-vn-x-south", "vi", "Southern", 22_050),
    Voice("en", "en", "English", 22_050),
    Voice("service.nu", "vi", "Nữ miền Bắc", 24_000),
]


def test_a_voice_of_another_language_gives_way_to_the_first_that_speaks_it():
    assert fitting(VOICES, "vi", "vi-vn-x-south") == "vi-vn-x-south"
    assert fitting(VOICES, "vi", "en") == "vi"
    assert fitting(VOICES, "hmn", "vi") == ""


def test_voices_stand_under_their_language_and_the_chosen_one_is_first():
    groups = by_language(VOICES, "en")
    assert list(groups) == ["en", "vi"]
    assert [voice.id for voice in groups["vi"]] == ["vi", "vi-vn-x-south", "service.nu"]
    assert groups["vi"][2].label == "Nữ miền Bắc"


def test_without_a_language_the_voice_says_which():
    assert read({"voice": "en"}, VOICES).language == "en"
    assert read({}, VOICES) == read({"language": "vi", "voice": "vi", "speed": "1.0"}, VOICES)


def test_what_the_page_made_is_not_taken_for_a_persons_change():
    made = with_spoken(read({"text": "họp lúc 8h"}, VOICES), "họp lúc tám giờ\nxin mời")
    back = {"text": "họp lúc 8h\r\n", "spoken": "họp lúc tám giờ\r\nxin mời", "made": made.made, "source": made.source}
    assert not read(back, VOICES).by_hand

    changed = read(back | {"spoken": "họp lúc tám giờ tối"}, VOICES)
    assert changed.by_hand
    assert not changed.behind
    assert read(back | {"spoken": "họp lúc tám giờ tối", "text": "họp lúc 9h"}, VOICES).behind


def test_an_emptied_spoken_form_is_made_again():
    assert not read({"text": "họp", "spoken": "  ", "made": "0123456789abcdef"}, VOICES).by_hand


def test_a_spoken_form_that_came_without_a_page_is_a_persons():
    typed = read({"text": "họp", "spoken": "mời họp"}, VOICES)
    assert typed.by_hand
    assert not typed.behind


def test_each_change_is_listed_once_with_what_the_dictionary_may_change():
    found = changes(explain("UBND xã họp ngày 5/9, UBND mời FPT & dân."))
    assert [(each.written, each.rule, each.word) for each in found] == [
        ("UBND", "abbreviation", True),
        ("5/9", "date", False),
        ("FPT", "spelled", True),
        ("&", "symbol", False),
    ]


def test_every_rule_of_the_spoken_form_has_a_name_on_the_page():
    from audio.spoken_vi import scanner

    rules = {
        rule.name for group in (scanner._FIGURES, scanner._CAPITALS, scanner._SMALL, scanner._MARKS) for rule in group
    }
    assert rules | {"dictionary"} == set(RULES)
