"""Roman numerals as officials use them: sections, congresses, quarters, centuries (pure)."""

import re

from audio.spoken_vi.context import in_headline
from audio.spoken_vi.numbers import cardinal
from audio.spoken_vi.piece import Rule, Said

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1_000}
_FORM = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_FOUND = re.compile(r"[IVXLCDM]{1,15}(?![^\W\d_]|')(?!-(?![IVX]{1,5}(?![^\W\d_]))[^\W\d_])")
_HEADS = re.compile(r"(?:(?:[^\w,;:!?]|_){1,8}\.|\.(?![^\W_]))")
_NUMBERED = (
    "kỷ", "khóa", "khoá", "thứ", "quý", "chương", "mục", "phần", "kỳ", "kì", "hạng", "loại", "bậc", "cấp", "điều",
    "tập", "hội", "lần", "giai đoạn", "nhóm", "vùng", "khu vực", "phụ lục", "quyển", "bảng", "đợt", "cấp độ", "mức",
    "quân khu", "quân đoàn", "quốc hội", "học kỳ", "nhiệm kỳ", "đại hội", "trung ương", "vòng", "báo động",
)  # fmt: skip
_ONLY_LETTERS = frozenset("CDLM")
_SYLLABLES = frozenset(["VI", "XI"])
_ORDINALS = {1: "nhất", 4: "tư"}


def value_of(numeral: str) -> int | None:
    """The number, or None when it is none."""
    if not numeral or _FORM.fullmatch(numeral) is None:
        return None
    values = [_VALUES[letter] for letter in numeral]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)


def _roman(found: re.Match[str], said: Said) -> str | None:
    numeral, value = found[0], value_of(found[0])
    if value is None or not (said.after(*_NUMBERED) or _speaks_for_itself(found, said)):
        return None
    if len(numeral) == 1 and numeral in _ONLY_LETTERS:
        return None
    return (_ORDINALS.get(value) if said.word == "thứ" else None) or cardinal(value)


def _speaks_for_itself(found: re.Match[str], said: Said) -> bool:
    """Two letters of I, V and X, or one that heads a section; but ``VI PHẠM`` and ``XI MĂNG`` are words."""
    numeral = found[0]
    heads = said.tail in {"", ".", "!", "?", ";", ":"} and _HEADS.match(said.text, found.end()) is not None
    if len(numeral) == 1:
        return heads and numeral in "IVX"
    if not set(numeral) <= set("IVX"):
        return False
    return heads or numeral not in _SYLLABLES or not in_headline(said.text, found.start(), found.end())


RULES = (Rule("roman", _FOUND, _roman),)
