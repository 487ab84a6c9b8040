"""What people type: texts to be spoken, words for the dictionary, descriptions of speech services."""

import json
import unicodedata
from collections.abc import Iterator

from pydantic import ValidationError

from audio.speech.http_filling import fill
from audio.speech.http_template import HttpTemplate
from audio.spoken_vi import check_entry, explain, speak
from audio.spoken_vi.scanner import scan
from base.errors import Refused
from tests.fuzz.target import Target

NOTICES = (
    "UBND xã Bảo Nhai thông báo: 17h30 ngày 2/9/2026 họp tại nhà văn hoá thôn 3, số 57-NQ/TW.",
    "Mưa 120mm, gió 15 m/s, 8h–11h30; điểm 1, 2, 3. Giá 1.250.000đ/kg, tăng 3,5%.",
    "ĐT 0214.3.888.999 hoặc +84 90 123 4567. Xem https://baonhai.gov.vn, email ubnd@laocai.gov.vn.",
    "BCH PCTT&TKCN huyện: QL4D km 12+300, hồ đạt cao trình 105,5m, xả 2.500 m³/s từ 6 giờ đến 18h.",
    "Khoá XV, quý IV/2025; biển số 24A-123.45, CCCD 010203004567, vitamin A 200.000 đơn vị.",
)
ENTRIES = ("BVĐK\nbệnh viện đa khoa", "A1\na một", "Y Tý\ny tí")
TEMPLATE = {
    "name": "demo",
    "voices": [{"id": "f1", "language": "vi", "title": "Nữ"}],
    "request": {
        "url": "https://tts.example/v1",
        "headers": {"api-key": "{key}"},
        "json": {"t": ["{text}"], "v": "{voice}", "s": "{speed}"},
    },
    "accepted": {"path": "error", "values": [0]},
    "poll": {"url": "https://tts.example/{job}", "job": "id", "done": {"path": "state", "values": ["ok", 3]}},
    "answer": {"kind": "url", "path": "async"},
    "speed": {"half": -3, "plain": 0, "double": 3, "decimals": 0},
    "secrets": {"key": "DEMO_KEY"},
    "hosts": ["*.storage.example"],
}
MOST_ATTEMPTS = 100
"""Rules there are for one character."""
HARMLESS = {"text": 'Bà "con" <xã> &\n{voice}', "voice": "f1", "speed": 1.25, "job": "https://tts.example/j"}


def as_text(data: bytes) -> str:
    return data.decode(errors="replace")


def check_speaking(data: bytes) -> None:
    """One line of composed letters without a figure or anything invisible, after work linear in the length."""
    text = as_text(data)
    spoken = speak(text)
    assert unicodedata.normalize("NFC", spoken) == spoken
    seen = spoken.replace(" ", "")
    assert not [char for char in seen if char.isdecimal() or unicodedata.category(char)[0] in "CZ"]
    said = scan(text, {})
    assert said.attempts <= MOST_ATTEMPTS * (len(said.text) + 1)
    assert "".join(piece.written for piece in explain(text)) == said.text


def check_words(data: bytes) -> None:
    """An entry is refused, or can be used and entered again as it was kept."""
    written, _, said = as_text(data).partition("\n")
    try:
        kept = check_entry(written, said)
    except Refused:
        return
    assert check_entry(*kept) == kept
    assert kept[1] in speak(f"Ở {kept[0]} nhé.", dictionary=dict([kept])), kept


def check_template(data: bytes) -> None:
    """A description is refused in words, or every request of it can be filled in."""
    try:
        template = HttpTemplate.model_validate_json(data)
    except ValidationError:
        return
    values = HARMLESS | dict.fromkeys(template.secrets, "s3cret")
    for request in filter(None, (template.request, template.poll)):
        filled = fill(request, values)
        if request.json_body is not None:
            json.loads(filled.content)


def _encoded(*texts: str) -> Iterator[bytes]:
    return (text.encode() for text in texts)


TARGETS = {
    "spoken": Target(lambda: _encoded(*NOTICES), check_speaking, 600),
    "words": Target(lambda: _encoded(*ENTRIES), check_words, 400),
    "template": Target(lambda: _encoded(json.dumps(TEMPLATE)), check_template, 3000),
}
