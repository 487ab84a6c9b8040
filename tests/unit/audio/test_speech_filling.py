import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.speech.http_filling import NothingThere, fill, find, find_text, holds, service_speed
from audio.speech.http_template import HttpCondition, HttpPoll, HttpRequest, HttpSpeed

VALUES = {"text": 'Bà con "xã" <A> & {voice}', "voice": "nữ 1", "speed": 1.25, "key": "s3cret"}


def request(**body: object):
    return HttpRequest.model_validate({"url": "https://tts.example/v1", **body})


def test_json_is_escaped_and_a_lone_place_keeps_its_type():
    filled = fill(request(json={"input": [{"t": "{text}"}], "rate": "{speed}", "note": "x{speed}", "n": 3}), VALUES)
    sent = json.loads(filled.content)
    assert sent == {"input": [{"t": VALUES["text"]}], "rate": 1.25, "note": "x1.25", "n": 3}
    assert filled.headers["Content-Type"] == "application/json"


def test_a_form_is_encoded():
    filled = fill(request(form={"t": "{text}", "v": "{voice}"}), {"text": "a&b=c", "voice": "é"})
    assert filled.content == b"t=a%26b%3Dc&v=%C3%A9"
    assert filled.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_xml_is_escaped():
    filled = fill(request(xml="<speak><voice name='{voice}'>{text}</voice></speak>"), VALUES)
    assert "&quot;xã&quot; &lt;A&gt; &amp; {voice}" in filled.content.decode()


def test_a_plain_body_is_the_text_itself_and_what_was_filled_in_is_not_filled_again():
    assert fill(request(body="{text}"), VALUES).content.decode() == VALUES["text"]


def test_headers_are_filled_and_a_given_content_type_stays():
    filled = fill(request(body="{text}", headers={"api-key": "{key}", "content-type": "text/x"}), VALUES)
    assert filled.headers == {"api-key": "s3cret", "content-type": "text/x"}


def test_what_goes_into_an_address_cannot_change_its_path():
    poll = HttpPoll.model_validate(
        {"url": "https://tts.example/jobs/{job}", "job": "id", "done": {"path": "s", "values": ["ok"]}}
    )
    assert fill(poll, {"job": "../../admin?x=1"}).url == "https://tts.example/jobs/..%2F..%2Fadmin%3Fx%3D1"


def test_an_address_the_service_gave_is_taken_whole():
    poll = HttpPoll.model_validate({"url": "{job}", "job": "href", "done": {"path": "s", "values": ["ok"]}})
    assert fill(poll, {"job": "https://tts.example/jobs/7"}).url == "https://tts.example/jobs/7"


@pytest.mark.parametrize(
    ("scale", "figures"),
    [
        (HttpSpeed(), {0.5: 0.5, 0.8: 0.8, 1.0: 1.0, 1.5: 1.5, 2.0: 2.0}),
        (HttpSpeed(half=-3, plain=0, double=3, decimals=0), {0.5: -3, 0.7: -2, 1.0: 0, 1.3: 1, 2.0: 3}),
        (HttpSpeed(half=0.7, plain=0.9, double=1.3), {0.5: 0.7, 1.0: 0.9, 2.0: 1.3}),
        (HttpSpeed(half=2, plain=1, double=0.5), {0.5: 2.0, 1.0: 1.0, 2.0: 0.5}),
    ],
)
def test_a_pace_is_said_in_the_service_s_figures(scale: HttpSpeed, figures: dict[float, float]):
    assert {speed: service_speed(speed, scale) for speed in figures} == pytest.approx(figures)
    assert isinstance(service_speed(1.0, scale), int if scale.decimals == 0 else float)


@settings(max_examples=50)
@given(st.floats(0.5, 2.0), st.floats(0.5, 2.0))
def test_a_faster_pace_is_never_a_smaller_figure(one: float, other: float):
    slow, fast = sorted((one, other))
    assert service_speed(slow, HttpSpeed(half=-3, plain=0, double=3)) <= service_speed(
        fast, HttpSpeed(half=-3, plain=0, double=3)
    )


def test_values_are_found_in_objects_and_lists():
    assert find({"a": [{"b": 7}]}, "a.0.b") == 7
    assert find_text({"a": 7}, "a") == "7"


@pytest.mark.parametrize("document", [{}, {"a": None}, {"a": ""}, {"a": True}, {"a": {}}, [], "a", 3, None])
def test_what_is_not_there_or_no_text_is_named(document: object):
    with pytest.raises(NothingThere):
        find_text(document, "a")


def test_a_condition_holds_for_its_values_only():
    ready = HttpCondition(path="result.status", values=("SUCCESS", 1))
    assert holds({"result": {"status": "SUCCESS"}}, ready)
    assert not holds({"result": {"status": "FAILURE"}}, ready)
    assert not holds({"result": {"status": ["SUCCESS"]}}, ready)
    assert not holds([], ready)
