"""Days, months and years in figures; and the fractions and ratios that look like them (pure)."""

import re
from functools import partial

from audio.spoken_vi.numbers import cardinal, read_whole
from audio.spoken_vi.piece import Rule, Said

_FULL = re.compile(r"(?P<d>\d{1,2})( ?[/.\-–] ?)(?P<m>\d{1,2})\2(?P<y>[12]\d{3}|\d\d)(?!\d|[/.,]\d)")
_ISO = re.compile(r"(?P<y>[12]\d{3})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)")
_MONTH_YEAR = re.compile(r"(?P<m>\d{1,5}) ?[/-] ?(?P<y>(?:19|20)\d\d)(?![\d/]|[.,]\d)")
_DAY_MONTH = re.compile(r"(?P<d>\d{1,5})/(?P<m>\d{1,5})(?P<hours>h(?![^\W_]))?(?![\d/]|[.,]\d)")
_DAY_MONTH_DASH = re.compile(
    r"(?P<d>\d{1,2})[.-](?P<m>\d{1,2})(?![\d/.-]|,\d| tháng| ?[%°]| ?[hg](?![^\W_])| ?(?:cm|mm|kg|km))",
)
_WEEKDAYS = re.compile(r"[2-7](?:(?: ?[,;&+-] ?| và | đến )[2-7])+(?!\d|[/.,]\d)")
_DAYS_LISTED = re.compile(
    r"(?P<days>\d{1,2}(?:, ?\d{1,2}){1,12})/(?P<m>\d{1,2})"
    r"(?:/(?P<y>(?:19|20)\d\d))?(?![\d/]|[.,]\d)",
)
_LUNAR = re.compile(r"[, ]{0,2}(?:tháng )?(?:\d{4},? )?(?:âm lịch|ÂL|AL\b|âm\b)")
_OF_A_WHOLE = re.compile(
    r" (?:diện tích|tổng|số|dân số|quãng|thời gian|lượng|khẩu phần|thìa|muỗng|viên|sân|lít|kg|ki-lô|mức|giá|chiều"
    r"|công suất|thể tích|bát|cốc|ngày|sào|gói|kinh phí|ngân sách|chi phí|học phí|tiền|khối lượng|đường|chặng|quân số"
    r"|cử tri|ý kiến|phần|đại biểu|thành viên|đảng viên|hội viên)(?![^\W_])",
)
_OF_A_COUNT = re.compile(
    r" (?:hộ|thôn|bản(?! tin)|xã(?! hội)|người|đại biểu|phiếu|tiêu chí|lớp|trường(?! hợp)|em|con|ca|mẫu(?! giáo)"
    r"|cụm|xóm|tổ(?! chức)"
    r"|đồng chí|thành viên|chi bộ|huyện|tỉnh|nhà(?! nước| văn)|giờ|đơn vị|cơ sở|chỉ tiêu"
    r"|điểm|học sinh|cháu|cụ|lượt|hồ sơ|ha)(?![^\W_])",
)
_MEASURING = (
    "khoảng", "gần", "hơn", "quá", "chiếm", "đạt", "giảm", "bằng", "ít nhất", "mất", "lấy", "còn", "tối thiểu", "được",
    "pha", "vòng", "lệ",
)  # fmt: skip
_ADDRESS = (
    "số", "thôn", "bản", "xóm", "khu", "số nhà", "ngõ", "hẻm", "ngách", "kiệt", "lớp", "nhà", "tổ", "thửa", "lô", "tờ",
)  # fmt: skip
_NUMBERED = (
    "quý", "đợt", "kỳ", "khóa", "lần", "số", "phiên", "tư", "định", "quyết", "thị", "luật", "tháng", "điện", "lệnh",
)  # fmt: skip
_DAYS = frozenset({"ngày", "mùng", "mồng", "sáng", "trưa", "chiều", "tối", "đêm", "hôm", "dịp"})
_DAY_NEAR = _DAYS | {"từ", "đến", "trước", "sau", "hết", "lễ", "khánh", "giảng", "và"}
_LUNAR_MONTHS = {1: "giêng", 12: "chạp"}
PARTS = {4: "tư"}


def month_words(month: int, *, lunar: bool = False) -> str:
    """``tư`` for the fourth; the first and last lunar months have names of their own."""
    if lunar and month in _LUNAR_MONTHS:
        return _LUNAR_MONTHS[month]
    return PARTS.get(month) or cardinal(month)


def is_lunar(text: str, end: int) -> bool:
    """Whether what follows says that the date before is of the lunar calendar."""
    return _LUNAR.match(text, end, end + 24) is not None


def _date(found: re.Match[str], said: Said) -> str | None:
    day, month, year = int(found["d"]), int(found["m"]), found["y"]
    if not is_day(day, month) or (len(year) == 2 and "/" not in found[0]):
        return None
    return f"{_day_month(day, month, found, said)} năm {cardinal(int(year))}"


def _day_month(day: int, month: int, found: re.Match[str], said: Said) -> str:
    lunar = is_lunar(said.text, found.end())
    first_days = "mùng " if lunar and day <= 10 and said.word not in {"mùng", "mồng"} else ""
    return f"{first_days}{cardinal(day)} tháng {month_words(month, lunar=lunar)}"


def _month_year(found: re.Match[str], said: Said) -> str | None:
    written, year = found["m"], cardinal(int(found["y"]))
    if "-" in found[0] and said.word != "tháng":
        return None
    if said.word in _NUMBERED or (said.word in {"", "và"} and "tháng" in said.words):
        month = 1 <= int(written) <= 12 and "tháng" in said.words
        number = month_words(int(written)) if month else read_whole(written)
        return f"{number} năm {year}"
    if not 1 <= int(written) <= 12:
        return None
    return f"tháng {month_words(int(written))} năm {year}"


def _strokes(found: re.Match[str], said: Said) -> str:
    """A day and month, or else a part of a whole, or so many out of so many."""
    first, second, rest = int(found["d"]), int(found["m"]), said.text[found.end() : found.end() + 16]
    if is_lunar(said.text, found.end()) and is_day(first, second):
        return _day_month(first, second, found, said)
    part = first < second <= 10 and first > 0
    if part and (_OF_A_WHOLE.match(rest) or said.after(*_MEASURING)) and (second <= 5 or not _OF_A_COUNT.match(rest)):
        return f"{cardinal(first)} phần {PARTS.get(second) or cardinal(second)}"
    counted = (
        (_OF_A_COUNT.match(rest) and said.word not in _DAY_NEAR)
        or said.after(*_ADDRESS)
        or (found[0] == "24/7" and said.word not in _DAY_NEAR)
    )
    if counted or found["hours"] or not is_day(first, second):
        return f"{cardinal(first)} trên {cardinal(second)}{' giờ' if found['hours'] else ''}"
    return _day_month(first, second, found, said)


def _days_listed(found: re.Match[str], said: Said) -> str | None:
    """``các ngày 5,6,7/11``: several days of one month."""
    days, month = [int(day) for day in found["days"].split(",")], int(found["m"])
    surely = len(days) > 2 or " " in found["days"] or said.word in _DAYS
    if not surely or not all(is_day(day, month) for day in days):
        return None
    words = f"{', '.join(cardinal(day) for day in days)} tháng {month_words(month)}"
    return f"{words} năm {cardinal(int(found['y']))}" if found["y"] else words


def _dashes(found: re.Match[str], said: Said) -> str | None:
    """``ngày 2-9`` as the press writes it; elsewhere a dash is a range and a full stop a decimal point."""
    day, month = int(found["d"]), int(found["m"])
    if said.word not in _DAYS or not is_day(day, month):
        return None
    return _day_month(day, month, found, said)


def _weekdays(found: re.Match[str], said: Said) -> str | None:
    if said.word != "thứ":
        return None
    names = re.sub(r"\d", lambda digit: PARTS.get(int(digit[0])) or cardinal(int(digit[0])), found[0])
    several = len(re.findall(r"\d", found[0])) > 2
    for mark, words in ((" ?- ?", ", " if several else " đến "), (" ?[&+] ?", " và "), (" ?[,;] ?", ", ")):
        names = re.sub(mark, words, names)
    return names


def is_day(day: int, month: int) -> bool:
    """Whether there is such a day in any year."""
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31)


_rule = partial(Rule, "date")
RULES = (_rule(_FULL, _date), _rule(_ISO, _date), _rule(_WEEKDAYS, _weekdays))
"""Surely dates: tried before times and amounts."""
LOOSE = (
    _rule(_DAYS_LISTED, _days_listed),
    _rule(_MONTH_YEAR, _month_year),
    _rule(_DAY_MONTH, _strokes),
    _rule(_DAY_MONTH_DASH, _dashes),
)
