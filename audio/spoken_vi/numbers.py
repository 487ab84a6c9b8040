"""Whole and decimal numbers in words, as a northern newsreader says them (pure)."""

import re

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
MAX_DIGITS = 27
"""Up to a billion billion billions; longer is a code, and is read digit by digit."""
_BILLION = 1_000_000_000
_COUNTED = 9
"""Without dots, more digits than these are a code (an account, a tax number) unless they end in noughts."""

_GROUPED = r"[1-9]\d{0,2}(?:\.\d{3}){1,8}(?![\d])(?!\.\d)(?:,\d{1,9})?"
_ENGLISH = (
    r"[1-9]\d{0,2}(?:,\d{3}){2,8}(?!\d)(?:\.\d{1,4})?|[1-9]\d{0,2},000(?![\d.,])"
    r"|[1-9]\d{0,2}(?:,\d{3}){1,8}\.\d{1,2}(?!\d)"
)
_POINT = r"\d{1,9}\.\d{1,2}(?![\d])(?!\.\d)|0\.\d{1,9}(?!\d)(?!\.\d)"
NUMBER = rf"(?:{_ENGLISH}|{_GROUPED}|{_POINT}|\d{{1,{MAX_DIGITS}}}(?:,\d{{1,9}})?(?!\d))"
"""1.500.000 or 12,5 or 1500, and where it cannot be mistaken 1,234,567.89 or 12.5."""
_IS_ENGLISH = re.compile(rf"(?:{_ENGLISH}|{_POINT})")


def digit_by_digit(digits: str) -> str:
    """``0912`` → ``không chín một hai``; what is no digit is left out."""
    return " ".join(DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def cardinal(number: int) -> str:
    """A whole number from 0 on. ``1005`` → ``một nghìn không trăm linh năm``."""
    return " ".join(_groups(number, leading=True)) if number else DIGITS[0]


def read_whole(digits: str) -> str:
    """Digits as a number: ``05`` → ``năm``; with more noughts in front, or too long, digit by digit."""
    if len(digits) > MAX_DIGITS or (len(digits) > 2 and digits[0] == "0"):
        return digit_by_digit(digits)
    if len(digits) > _COUNTED and not digits.endswith("000"):
        return digit_by_digit(digits)
    return cardinal(int(digits))


def read_decimal(whole: str, fraction: str) -> str:
    """``3``, ``5`` → ``ba phẩy năm``; a fraction of two digits is read as a number, unless it starts with 0."""
    two = len(fraction) == 2 and fraction[0] != "0"
    return f"{read_whole(whole)} phẩy {cardinal(int(fraction)) if two else digit_by_digit(fraction)}"


def read_number(written: str) -> str:
    """What NUMBER found, in words. ``1.500,5`` → ``một nghìn năm trăm phẩy năm``."""
    if _IS_ENGLISH.fullmatch(written):
        whole, mark, fraction = written.replace(",", "").partition(".")
    else:
        whole, mark, fraction = written.replace(".", "").partition(",")
    if mark:
        return read_decimal(whole, fraction)
    return cardinal(int(whole)) if "." in written or "," in written else read_whole(whole)


def _groups(number: int, *, leading: bool) -> list[str]:
    """The words of a number, in steps of a thousand; billions are counted like numbers of their own."""
    billions, rest = divmod(number, _BILLION)
    words = [*_groups(billions, leading=leading), "tỷ"] if billions else []
    leading = leading and not words
    for group, scale in ((rest // 1_000_000, "triệu"), (rest // 1_000 % 1_000, "nghìn"), (rest % 1_000, "")):
        if group:
            words.append(_hundreds(group, leading=leading))
            words += [scale] if scale else []
            leading = False
    return words


def _hundreds(number: int, *, leading: bool) -> str:
    """Three digits; inside a larger number a missing hundred is said: ``không trăm linh năm``."""
    hundreds, rest = divmod(number, 100)
    if not hundreds and leading:
        return _tens(rest)
    words = f"{DIGITS[hundreds]} trăm"
    if not rest:
        return words
    return f"{words} linh {DIGITS[rest]}" if rest < 10 else f"{words} {_tens(rest)}"


def _tens(number: int) -> str:
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    words = "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    return words if not ones else f"{words} {_ones(tens, ones)}"


def _ones(tens: int, ones: int) -> str:
    if ones == 5:
        return "lăm"
    if tens > 1 and ones == 1:
        return "mốt"
    if tens > 1 and ones == 4:
        return "tư"
    return DIGITS[ones]
