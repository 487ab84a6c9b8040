"""The yearly lunar festivals of Vietnam by name (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Festival:
    """A day of the lunar year. Day 30 means the last day of its month, be it the 29th."""

    month: int
    day: int
    names: Mapping[str, str]


FESTIVALS: Mapping[str, Festival] = {
    "tet": Festival(1, 1, {"vi": "Tết Nguyên đán", "en": "Lunar New Year"}),
    "nguyen_tieu": Festival(1, 15, {"vi": "Rằm tháng Giêng", "en": "First Full Moon"}),
    "han_thuc": Festival(3, 3, {"vi": "Tết Hàn thực", "en": "Cold Food Festival"}),
    "gio_to": Festival(3, 10, {"vi": "Giỗ Tổ Hùng Vương", "en": "Hung Kings' Commemoration Day"}),
    "phat_dan": Festival(4, 15, {"vi": "Lễ Phật đản", "en": "Buddha's Birthday"}),
    "doan_ngo": Festival(5, 5, {"vi": "Tết Đoan ngọ", "en": "Double Fifth"}),
    "that_tich": Festival(7, 7, {"vi": "Lễ Thất tịch", "en": "Double Seventh"}),
    "vu_lan": Festival(7, 15, {"vi": "Lễ Vu lan", "en": "Vu Lan"}),
    "trung_thu": Festival(8, 15, {"vi": "Tết Trung thu", "en": "Mid-Autumn"}),
    "trung_cuu": Festival(9, 9, {"vi": "Tết Trùng cửu", "en": "Double Ninth"}),
    "ha_nguyen": Festival(10, 15, {"vi": "Tết Hạ nguyên", "en": "Tenth Full Moon"}),
    "ong_tao": Festival(12, 23, {"vi": "Ông Công Ông Táo", "en": "Kitchen Gods' Day"}),
    "giao_thua": Festival(12, 30, {"vi": "Tất niên", "en": "Lunar New Year's Eve"}),
}
"""Key → festival. All are held in the ordinary month, not in a leap month of the same number."""


def festival_on(month: int, day: int) -> Festival | None:
    """The festival of a lunar date, if it has one."""
    return next((found for found in FESTIVALS.values() if (found.month, found.day) == (month, day)), None)
