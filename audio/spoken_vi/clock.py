"""Times of day: 17h30, 17:30, 7g30, 17 giờ 30 (pure)."""

import re

from audio.spoken_vi.numbers import cardinal
from audio.spoken_vi.piece import Rule, Said

_ENDS = r"(?= ?(?:[,;.)]|$|-|–|đến|ngày|sáng|trưa|chiều|tối|đêm|thứ|tại|hôm|cùng|hằng|hàng|mỗi|các))"
_MINUTES = r" ?(?:phút|ph|p|')(?![^\W_])"
_TOUCHING = re.compile(rf"(?P<h>\d{{1,2}})(?: ?[hH]|g)(?P<m>[0-5]?\d)(?:{_MINUTES})?(?![^\W_])(?![.,]\d)")
_SPACED = re.compile(rf"(?P<h>\d{{1,2}}) ?(?:[hH]|giờ) ?(?P<m>[0-5]\d)(?:{_MINUTES}|(?![^\W_]){_ENDS}(?![.,]\d))")
_COLON = re.compile(r"(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?![\d:])(?: ?(?:giờ|h)(?![^\W_]))?")
_HOUR = re.compile(r"(?P<h>\d{1,3})(?:[hH](?![^\W_])|g(?= (?:sáng|trưa|chiều|tối|đêm)))")


def _clock(found: re.Match[str], said: Said) -> str | None:
    parts = found.groupdict()
    hour, minute, second = int(parts["h"]), int(parts.get("m") or 0), int(parts.get("s") or 0)
    if (hour > 24 and parts.get("m")) or (":" in found[0] and "lệ" in said.words):
        return None
    words = f"{cardinal(hour)} giờ"
    if minute or second:
        words += f" {cardinal(minute)} phút"
    return f"{words} {cardinal(second)} giây" if second else words


def _half(written: str) -> str:
    return "sáng" if written[0] in "aA" else "chiều"


_HALF = re.compile(r"(?:AM|PM|am|pm|a\.m\.|p\.m\.)(?![^\W_])")
HALF = Rule("time", _HALF, lambda found, said: _half(found[0]) if said.rule == "time" else None)
"""Behind a time of twelve hours."""
RULES = tuple(Rule("time", pattern, _clock) for pattern in (_TOUCHING, _SPACED, _COLON, _HOUR))
