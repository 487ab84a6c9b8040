"""What an approver signs: every word and sound of an announcement's revision, as one value with a digest (pure)."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class Sound:
    """One language of an announcement. sha256: of the mastered sound; text: what the computer spoke, if it did."""

    language: str
    sha256: str
    duration_ms: int
    text: str = ""
    files: tuple[tuple[str, str], ...] = ()
    """(codec, SHA-256) of each file the speakers get."""


@dataclass(frozen=True, slots=True)
class Item:
    """An announcement, alone or in a session."""

    id: str
    title: str
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A revision of an announcement or of a session. composition: how a session is put together, as it is kept."""

    id: str
    revision: int
    place: str
    title: str
    play_class: int
    level: int
    items: tuple[Item, ...]
    composition: dict[str, Any] | None = None

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of everything that is heard; another word, sound or order gives another."""
        said = {"version": VERSION, **asdict(self)}
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
