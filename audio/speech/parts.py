"""Cutting a long text into parts an engine can take, where a reader would breathe (pure)."""

import re

_BREATHS = (re.compile(r"\n\s*|[.!?…]\s+"), re.compile(r"[,;:–—]\s+"), re.compile(r"\s+"))
"""Where to cut, best first: after a sentence or line, after a clause, between words."""


def split_text(text: str, limit: int) -> list[str]:
    """Parts of 1 to `limit` characters that hold the whole text in order.

    Only white space is lost, at the cuts. A word longer than the limit is cut inside.
    """
    parts = []
    rest = text.strip()
    while rest:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return parts


def _cut(text: str, limit: int) -> int:
    """Where the first part ends, white space after it not counted."""
    if len(text) <= limit:
        return len(text)
    window = text[: limit + 1]  # one more: a space just past the limit is a fine place
    for breath in _BREATHS:
        ends = [len(window[: match.end()].rstrip()) for match in breath.finditer(window)]
        if ends:
            return ends[-1]
    return limit
