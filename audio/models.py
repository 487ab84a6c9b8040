"""The tables of this room: a mastered sound, what was found in it, its encodings; how a commune says its words."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from base.columns import UtcDateTime


class AudioAsset(SQLModel, table=True):
    """A sound ready to be heard. Its bytes (original, mastered FLAC) live in the content store under their hashes."""

    __tablename__ = "audio_asset"

    id: str = Field(primary_key=True, max_length=26)
    commune_id: str = Field(index=True, max_length=48)
    title: str = Field(max_length=200)
    original_name: str = Field(max_length=255)
    original_sha256: str = Field(max_length=64, index=True)
    mastered_sha256: str = Field(max_length=64)
    duration_ms: int
    lufs: float
    true_peak_dbtp: float
    source: str = Field(max_length=16, description="upload, speech or recording")
    language: str | None = Field(default=None, max_length=35)
    text: str | None = None
    spoken: str | None = None
    """What was said of the text, where it is not the text itself."""
    speed: float | None = None
    voice: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    created_by: str | None = Field(default=None, max_length=26)


class Rendition(SQLModel, table=True):
    """One encoding of an asset; `codec` names a row of `audio.renditions.RENDITIONS`."""

    asset_id: str = Field(primary_key=True, foreign_key="audio_asset.id", max_length=26)
    codec: str = Field(primary_key=True, max_length=16)
    sha256: str = Field(index=True, max_length=64)
    size: int
    duration_ms: int


class AssetReport(SQLModel, table=True):
    """A sound before and after mastering: `audio.report.SoundReport.to_map`."""

    __tablename__ = "asset_report"

    asset_id: str = Field(primary_key=True, foreign_key="audio_asset.id", max_length=26)
    report: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class DictionaryWord(SQLModel, table=True):
    """How a commune says a word that is written otherwise."""

    __tablename__ = "dictionary_word"

    commune_id: str = Field(primary_key=True, max_length=48)
    written: str = Field(primary_key=True, max_length=60)
    said: str = Field(max_length=300)
    changed_at: datetime = Field(sa_column=Column(UtcDateTime(), nullable=False))
    changed_by: str | None = Field(default=None, max_length=26)
