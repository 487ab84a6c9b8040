"""What is measured with, and how it is said (pure table; lawful units and their names: Nghị định 86/2012/NĐ-CP)."""

import re

UNITS: dict[str, str] = {
    "mm": "mi-li-mét", "cm": "xen-ti-mét", "dm": "đề-xi-mét", "m": "mét", "km": "ki-lô-mét", "Km": "ki-lô-mét",
    "KM": "ki-lô-mét", "m2": "mét vuông", "M2": "mét vuông", "km2": "ki-lô-mét vuông", "cm2": "xen-ti-mét vuông",
    "m3": "mét khối", "M3": "mét khối", "cm3": "xen-ti-mét khối", "dm3": "đề-xi-mét khối", "ha": "héc-ta",
    "mg": "mi-li-gam", "g": "gam", "kg": "ki-lô-gam", "Kg": "ki-lô-gam", "KG": "ki-lô-gam", "l": "lít",
    "ml": "mi-li-lít", "mL": "mi-li-lít", "m3/s": "mét khối trên giây", "m/s": "mét trên giây",
    "km/h": "ki-lô-mét trên giờ", "Km/h": "ki-lô-mét trên giờ", "km/giờ": "ki-lô-mét trên giờ",
    "mm/h": "mi-li-mét trên giờ", "mm/giờ": "mi-li-mét trên giờ", "mm/ngày": "mi-li-mét trên ngày",
    "m3/h": "mét khối trên giờ", "m3/ngày": "mét khối trên ngày", "l/s": "lít trên giây",
    "kg/ha": "ki-lô-gam trên héc-ta", "tạ/ha": "tạ trên héc-ta", "tấn/ha": "tấn trên héc-ta",
    "kg/sào": "ki-lô-gam trên sào", "tạ/sào": "tạ trên sào", "mg/l": "mi-li-gam trên lít", "mg/L": "mi-li-gam trên lít",
    "g/l": "gam trên lít", "ml/l": "mi-li-lít trên lít", "người/km2": "người trên ki-lô-mét vuông", "°C": "độ xê",
    "oC": "độ xê", "° C": "độ xê", "°F": "độ ép", "°": "độ", "V": "vôn", "kV": "ki-lô-vôn", "KV": "ki-lô-vôn",
    "W": "oát", "kW": "ki-lô-oát", "KW": "ki-lô-oát", "kWh": "ki-lô-oát giờ", "KWh": "ki-lô-oát giờ",
    "kwh": "ki-lô-oát giờ", "MW": "mê-ga-oát", "MWh": "mê-ga-oát giờ", "kVA": "ki-lô-vôn-ampe", "KVA": "ki-lô-vôn-ampe",
    "Hz": "héc", "kHz": "ki-lô-héc", "MHz": "mê-ga-héc", "GHz": "gi-ga-héc", "KB": "ki-lô-bai", "MB": "mê-ga-bai",
    "GB": "gi-ga-bai", "TB": "tê-ra-bai", "Mbps": "mê-ga-bít trên giây", "hPa": "héc-tô-pát-can",
    "µg/m3": "mi-crô-gam trên mét khối", "µg": "mi-crô-gam", "mmHg": "mi-li-mét thủy ngân",
    "mmol/L": "mi-li-mol trên lít", "mmol/l": "mi-li-mol trên lít", "mb": "mi-li-ba", "dB": "đề-xi-ben", "h": "giờ",
    "s": "giây", "p": "phút", "ph": "phút", "''": "giây", "'": "phút", "%": "phần trăm", "‰": "phần nghìn", "đ": "đồng",
    "₫": "đồng", "vnđ": "đồng", "VNĐ": "đồng", "VND": "đồng", "vnd": "đồng", "USD": "đô la Mỹ", "$": "đô la Mỹ",
    "EUR": "ơ-rô", "€": "ơ-rô", "CNY": "nhân dân tệ", "NDT": "nhân dân tệ", "k": "nghìn", "K": "nghìn", "tr": "triệu",
    "trđ": "triệu đồng", "tr.đ": "triệu đồng", "tr.đồng": "triệu đồng", "trđồng": "triệu đồng", "tỷđ": "tỷ đồng",
    "Tr": "triệu",
}  # fmt: skip

"""Said after a number."""

ATTACHED = frozenset({"s", "p", "k", "K", "Tr", "'", "''"})
"""Units only where they touch the number: ``5 k`` is no money."""

_WITH_NO_VOWEL = frozenset({
    "mm", "cm", "km", "Km", "kg", "Kg", "KG", "km2", "cm2", "dm3", "cm3", "m2", "m3", "mg", "ml", "kV", "kW", "kWh",
    "kwh", "kVA", "MW", "kHz", "MHz", "Mbps", "mmHg",
})  # fmt: skip
ALONE = _WITH_NO_VOWEL | {unit for unit in UNITS if "/" in unit}
"""Also where no number stands in front: ``bao nhiêu km``, ``tốc độ tính bằng km/h``."""


def any_of(units: frozenset[str] | dict[str, str], *, before_figures: bool = False) -> str:
    """A pattern for one of the units, the longest first, with nothing of a word after it.

    before_figures: a figure may touch it from behind, as in ``km12``.
    """
    found = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    ends = r"(?![^\W\d_])" if before_figures else r"(?![^\W_])"
    return rf"(?:{found})(?:(?<!\w)|{ends})"


PER = frozenset({
    "ngày", "đêm", "tháng", "năm", "quý", "tuần", "giờ", "phút", "giây", "lần", "người", "hộ", "khẩu", "ca", "con",
    "cái", "tấn", "tạ", "yến", "sào", "lít", "suất", "buổi", "chuyến", "lượt", "bao", "chai", "gói", "cây", "thôn",
    "bản", "xã", "lớp", "em", "học", "sinh", "trường", "mẫu", "vụ", "điểm", "hội", "viên", "cụm",
})  # fmt: skip
"""Behind a stroke these ask for “một”: ``2 lần/ngày``, ``15.000đ/kg``."""
