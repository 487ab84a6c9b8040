"""A rule in words says all of it, in both languages."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedules.recurrence import (
    BranchDays,
    EveryDays,
    LeapMonths,
    LunarDay,
    LunarDays,
    OnHolidays,
    Pick,
    Rule,
    ShortMonths,
    describe,
)
from tests.unit.schedules.test_rfc5545 import OF_THE_RFC, OURS

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NEW_AND_FULL = LunarDays((LunarDay(0, 1), LunarDay(0, 15)))


def rule(rrule: str = "", **more: Any) -> Rule:
    given = {"first_day": date(2026, 1, 1), "last_day": None, "times": ("06:00",), "zone": VIETNAM, "takes_hours": True}
    return Rule(rrule, **(given | more))


SAID = [
    (rule(first_day=date(2026, 9, 2)), "Ngày 02/09/2026 lúc 06:00", "On 2 September 2026 at 06:00"),
    (rule("FREQ=DAILY", times=("05:30",)), "Hằng ngày lúc 05:30", "Every day at 05:30"),
    (
        rule("FREQ=DAILY", times=("05:30", "11:00", "17:00")),
        "Hằng ngày lúc 05:30, 11:00 và 17:00",
        "Every day at 05:30, 11:00 and 17:00",
    ),
    (
        rule("FREQ=DAILY;INTERVAL=3"),
        "Cứ 3 ngày một lần lúc 06:00, tính từ 01/01/2026",
        "Every 3 days at 06:00, counted from 1 January 2026",
    ),
    (rule("FREQ=WEEKLY"), "Thứ Năm hằng tuần lúc 06:00", "Every Thursday at 06:00"),
    (rule("FREQ=WEEKLY;BYDAY=SA,SU"), "Thứ Bảy và Chủ nhật hằng tuần lúc 06:00", "Every Saturday and Sunday at 06:00"),
    (
        rule("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        "Thứ Hai đến thứ Sáu hằng tuần lúc 06:00",
        "Every Monday to Friday at 06:00",
    ),
    (
        rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        "Thứ Ba, cứ 2 tuần một lần lúc 06:00, tính từ 01/01/2026",
        "Every 2 weeks on Tuesday at 06:00, counted from 1 January 2026",
    ),
    (
        rule("FREQ=MONTHLY;BYMONTHDAY=1,15,-1"),
        "Ngày 1, 15 và ngày cuối tháng hằng tháng lúc 06:00",
        "On the 1st, 15th and last day of every month at 06:00",
    ),
    (
        rule("FREQ=MONTHLY;BYDAY=1MO,-1FR"),
        "Thứ Hai đầu tiên và thứ Sáu cuối cùng hằng tháng lúc 06:00",
        "On the 1st Monday and the last Friday of every month at 06:00",
    ),
    (
        rule("FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=2"),
        "Ngày 2 tháng 9 hằng năm lúc 06:00",
        "On the 2nd of September every year at 06:00",
    ),
    (rule("FREQ=YEARLY"), "Ngày 1 tháng 1 hằng năm lúc 06:00", "On the 1st of January every year at 06:00"),
    (
        rule("FREQ=DAILY;BYHOUR=6,18;BYMINUTE=0"),
        "Hằng ngày, vào các giờ 6 và 18, vào phút 00",
        "Every day, in the hours of 06 and 18, at minute 00",
    ),
    (
        rule("FREQ=DAILY;COUNT=5", last_day=date(2026, 12, 31)),
        "Hằng ngày lúc 06:00, 5 ngày, đến hết 31/12/2026",
        "Every day at 06:00, 5 days, until 31 December 2026",
    ),
    (
        rule("FREQ=DAILY", added=(Pick(date(2026, 2, 4), "09:00"),), removed=(Pick(date(2026, 2, 2)),)),
        "Hằng ngày lúc 06:00, thêm 04/02/2026 09:00, trừ 02/02/2026",
        "Every day at 06:00, also 4 February 2026 09:00, except 2 February 2026",
    ),
    (
        rule("FREQ=DAILY", removed=tuple(Pick(date(2026, 2, day)) for day in range(1, 10))),
        "Hằng ngày lúc 06:00, trừ 9 ngày",
        "Every day at 06:00, except 9 days",
    ),
    (
        rule(pattern=NEW_AND_FULL, on_holidays=OnHolidays.SKIP),
        "Mùng 1 và rằm hằng tháng lúc 06:00, trừ ngày lễ",
        "On the 1st and 15th of every lunar month at 06:00, except public holidays",
    ),
    (
        rule(pattern=LunarDays((LunarDay(0, 23),))),
        "Ngày 23 hằng tháng âm lịch lúc 06:00",
        "On the 23rd of every lunar month at 06:00",
    ),
    (
        rule(pattern=LunarDays((LunarDay(1, 15), LunarDay(8, 15)))),
        "Rằm tháng Giêng và Tết Trung thu (rằm tháng 8) âm lịch hằng năm lúc 06:00",
        "On First Full Moon (15th of lunar month 1) and Mid-Autumn (15th of lunar month 8) every lunar year at 06:00",
    ),
    (
        rule(pattern=LunarDays((LunarDay(12, 30),), LeapMonths.NEVER, ShortMonths.SKIP)),
        "Tất niên (ngày 30 tháng Chạp) âm lịch hằng năm lúc 06:00, không tính tháng nhuận, tháng thiếu thì nghỉ",
        (
            "On Lunar New Year's Eve (30th of lunar month 12) every lunar year at 06:00, not in leap months, "
            "not in a month of 29 days"
        ),
    ),
    (
        rule(pattern=EveryDays(5, date(2026, 1, 3))),
        "Cứ 5 ngày một lần, tính từ 03/01/2026, lúc 06:00",
        "Every 5 days, counted from 3 January 2026, at 06:00",
    ),
    (rule(pattern=BranchDays((5, 11))), "Các ngày Tị và Hợi lúc 06:00", "On the days Tị and Hợi at 06:00"),
    (
        rule("FREQ=DAILY", on_holidays=OnHolidays.EVE),
        "Hằng ngày lúc 06:00, chỉ vào hôm trước ngày lễ",
        "Every day at 06:00, only on the day before a public holiday",
    ),
]


@pytest.mark.parametrize(("said", "vietnamese", "english"), SAID)
def test_a_rule_is_said_as_people_say_it(said: Rule, vietnamese: str, english: str):
    assert describe(said, "vi") == vietnamese
    assert describe(said, "en") == english


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_two_rules_that_differ_are_said_in_the_same_words(language: str):
    # WKST is left out of words: what it changes shows in the days listed beside them.
    rules = {
        ";".join(part for part in text.split(";") if not part.startswith("WKST")): rule(text)
        for text in OF_THE_RFC + OURS
    }
    said = {text: describe(found, language) for text, found in rules.items()}
    assert len(set(said.values())) == len(said)


def test_another_language_is_english():
    assert describe(rule("FREQ=DAILY"), "de") == "Every day at 06:00"
