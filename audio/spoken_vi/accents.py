"""Number words by region: “ngàn” and “lẻ” in the south where the north says “nghìn” and “linh” (pure)."""

import re
from typing import Literal, get_args

Accent = Literal["north", "central", "south"]
ACCENTS: tuple[Accent, ...] = get_args(Accent)

_SOUTHERN = {"nghìn": "ngàn", "linh": "lẻ", "mươi tư": "mươi bốn"}
_FOUND = re.compile(r"\b(?:nghìn|linh|mươi tư)\b")


def in_accent(number_words: str, accent: Accent) -> str:
    """Number words as said in the north, in the words of the region; the centre counts as the south does."""
    if accent == "north":
        return number_words
    return _FOUND.sub(lambda found: _SOUTHERN[found[0]], number_words)
