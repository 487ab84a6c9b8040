"""A commune's own words: kept, changed, taken out, and said."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audio.dictionary import Dictionary
from audio.spoken_vi import speak
from base.errors import NotFound, Refused
from tests.support.database import TemporaryDatabase

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[TemporaryDatabase]:
    made = TemporaryDatabase(tmp_path / "loa.db")
    await made.create_tables()
    yield made
    await made.close()


@pytest.fixture
def dictionary() -> Dictionary:
    return Dictionary(lambda: NOW)


async def test_a_word_is_kept_changed_and_taken_out(database: TemporaryDatabase, dictionary: Dictionary) -> None:
    async with database.writing() as session:
        await dictionary.put(session, "bao-nhai", " TT ", "thị trấn", user_id="u1")
        await dictionary.put(session, "bao-nhai", "TT", "trung tâm", user_id="u2")
        await dictionary.put(session, "ban-lien", "TT", "thị trấn", user_id=None)
    async with database.reading() as session:
        assert await dictionary.words(session, "bao-nhai") == {"TT": "trung tâm"}
        (row,) = await dictionary.rows(session, "bao-nhai")
        assert (row.changed_at, row.changed_by) == (NOW, "u2")
    assert speak("TT 5", dictionary={"TT": "trung tâm"}) == "trung tâm năm"
    async with database.writing() as session:
        await dictionary.drop(session, "bao-nhai", "TT")
    async with database.reading() as session:
        assert await dictionary.words(session, "bao-nhai") == {}
        assert await dictionary.words(session, "ban-lien") == {"TT": "thị trấn"}


@pytest.mark.parametrize(
    ("written", "said", "code"),
    [
        ("", "x", "audio.entry_written_wrong"),
        ("TT", " ", "audio.entry_said_wrong"),
        ("TT", "số 5", "audio.entry_not_spoken"),
        ("T" * 61, "x", "audio.entry_written_wrong"),
        ("TT", "x" * 301, "audio.entry_said_wrong"),
    ],
)
async def test_what_is_no_word_is_refused(
    database: TemporaryDatabase, dictionary: Dictionary, written: str, said: str, code: str
) -> None:
    async with database.writing() as session:
        with pytest.raises(Refused) as caught:
            await dictionary.put(session, "bao-nhai", written, said, user_id=None)
    assert caught.value.code == code


async def test_a_full_dictionary_takes_changes_and_no_new_words(
    database: TemporaryDatabase, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audio.dictionary.MOST_WORDS", 2)
    async with database.writing() as session:
        for written in ("A", "B", "A"):
            await dictionary.put(session, "bao-nhai", written, "chữ", user_id=None)
        with pytest.raises(Refused, match=r"audio\.dictionary_full"):
            await dictionary.put(session, "bao-nhai", "C", "chữ", user_id=None)


async def test_a_word_nobody_knows_cannot_be_taken_out(database: TemporaryDatabase, dictionary: Dictionary) -> None:
    async with database.writing() as session:
        with pytest.raises(NotFound, match=r"audio\.entry_unknown"):
            await dictionary.drop(session, "bao-nhai", "TT")
