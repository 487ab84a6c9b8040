"""Names made of letters and figures: documents, roads, milestones, classes, strains (pure)."""

import re

from audio.spoken_vi.abbreviations import ABBREVIATIONS
from audio.spoken_vi.documents import BODIES, KINDS
from audio.spoken_vi.letters import is_sayable, read_code, spell
from audio.spoken_vi.numbers import cardinal, digit_by_digit
from audio.spoken_vi.piece import Rule, Said

_PART = r"[A-ZĐƯ][A-Za-zĐđƯư]{0,11}(?:\d{1,2})?"
_SIGN = rf"{_PART}(?:[-/.&] ?{_PART}){{0,4}}(?![^\W_])"
_DOCUMENT = re.compile(rf"(?P<n>\d{{1,5}}[a-z]?)(?:/(?P<y>(?:19|20)\d\d))? ?[-/–] ?(?P<sign>{_SIGN})")
_UNNUMBERED = re.compile(rf"(?P<n>)(?P<y>)/ ?(?P<sign>{_SIGN})")
_KIND = re.compile(rf"(?P<n>)(?P<y>)(?P<sign>{_PART}(?:[-/]{_PART}){{1,4}}(?![^\W_]))")
_SPLIT = re.compile(r"[-/.&] ?")
_ROAD = re.compile(
    r"(?P<kind>QL|TL|ĐT|ĐH|HL|BĐ)[ .]{0,2}(?:số )?(?P<n>\d{1,3})(?P<letter>[A-ZĐ]?)(?![^\W_]|,\d|[ .-]\d{3})"
    r"|CT[.]?(?P<express>\d{2})(?![^\W_])",
)
_ROADS = {"QL": "quốc lộ", "TL": "tỉnh lộ", "ĐT": "đường tỉnh", "ĐH": "đường huyện", "HL": "hương lộ", "BĐ": "báo động"}
_AUGUST = re.compile(r"CMT(?:8|-8)(?![^\W_])")
_MILESTONE = re.compile(r"[Kk][Mm] ?(?P<km>\d{1,4})(?: ?\+ ?(?P<m>\d{1,3}))?(?![\w]|[.,]\d)")
_WEEKDAY = re.compile(r"T\.?(?P<n>[2-7])(?!\w|/\d)")
_WEEKDAYS = re.compile(r"T[2-7](?:[-, ]{1,2}T[2-7]){2,6}(?![^\W_])")
_MONTH = re.compile(r"T(?P<n>1[0-2]|[1-9])(?=/(?:19|20)\d\d)")
_MIXED = re.compile(
    r"(?:[A-ZĂÂĐÊÔƠƯ]{1,3}(?:-?\d{1,9}[A-ZĐ]{0,3}){1,4}|\d{1,6}(?:[A-ZĐ]{1,3}(?![A-ZĐ])\d{0,6}){1,4})(?:\.\d{1,2})?(?![^\W_])",
)
_WEEKDAY_IN_LIST = re.compile(r"T(?P<n>[2-7])")
_NAMES = {4: "tư"}


def _document(found: re.Match[str], said: Said) -> str | None:
    """``57-NQ/TW`` → ``năm mươi bảy, nghị quyết Trung ương``: signs are said in full where they are known."""
    parts = _SPLIT.split(found["sign"])
    signs = [_sign(part, first=not index) for index, part in enumerate(parts)]
    if not any(known for _, known in signs) or (not found["n"] and not _stands_alone(parts, found, said)):
        return None
    sign = " ".join(words for words, _ in signs)
    if not found["n"]:
        return sign
    number = _number(found["n"])
    year = f" năm {cardinal(int(found['y']))}" if found["y"] else ""
    return f"{number}{year}, {sign}"


def _stands_alone(parts: list[str], found: re.Match[str], said: Said) -> bool:
    """Without a number: behind a stroke only after “số”; else only a kind and those who issued it."""
    if found[0].startswith("/"):
        return "số" in list(said.words)[-2:] or said.tail in ":."
    return len(parts) > 1 and parts[0] in KINDS and all(_bare(part) in BODIES for part in parts[1:])


def _sign(part: str, *, first: bool) -> tuple[str, bool]:
    """How one part of the sign is said, and whether it is known. ``QH15`` is the National Assembly of the 15th term."""
    name = _bare(part)
    tables = (KINDS, BODIES, ABBREVIATIONS) if first else (BODIES, ABBREVIATIONS, KINDS)
    words = next((table[name] for table in tables if name in table), None)
    known = words is not None
    said = words or (name if is_sayable(name) and len(name) > 3 else spell(name))
    term = part[len(name) :]
    return (f"{said} khóa {cardinal(int(term))}" if term else said), known


def _bare(part: str) -> str:
    return part.rstrip("0123456789")


def _number(written: str) -> str:
    digits = written.rstrip("abcdefghijklmnopqrstuvwxyz")
    said = digit_by_digit(digits) if digits[0] == "0" else cardinal(int(digits))
    return f"{said} {spell(written[len(digits) :])}".rstrip()


def _road(found: re.Match[str], said: Said) -> str | None:
    if found["express"] and said.word == "tốc":
        return None
    if found["express"]:
        return f"cao tốc {digit_by_digit(found['express'])}"
    words = f"{_ROADS[found['kind']]} {cardinal(int(found['n']))}"
    return f"{words} {spell(found['letter'])}" if found["letter"] else words


def _milestone(found: re.Match[str], _said: Said) -> str:
    said = f"ki-lô-mét {cardinal(int(found['km']))}"
    return f"{said} cộng {cardinal(int(found['m']))}" if found["m"] else said


def _weekday(found: re.Match[str], _said: Said) -> str:
    return f"thứ {_NAMES.get(int(found['n'])) or cardinal(int(found['n']))}"


def _weekdays(found: re.Match[str], said: Said) -> str:
    return ", ".join(_weekday(day, said) for day in _WEEKDAY_IN_LIST.finditer(found[0]))


def _mixed(found: re.Match[str], _said: Said) -> str:
    body, point, fraction = found[0].partition(".")
    return f"{read_code(body)} phẩy {digit_by_digit(fraction)}" if point else read_code(body)


DOCUMENT = Rule("document", _DOCUMENT, _document)
UNNUMBERED = Rule("document", _UNNUMBERED, _document)
MILESTONE = Rule("code", _MILESTONE, _milestone)
NAMED = (
    Rule("abbreviation", _AUGUST, lambda _found, _said: "Cách mạng Tháng Tám"),
    Rule("code", _ROAD, _road),
    MILESTONE,
    Rule("date", _WEEKDAYS, _weekdays),
    Rule("date", _WEEKDAY, _weekday),
    Rule("date", _MONTH, lambda found, _said: f"tháng {_NAMES.get(int(found['n'])) or cardinal(int(found['n']))}"),
    Rule("document", _KIND, _document),
)
MIXED = Rule("code", _MIXED, _mixed)
LETTER_AND_FIGURE = Rule("code", re.compile(r"(?=[A-ZĂÂĐÊÔƠƯ]{1,2}-?\d)" + _MIXED.pattern), _mixed)
"""One or two letters that touch a figure are a code (``A1``); longer ones may be short forms (``TDP4``)."""
