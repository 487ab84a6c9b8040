"""The commune's own words, found by how they begin, so that many words cost no more than few (pure)."""

import re
import unicodedata
from collections.abc import Mapping

_FIRST = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)


class Dictionary:
    """Written → said. Longer written forms come before shorter ones; capitals count."""

    def __init__(self, words: Mapping[str, str]) -> None:
        """words: as the commune wrote them; an empty written form is left out."""
        self._by_first: dict[str, list[tuple[str, str]]] = {}
        for written, said in words.items():
            key = unicodedata.normalize("NFC", written.strip())
            first = _FIRST.match(key)
            if first:
                self._by_first.setdefault(first[0], []).append((key, unicodedata.normalize("NFC", said.strip())))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: len(entry[0]), reverse=True)

    def find(self, text: str, start: int) -> tuple[str, str] | None:
        """The longest entry that stands at start as words of its own: how it is written and said."""
        first = _FIRST.match(text, start)
        for written, said in self._by_first.get(first[0], ()) if first else ():
            if text.startswith(written, start) and _ends(text, start + len(written)):
                return written, said
        return None


def _ends(text: str, end: int) -> bool:
    """Whether a word or number ends here."""
    return end >= len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
