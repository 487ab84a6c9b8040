from pathlib import Path

import pytest

from audio.speech.choice import find_voice
from audio.speech.http_template import HttpTemplate
from audio.speech.port import SpeechEngine, Voice
from audio.speech.registry import UNSPOKEN, SpeechSettings, build_engines, unspoken
from base.errors import Refused


def template(name: str, language: str = "vi"):
    return HttpTemplate.model_validate(
        {
            "name": name,
            "voices": [{"id": "nu", "language": language, "title": "Nữ"}],
            "request": {"url": "https://tts.example/", "body": "{text}"},
        }
    )


def voice_for(engines: dict[str, SpeechEngine], language: str = "vi"):
    return find_voice(engines.values(), language, None)[1].id


def test_without_settings_there_is_espeak_alone():
    assert list(build_engines(SpeechSettings())) == ["espeak"]


def test_espeak_speaks_vietnamese_unless_the_settings_prefer_another(tmp_path: Path):
    http = (template("one"), template("two"))
    plain = build_engines(SpeechSettings(piper_folder=tmp_path, http=http))
    assert list(plain) == ["espeak", "piper", "one", "two"]
    assert voice_for(plain) == "vi"
    preferring = build_engines(SpeechSettings(piper_folder=tmp_path, http=http, first=("two",)))
    assert list(preferring) == ["two", "espeak", "piper", "one"]
    assert voice_for(preferring) == "two.nu"


def test_with_a_cache_every_engine_keeps_its_name_voices_and_version(tmp_path: Path):
    plain = build_engines(SpeechSettings(http=(template("one"),)))
    remembering = build_engines(SpeechSettings(http=(template("one"),), cache_folder=tmp_path / "spoken"))
    for name, engine in plain.items():
        assert remembering[name].name == name
        assert remembering[name].voices() == engine.voices()
        assert remembering[name].version(engine.voices()[0].id) == engine.version(engine.voices()[0].id)


@pytest.mark.parametrize("name", ["espeak", "one"])
def test_two_engines_cannot_share_a_name(name: str):
    with pytest.raises(Refused) as caught:
        build_engines(SpeechSettings(http=(template("one"), template(name))))
    assert caught.value.code == "audio.engine_twice"


def test_an_engine_that_does_not_exist_cannot_be_preferred():
    with pytest.raises(Refused) as caught:
        build_engines(SpeechSettings(first=("fpt",)))
    assert caught.value.params == {"engine": "fpt", "known": "espeak"}


def test_another_template_is_another_version():
    one = build_engines(SpeechSettings(http=(template("one"),)))["one"]
    changed = template("one").model_copy(update={"text_limit": 300})
    assert build_engines(SpeechSettings(http=(changed,)))["one"].version("one.nu") != one.version("one.nu")


def test_the_languages_of_the_villages_are_recorded_until_an_engine_speaks_them():
    assert (
        unspoken(build_engines(SpeechSettings()).values())
        == set(UNSPOKEN)
        == {"hmn", "tyz", "nut", "ium", "blt", "twh"}
    )
    hmong = build_engines(SpeechSettings(http=(template("one", "hmn"),)))
    assert unspoken(hmong.values()) == set(UNSPOKEN) - {"hmn"}
    assert Voice("one.nu", "hmn", "Nữ", 16_000) in hmong["one"].voices()
