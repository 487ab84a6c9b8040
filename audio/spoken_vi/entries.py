"""Whether a word may enter the commune's dictionary (pure)."""

import unicodedata

from audio.spoken_vi.scanner import speak
from audio.spoken_vi.tidy import tidy
from base.errors import Refused

WRITTEN_LIMIT, SAID_LIMIT = 60, 300


def check_entry(written: str, said: str) -> tuple[str, str]:
    """The entry as it is kept: what is written as a tidied text holds it, one space between words. Raises Refused.

    What is said must be words already: a digit or short form in it would be read as the engine likes. The same word on
    both sides keeps it as it is written.
    """
    kept = _as_in_a_text(written)
    words = _composed(said)
    if not 1 <= len(kept) <= WRITTEN_LIMIT or not kept[0].isalnum() or _as_in_a_text(kept) != kept:
        raise Refused("audio.entry_written_wrong", limit=WRITTEN_LIMIT)
    if not 1 <= len(words) <= SAID_LIMIT:
        raise Refused("audio.entry_said_wrong", limit=SAID_LIMIT)
    suggestion = speak(words)
    if words not in {kept, suggestion}:
        raise Refused("audio.entry_not_spoken", said=words, suggestion=suggestion)
    return kept, words


def _as_in_a_text(written: str) -> str:
    """Tidied behind another word, where no rule for the beginning of a line applies; otherwise it were never found."""
    return tidy(f"a {_composed(written)}")[2:].strip()


def _composed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
