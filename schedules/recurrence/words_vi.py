"""Rules in Vietnamese (pure)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from schedules.festivals import festival_on
from schedules.recurrence.patterns import LeapMonths, LunarDay, ShortMonths
from schedules.recurrence.rule import OnHolidays
from schedules.recurrence.words import row_of

_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_UNITS = {"YEARLY": "năm", "MONTHLY": "tháng", "WEEKLY": "tuần", "DAILY": "ngày", "HOURLY": "giờ", "MINUTELY": "phút"}
_LUNAR_MONTHS = {1: "tháng Giêng", 12: "tháng Chạp"}
_BRANCHES = ("Tý", "Sửu", "Dần", "Mão", "Thìn", "Tị", "Ngọ", "Mùi", "Thân", "Dậu", "Tuất", "Hợi")


class Vietnamese:
    """`words.Words` in Vietnamese."""

    also: ClassVar[str] = " đồng thời là "
    holidays: ClassVar[Mapping[OnHolidays, str]] = {
        OnHolidays.ANY: "",
        OnHolidays.SKIP: "trừ ngày lễ",
        OnHolidays.ONLY: "chỉ vào ngày lễ",
        OnHolidays.EVE: "chỉ vào hôm trước ngày lễ",
        OnHolidays.BEFORE: "gặp ngày lễ thì phát hôm trước đó",
    }
    leap: ClassVar[Mapping[LeapMonths, str]] = {
        LeapMonths.CUSTOM: "",
        LeapMonths.NEVER: "không tính tháng nhuận",
        LeapMonths.ONLY: "chỉ trong tháng nhuận",
        LeapMonths.ALWAYS: "kể cả tháng nhuận",
    }
    short: ClassVar[Mapping[ShortMonths, str]] = {
        ShortMonths.LAST: "tháng thiếu thì vào ngày 29",
        ShortMonths.SKIP: "tháng thiếu thì nghỉ",
    }

    def joined(self, items: Sequence[str]) -> str:
        return " và ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)

    def day(self, day: date) -> str:
        return f"{day:%d/%m/%Y}"

    def once(self, day: date) -> str:
        return f"ngày {self.day(day)}"

    def at(self, times: Sequence[str]) -> str:
        return f"lúc {self.joined(times)}"

    def every(self, frequency: str, steps: int) -> str:
        unit = _UNITS[frequency]
        return f"hằng {unit}" if steps == 1 and frequency != "MINUTELY" else f"cứ {steps} {unit} một lần"

    def since(self, start: str) -> str:
        return f"tính từ {start}"

    def within(self, what: str, frequency: str, steps: int, months: Sequence[int]) -> str:
        when = f" {self._months(months)}" if months and frequency == "YEARLY" else ""
        period = self.every(frequency, steps)
        return f"{what}{when} {period}" if steps == 1 else f"{what}{when}, {period}"

    def weekdays(self, chosen: Sequence[tuple[int, int]], frequency: str) -> str:
        row = row_of(chosen)
        if row is not None:
            every = "mọi ngày " if frequency in {"MONTHLY", "YEARLY"} else ""
            return f"{every}{_WEEKDAYS[row[0]]} đến {_WEEKDAYS[row[-1]]}"
        return self.joined([_weekday(which, weekday, frequency) for which, weekday in chosen])

    def only_on(self, days: str) -> str:
        return f"chỉ vào {days}"

    def month_days(self, days: Sequence[int]) -> str:
        counted = [str(day) for day in days if day > 0]
        first = [f"ngày {counted[0]}"] if counted else []
        return self.joined(first + counted[1:] + [_from_end(-day, "ngày", "tháng") for day in days if day < 0])

    def year_days(self, days: Sequence[int]) -> str:
        named = [f"ngày thứ {day} trong năm" if day > 0 else _from_end(-day, "ngày", "năm") for day in days]
        return self.joined(named)

    def weeks(self, weeks: Sequence[int]) -> str:
        named = [f"tuần thứ {week} trong năm" if week > 0 else _from_end(-week, "tuần", "năm") for week in weeks]
        return self.joined(named)

    def in_months(self, months: Sequence[int]) -> str:
        return f"chỉ trong {self._months(months)}"

    def in_hours(self, hours: Sequence[int]) -> str:
        return f"vào các giờ {self.joined([str(hour) for hour in hours])}"

    def in_minutes(self, minutes: Sequence[int]) -> str:
        return f"vào phút {self.joined([f'{minute:02}' for minute in minutes])}"

    def positions(self, places: Sequence[int]) -> str:
        named = [f"lần thứ {abs(place)}{' từ cuối' if place < 0 else ''}" for place in places]
        named = ["lần cuối" if place == -1 else name for place, name in zip(places, named, strict=True)]
        return f"chỉ lấy {self.joined(named)} của mỗi kỳ"

    def count(self, number: int, *, times: bool) -> str:
        return f"{number} {'lần' if times else 'ngày'}"

    def until(self, day: date) -> str:
        return f"đến hết {self.day(day)}"

    def added(self, picks: str) -> str:
        return f"thêm {picks}"

    def removed(self, picks: str) -> str:
        return f"trừ {picks}"

    def lunar(self, monthly: Sequence[LunarDay], yearly: Sequence[LunarDay]) -> str:
        days = [_lunar_day(wanted.day) for wanted in monthly]
        # “Mùng” and “rằm” are said of lunar months only.
        plain = all(wanted.day <= 10 or wanted.day == 15 for wanted in monthly)
        said = [f"{self.joined(days)} hằng tháng{'' if plain else ' âm lịch'}"] if days else []
        if yearly:
            said.append(f"{self.joined([_lunar_date(wanted) for wanted in yearly])} âm lịch hằng năm")
        return "; ".join(said)

    def branches(self, branches: Sequence[int]) -> str:
        return f"các ngày {self.joined([_BRANCHES[branch] for branch in branches])}"

    def _months(self, months: Sequence[int]) -> str:
        return f"tháng {self.joined([str(month) for month in months])}"


def _weekday(which: int, weekday: int, frequency: str) -> str:
    name = _WEEKDAYS[weekday]
    if not which:
        return f"mọi {name}" if frequency in {"MONTHLY", "YEARLY"} else name
    of_year = " trong năm" if frequency == "YEARLY" else ""
    if which in {1, -1}:
        return f"{name} {'đầu tiên' if which > 0 else 'cuối cùng'}{of_year}"
    return f"{name} lần thứ {abs(which)}{'' if which > 0 else ' từ cuối'}{of_year}"


def _from_end(number: int, unit: str, period: str) -> str:
    return f"{unit} cuối {period}" if number == 1 else f"{unit} thứ {number} từ cuối {period}"


def _lunar_day(day: int) -> str:
    if day == 15:
        return "rằm"
    return f"mùng {day}" if day <= 10 else f"ngày {day}"


def _lunar_date(wanted: LunarDay) -> str:
    month = _LUNAR_MONTHS.get(wanted.month, f"tháng {wanted.month}")
    festival = festival_on(wanted.month, wanted.day)
    date_of = f"{_lunar_day(wanted.day)} {month}"
    if festival is None or festival.names["vi"].casefold() == date_of.casefold():
        return date_of
    return f"{festival.names['vi']} ({date_of})"
