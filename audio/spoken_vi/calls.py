"""Numbers that are called, and numbers that name a person or an account: read digit by digit (pure)."""

import re

from audio.spoken_vi.letters import read_code
from audio.spoken_vi.numbers import digit_by_digit
from audio.spoken_vi.piece import Rule, Said

_PHONE = re.compile(r"0\d(?:[ .-]?\d){7,9}(?!\d|[.,/]\d)(?! \d{3}(?:\D|$))|0\d(?:[ .-]?\d){7,9}(?=/0)")
_ABROAD = re.compile(r"\+\d{1,3}[ .-]?\d(?:[ .-]?\d){6,11}(?!\d)")
_SERVICE = re.compile(r"1[89]00(?:[ .]?\d){4,6}(?!\d|[.,]\d)")
_SHORT = re.compile(
    r"\d{3,8}(?![\d/]|[.,:-]\d)"
    r"(?! (?:người|hộ|em|học sinh|công dân|con|cán bộ|đồng|ha|thanh niên|trường hợp))",
)
_NOUGHT = re.compile(r"0\d{2,24}(?:[ .-]\d{2,6}){0,5}(?!\d)")
_NAMED = re.compile(r"\d{3,24}(?:[ .-]\d{2,6}){0,5}(?!\d|[.,]\d)")
_PLATE = re.compile(r"(?P<series>\d{2}[A-ZĐ]{1,2}\d?)[- ](?P<number>\d{3}\.\d{2}|\d{4,5})(?!\d)")

_CALLING = frozenset({"gọi", "nóng", "hotline", "cứu", "sát", "thoại", "máy"})
_TOWARDS = frozenset({"số", "tới", "đến", "ngay", "qua", "cho", "theo", "đài"})
_EMERGENCY = frozenset({"111", "112", "113", "114", "115", "1022"})
_MESSAGE = frozenset(["tin", "soạn", "pháp", "đầu"])
_LINKED = frozenset(["", "hoặc", "và", "hay"])
_NAMES = (
    "tài khoản", "số tài khoản", "khách hàng", "mã", "mã số", "biển số", "biển kiểm soát", "hồ sơ", "mã số thuế",
    "seri", "số sê-ri", "sê-ri", "số thẻ", "công dân số", "nhân dân số", "mã vạch", "mật khẩu", "mật khẩu wifi",
    "mã sinh viên", "mã bưu chính",
)  # fmt: skip


def _phone(found: re.Match[str], _said: Said) -> str | None:
    digits = sum(char.isdecimal() for char in found[0])
    return digit_by_digit(found[0]) if 9 <= digits <= 11 else None


def _short(found: re.Match[str], said: Said) -> str | None:
    """Emergency and short numbers, where something near says that one calls them."""
    number = found[0]
    service = number in _EMERGENCY or number.startswith(("1800", "1900"))
    if said.after("gửi", "gửi đến", "gửi tới", "đầu số") and not _MESSAGE.isdisjoint(said.words):
        return digit_by_digit(number)
    called = said.word in _CALLING or (said.word in _TOWARDS and bool(_CALLING & set(said.words)))
    called = called or said.after("tổng đài", "lực lượng")
    linked = said.words_since_call <= 1 and said.word in _LINKED
    return digit_by_digit(number) if service and (called or linked) else None


def _named(found: re.Match[str], said: Said) -> str | None:
    words = [word for word in said.words if word]
    while words and words[-1] in {"là", "số", "của", "này"}:
        words.pop()
    heard = " ".join(words)
    named = any(heard == name or heard.endswith(" " + name) for name in _NAMES)
    return digit_by_digit(found[0]) if named or said.after(*_NAMES) else None


def _plate(found: re.Match[str], _said: Said) -> str:
    return f"{read_code(found['series'])}, {digit_by_digit(found['number'])}"


RULES = (
    Rule("code", _PLATE, _plate),
    Rule("phone", _PHONE, _phone),
    Rule("phone", _SERVICE, lambda found, said: None if said.word == "năm" else digit_by_digit(found[0])),
    Rule("phone", _SHORT, _short),
    Rule("code", _NOUGHT, lambda found, _said: digit_by_digit(found[0])),
    Rule("code", _NAMED, _named),
)
ABROAD = Rule("phone", _ABROAD, lambda found, _said: f"cộng {digit_by_digit(found[0])}")
