"""What stands beside a sound: names no database would keep, and a word that two people add at the same moment."""

import asyncio
from pathlib import Path

import pytest

from server.auth.models import Role
from tests.integration.server.conftest import Station

COMMUNE = "bao-nhai"
FORM = (
    b'--X\r\nContent-Disposition: form-data; name="place_id"\r\n\r\nbao-nhai\r\n'
    b'--X\r\nContent-Disposition: form-data; name="title"\r\n\r\nThong\0bao\r\n'
    b'--X\r\nContent-Disposition: form-data; name="file"; filename="\\ud800 a\0b.wav"\r\n\r\n'
)
HALF_LETTERS = {"Content-Type": "multipart/form-data; boundary=X; charset=unicode_escape"}


@pytest.fixture(scope="session")
def bulletin(bulletin_wav: Path) -> bytes:
    """Some seconds of speech."""
    return bulletin_wav.read_bytes()


async def test_a_name_loses_what_no_database_keeps(both_stations: Station, bulletin: bytes):
    operator = await both_stations.person((Role.OPERATOR, COMMUNE))
    content = FORM + bulletin + b"\r\n--X--\r\n"
    sent = await operator.post("/api/v1/assets", content=content, headers=HALF_LETTERS)
    assert sent.status_code == 201, sent.text
    kept = (await operator.get(f"/api/v1/assets/{sent.json()['id']}")).json()
    assert (kept["title"], kept["original_name"]) == ("Thong bao", "  a b.wav")


async def test_one_word_added_by_many_at_once_is_kept_once(both_stations: Station):
    operator = await both_stations.person((Role.OPERATOR, COMMUNE))
    words = [{"place_id": COMMUNE, "written": "TĐC", "said": said} for said in ("tái định cư", "tái định canh") * 4]
    answers = await asyncio.gather(*(operator.put("/api/v1/dictionary", json=word) for word in words))
    assert [answer.status_code for answer in answers] == [200] * 8
    found = (await operator.get("/api/v1/dictionary", params={"place_id": COMMUNE})).json()["items"]
    assert [word["written"] for word in found] == ["TĐC"]
