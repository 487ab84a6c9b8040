"""Addresses of pages and mail boxes, as they are dictated (pure)."""

import re

from audio.spoken_vi.abbreviations import ABBREVIATIONS
from audio.spoken_vi.letters import is_sayable, spell
from audio.spoken_vi.numbers import digit_by_digit
from audio.spoken_vi.piece import Rule, Said

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?"
_DOMAIN = rf"(?:{_LABEL}\.){{1,5}}(?:vn|com|net|org|gov|edu|info|biz|io|me|app|asia)(?![^\W\d]|-|\.\w)"
_PATH = r"(?:[/?#][\w./?=&%#~+@:-]{0,200}[\w/=])?"
_PAGE = re.compile(rf"(?:(?P<scheme>https?)://(?:{_LABEL}\.){{1,5}}[A-Za-z]{{2,12}}(?::\d{{1,5}})?|{_DOMAIN}){_PATH}/?")
_MAIL = re.compile(rf"[A-Za-z0-9](?:[\w.+-]{{0,62}}[\w])?@{_DOMAIN}")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w]|_")
_MARKS = {
    ".": "chấm", "/": "gạch chéo", "-": "gạch ngang", "_": "gạch dưới", "@": "a còng", "?": "hỏi chấm", "=": "bằng",
    "&": "và", "#": "thăng", "%": "phần trăm", "+": "cộng", ":": "hai chấm", "~": "dấu ngã",
}  # fmt: skip
_LABELS = {
    "www": "vê kép vê kép vê kép", "vn": "vê en", "gov": "gờ o vê", "com": "com", "net": "nét", "org": "o rờ giê",
    "edu": "e đu", "dichvucong": "dịch vụ công", "baohiemxahoi": "bảo hiểm xã hội", "bocongan": "bộ công an",
    "chinhphu": "chính phủ", "zalo": "za lô", "gmail": "gi meo", "thuedientu": "thuế điện tử",
}  # fmt: skip


def _address(found: re.Match[str], _said: Said) -> str:
    """Everything but the scheme: nobody types ``https://``."""
    written = found[0].rstrip("/")
    if found.groupdict().get("scheme"):
        written = written.partition("://")[2]
    return " ".join(_part(token) for token in _TOKEN.findall(written))


def _part(token: str) -> str:
    if token in _MARKS:
        return _MARKS[token]
    if token.isdecimal():
        return digit_by_digit(token)
    known = _LABELS.get(token.lower())
    if known:
        return known
    short = token.upper() in ABBREVIATIONS and len(token) < 7
    return spell(token) if short or not is_sayable(token) else token


RULES = (Rule("web", _MAIL, _address), Rule("web", _PAGE, _address))
