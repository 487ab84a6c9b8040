"""Marks between words and numbers: dashes, strokes, signs (pure)."""

import re

from audio.spoken_vi.abbreviations import ABBREVIATIONS
from audio.spoken_vi.calendar_dates import is_day, month_words
from audio.spoken_vi.numbers import DIGITS, cardinal
from audio.spoken_vi.piece import Rule, Said
from audio.spoken_vi.senses import SENSES
from audio.spoken_vi.units import PER, UNITS, any_of

_DASH = re.compile(r" ?[-–—−‑‒―~][-–—−‑‒―~ ]{0,20}")
_NEXT_NUMBER = re.compile(r"[+]?\d")
_PLAIN_NUMBER = re.compile(r"(\d{1,9})(?![\d/]|[.,:]\d| ?[hg:]\d)")
_NUMBERED_NEXT = re.compile(
    r"(?:thứ|cấp|tổ|ngày|mùng|tháng|quý|năm|lớp|khu|thôn|bản|số|trang|điều|vùng|khối|[Kk]m|T|QL|TL) ?\d"
    r"|[IVX]{1,5}(?![^\W_])"
    r"|Chủ nhật|chủ nhật|CN\b|hết|nay\b",
)
_PARTS_OF_DAY = frozenset({"sáng", "trưa", "chiều", "tối", "đêm", "phút", "giờ"})
_UNIT_WORDS = frozenset({
    "đồng", "triệu", "tỷ", "tỉ", "nghìn", "ngàn", "tuổi", "tháng", "tuần", "tấn", "tạ", "độ",
})  # fmt: skip
_DAY_AFTER_TIME = re.compile(r" ?/ ?(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})(?=(?:[-/.](?:19|20)\d\d)?(?!\d))")
_LETTERED_CODE = re.compile(r"\d{1,4}[A-ZĐ]")
_STROKE = re.compile(r" ?/[/ ]{0,4}")
_PER = re.compile(rf" ?/ ?(?P<unit>{any_of(UNITS)}|[^\W\d_]{{1,9}}(?![^\W_]))")
_YEAR = re.compile(r" ?/ ?(?P<y>(?:19|20)\d\d)(?!\d)")
_PAIRS = frozenset({
    ("ông", "bà"), ("anh", "chị"), ("cô", "chú"), ("bác", "anh"), ("thầy", "cô"), ("cha", "mẹ"), ("bố", "mẹ"),
})  # fmt: skip
_CALENDAR = frozenset({"ngày", "tháng", "năm", "giờ", "tuần", "quý", "phút"})
_NUMBER_WORDS = frozenset([*DIGITS, "mười", "mươi", "mốt", "tư", "lăm", "trăm", "nghìn", "ngàn", "triệu", "tỷ"]) - {
    "năm"
}
_WORD_AFTER = re.compile(r"[^\W\d_]{1,24}")
_WORD_BEFORE = re.compile(r"[^\W\d_]{1,24}$")
_SPLIT_MARK = re.compile(r"[,;:!?](?=\w)")
_SIGNS = {
    "%": "phần trăm", "‰": "phần nghìn", "&": "và", "+": "cộng", "=": "bằng", "≥": "lớn hơn hoặc bằng",
    "≤": "nhỏ hơn hoặc bằng", "±": "cộng trừ", "×": "nhân", "÷": "chia", "≠": "khác", "°": "độ", "@": "a còng",
    "$": "đô la Mỹ", "€": "ơ-rô", "₫": "đồng", "§": "mục",
}  # fmt: skip
_SIGN = re.compile("[" + re.escape("".join(_SIGNS)) + "]")
_BEFORE_NUMBER = {"<": "dưới", ">": "trên", "≈": "khoảng"}
_COMPARE = re.compile(r"[<>≈] ?=? ?(?=\d)")
_TIMES = re.compile(r"[xX×*](?= ?\d)")
_DROPPED = re.compile(r"[_#*\\^<>≈\"`|…]|'(?![^\W\d_])|(?<![^\W\d_])'")


def _dash(found: re.Match[str], said: Said) -> str | None:
    text, start, end = said.text, found.start(), found.end()
    number_next = _NEXT_NUMBER.match(text, end, end + 2) is not None
    if said.numeric and number_next:
        return _between_numbers(text, end, said)
    if number_next and said.word in _UNIT_WORDS and not _NUMBER_WORDS.isdisjoint(said.words):
        return " đến "
    if (said.numeric or said.word in _PARTS_OF_DAY) and (number_next or _NUMBERED_NEXT.match(text, end, end + 14)):
        return " đến "
    before, after = text[start - 1 : start], text[end : end + 1]
    if number_next and not found[0].endswith(" ") and (found[0][0] == " " or not before.isalnum()):
        return " khoảng " if "~" in found[0] else " âm "
    if not (before and after) or (" " not in found[0] and before.isalnum() and after.isalnum()):
        return _inside_a_word(found, text) if before and after else " "
    return ", "


def _between_numbers(text: str, end: int, said: Said) -> str:
    if said.rule == "phone":
        return ", "
    following = _PLAIN_NUMBER.match(text, end, end + 12)
    falling = following and said.number is not None and int(following[1]) <= said.number
    return ", " if falling else " đến "


def _inside_a_word(found: re.Match[str], text: str) -> str | None:
    """A hyphen in a foreign name stays; between short forms it is a pause; beside a figure it is nothing."""
    start, end = found.span()
    if text[start - 1].isdigit() or text[end].isdigit():
        return " "
    if found[0] != "-":
        return ", "
    before, after = _WORD_BEFORE.search(text[max(0, start - 24) : start]), _WORD_AFTER.match(text, end, end + 24)
    words = [word[0] for word in (before, after) if word]
    short = any(len(word) > 1 and (word.isupper() or word in ABBREVIATIONS or word in SENSES) for word in words)
    return ", " if short else None


def _per(found: re.Match[str], said: Said) -> str | None:
    """``/ngày`` → ``một ngày``; but ``ngày/tháng/năm`` lists."""
    unit = found["unit"]
    if said.word in _CALENDAR and not said.numeric and _NUMBER_WORDS.isdisjoint(said.words):
        return None
    measured = said.numeric or said.word in PER or said.word == "đồng" or not _NUMBER_WORDS.isdisjoint(said.words)
    if not measured or not (unit in PER or unit in UNITS):
        return None
    return f" một {UNITS.get(unit, unit)}"


def _year(found: re.Match[str], said: Said) -> str | None:
    return f" năm {cardinal(int(found['y']))}" if said.numeric and said.rule != "phone" else None


def _day_after_time(found: re.Match[str], said: Said) -> str | None:
    """``7h/10-9``: the hour, then the day, as water levels are reported."""
    day, month = int(found["d"]), int(found["m"])
    if said.rule != "time" or not is_day(day, month):
        return None
    return f" ngày {cardinal(day)} tháng {month_words(month)}"


def _stroke(found: re.Match[str], said: Said) -> str:
    text, end = said.text, found.end()
    following = _WORD_AFTER.match(text, end, end + 24)
    if said.numeric and _NEXT_NUMBER.match(text, end, end + 2):
        apart = said.rule == "phone" or _LETTERED_CODE.match(text, end) is not None
        return ", " if apart else " trên "
    if following is None or not said.tail.isalpha() or said.numeric:
        return ", " if said.tail.isalnum() and text[end : end + 1].isalnum() else " "
    word = following[0]
    if said.word == "và":
        return " "
    listed = (said.word, word.lower()) in _PAIRS or word.isupper() or (said.word in _CALENDAR and word in _CALENDAR)
    return ", " if listed else " hoặc "


def _split_mark(found: re.Match[str], said: Said) -> str | None:
    """A mark that touches the next word; between two figures a colon is a ratio."""
    digit_next = said.text[found.end()].isdigit()
    if not (said.numeric or digit_next):
        return None
    if found[0] == ":" and said.numeric and digit_next:
        return " trên " if "lệ" in said.words or said.number == 1 else ", "
    return f"{found[0]} "


def _sign(found: re.Match[str], _said: Said) -> str:
    return f" {_SIGNS[found[0]]} "


RULES = (
    Rule("symbol", _DASH, _dash),
    Rule("date", _DAY_AFTER_TIME, _day_after_time),
    Rule("date", _YEAR, _year),
    Rule("symbol", _PER, _per),
    Rule("symbol", _STROKE, _stroke),
    Rule("symbol", _SPLIT_MARK, _split_mark),
    Rule("symbol", re.compile(r"\.(?=\d)"), lambda _found, said: " chấm " if said.numeric else None),
    Rule("symbol", _COMPARE, lambda found, _said: f" {_BEFORE_NUMBER[found[0][0]]} "),
    Rule("symbol", re.compile(r"[+](?! ?\d)"), lambda _found, said: " trở lên" if said.numeric else None),
    Rule("symbol", _SIGN, _sign),
    Rule("symbol", _DROPPED, lambda _found, _said: " "),
)
TIMES = Rule("symbol", _TIMES, lambda _found, said: " nhân " if said.numeric else None)
