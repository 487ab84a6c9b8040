"""Numbers, with units, money, degrees, lists and headings (pure)."""

import re

from audio.spoken_vi.calendar_dates import PARTS, is_lunar, month_words
from audio.spoken_vi.numbers import NUMBER, cardinal, digit_by_digit, read_number
from audio.spoken_vi.piece import Rule, Said
from audio.spoken_vi.units import ATTACHED, UNITS, any_of

_ARC = r"\d{1,3}(?:[.,]\d{1,5})?"
_COORDINATE = re.compile(
    rf"(?P<deg>{_ARC})(?:° ?(?:(?P<min>{_ARC})' ?(?:(?P<sec>{_ARC})'' ?)?)?(?P<side>[NBSEĐWT])?(?![^\W_])"
    r"|(?P<of>[NBEĐ])(?![^\W_])(?<=\.\d[NBEĐ]))",
)
_SIDES = {
    "N": "vĩ Bắc", "B": "vĩ Bắc", "S": "vĩ Nam", "E": "kinh Đông", "Đ": "kinh Đông", "W": "kinh Tây", "T": "kinh Tây",
}  # fmt: skip
_HALF_MILLION = re.compile(r"(?P<a>\d{1,3}) ?(?P<scale>tr|tỷ|tỉ)(?P<b>\d{1,3})(?![^\W_])")
_DOLLARS = re.compile(rf"(?:US)?\$ ?(?P<a>{NUMBER})")
_AMOUNT = re.compile(rf"(?P<a>{NUMBER})(?P<gap> ?)(?P<unit>{any_of(UNITS)})")
_GROUPS = re.compile(r"[1-9]\d{0,2}(?: \d{3}){1,5}(?= ?(?:đồng|đ\b|VNĐ|VND|USD|người|hộ|kg|m2|ha|tấn|con))")
_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}(?= ?(?:đồng|đ|VNĐ|VND|vnđ|người|hộ)(?![^\W_]))")
"""A comma that can only make thousands: nobody counts thousandths of a đồng or of a person."""
_LIST = re.compile(r"\d{1,3}(?:,\d{1,3}){1,20}(?![\d]|[.,]\d)")
_STEPS = re.compile(r"\d{1,2}(?:-\d{1,2}){2,8}(?![\d/])")
_HEADING = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,6}(?!\d|,\d)")
_DECIMAL_AFTER_ALL = re.compile(
    r" ?(?:triệu|tỷ|tỉ|nghìn|ngàn|tấn|tạ|yến|lần|điểm|giờ|tháng|năm|ngày|phần|sào|héc|mét|lít|ki-lô|độ)",
)
_PLAIN = re.compile(NUMBER)
_LONG = re.compile(r"\d{1,150}")
_METRE_AND = re.compile(r"(?P<a>\d{1,4})(?P<unit>m|kg)(?P<b>\d{1,2})(?![^\W_])")
_COUNTED = (
    "thôn", "tổ", "khu", "bản", "lớp", "xóm", "khóm", "ấp", "điều", "khoản", "điểm", "mục", "phường", "quận", "các số",
    "tháng", "đội", "khối", "cấp", "tầng", "phòng", "nhóm", "trang", "cụm", "bàn", "mũi", "đợt", "vòng", "lô",
)  # fmt: skip
_NUMBERED = (
    "mục", "điểm", "khoản", "phần", "điều", "bài", "bảng", "hình", "phụ lục", "phiên bản", "chương", "tiêu chí",
    "chỉ tiêu", "tiết",
)  # fmt: skip
_PAPERS = ("chỉ thị", "thông tư", "nghị định", "nghị quyết", "quyết định", "quy định")
_SHORT_SCALES = {"tr": "triệu", "tỷ": "tỷ", "tỉ": "tỷ"}


def _coordinate(found: re.Match[str], _said: Said) -> str | None:
    if not (found["min"] or found["side"] or found["of"]):
        return None
    words = f"{read_number(found['deg'])} độ"
    for part, unit in (("min", "phút"), ("sec", "giây")):
        if found[part]:
            words += f" {read_number(found[part])} {unit}"
    side = found["side"] or found["of"]
    return f"{words} {_SIDES[side]}" if side else words


def _half_million(found: re.Match[str], _said: Said) -> str:
    """``2tr5`` → two million five hundred thousand: the digits behind are the first of three."""
    scale = _SHORT_SCALES[found["scale"]]
    below = "nghìn" if scale == "triệu" else "triệu"
    return f"{read_number(found['a'])} {scale} {cardinal(int(found['b'].ljust(3, '0')))} {below}"


def _metre_and(found: re.Match[str], _said: Said) -> str | None:
    """``1m65``, ``2m5``, ``60kg5``; but ``300m2`` is an area."""
    if found["unit"] == "m" and found["b"] in {"2", "3"}:
        return None
    return f"{read_number(found['a'])} {UNITS[found['unit']]} {read_number(found['b'])}"


def _amount(found: re.Match[str], said: Said) -> str | None:
    unit = found["unit"]
    if (unit in ATTACHED and found["gap"]) or (unit == "K" and len(found["a"]) < 2):
        return None
    if "." in found["a"] and unit in {"h", "'"} and said.word in {"điều", "mục"}:
        return None
    return f"{read_number(found['a'])} {UNITS[unit]}"


def _list(found: re.Match[str], said: Said) -> str | None:
    """``tổ 1,2,3``: with one comma it is a decimal, unless numbered things are named."""
    numbers = found[0].split(",")
    if len(numbers) == 2 and (not said.after(*_COUNTED) or len(numbers[1]) > 2):
        return None
    if len(numbers[0]) <= 3 and numbers[0][0] != "0" and all(len(number) == 3 for number in numbers[1:]):
        return None
    return ", ".join(read_number(number) for number in numbers)


def _heading(found: re.Match[str], said: Said) -> str | None:
    """``mục 2.1`` and ``1.2.3``: points between numbers that are no decimal and no thousands."""
    parts = found[0].split(".")
    rest = said.text[found.end() : found.end() + 12]
    starts = said.tail in {"", ".", ":", ";"} or said.after(*_NUMBERED)
    if len(parts) == 2 and (parts[0] == "0" or len(parts[1]) > 2 or not starts or _DECIMAL_AFTER_ALL.match(rest)):
        return None
    if all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3 and parts[0][0] != "0":
        return None
    return " chấm ".join(cardinal(int(part)) for part in parts)


def _number(found: re.Match[str], said: Said) -> str:
    written = found[0]
    if written.isdecimal() and len(written) <= 2:
        value = int(written)
        if said.word == "thứ":
            return "nhất" if value == 1 else PARTS.get(value) or cardinal(value)
        if said.word == "tháng" and 1 <= value <= 12:
            return month_words(value, lunar=is_lunar(said.text, found.end()))
        if written[0] == "0" and said.after(*_PAPERS):
            return digit_by_digit(written)
    return read_number(written)


MEASURED = (
    Rule("amount", _COORDINATE, _coordinate),
    Rule("amount", _HALF_MILLION, _half_million),
    Rule("number", _THOUSANDS, lambda found, _said: cardinal(int(found[0].replace(",", "")))),
    Rule("amount", _METRE_AND, _metre_and),
    Rule("amount", _AMOUNT, _amount),
    Rule("number", _GROUPS, lambda found, _said: cardinal(int(found[0].replace(" ", "")))),
)
DOLLARS = Rule("amount", _DOLLARS, lambda found, _said: f"{read_number(found['a'])} đô la Mỹ")
COUNTED = (
    Rule("number", _LIST, _list),
    Rule("number", _STEPS, lambda found, _said: ", ".join(cardinal(int(part)) for part in found[0].split("-"))),
    Rule("number", _HEADING, _heading),
    Rule("number", _PLAIN, _number),
    Rule("code", _LONG, lambda found, _said: digit_by_digit(found[0])),
)
"""The last rules for a digit; the very last takes any."""
