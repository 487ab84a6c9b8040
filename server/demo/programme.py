"""The demo commune's week: what its operator would have in the programme, written through the same API."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from server.demo.story import Story


@dataclass(frozen=True, slots=True)
class Entry:
    """An announcement and when it is heard. play_class: 1 normal, 2 priority."""

    title: str
    text: str
    times: tuple[str, ...]
    rule: dict[str, Any]
    play_class: int = 1


ENTRIES = (
    Entry(
        "Bản tin sáng và chiều",
        "Kính mời bà con nghe bản tin của xã. Hôm nay Ủy ban nhân dân xã tiếp công dân từ 7h30 đến 11h30 tại bộ phận "
        "một cửa. Bà con có việc xin mang theo căn cước.",
        ("05:30", "17:00"),
        {"rrule": "FREQ=DAILY"},
    ),
    Entry(
        "Lịch thu gom rác",
        "Xe thu gom rác đến các thôn trong sáng nay. Bà con để rác ra trước cổng trước 7 giờ.",
        ("06:15",),
        {"rrule": "FREQ=WEEKLY;BYDAY=TU,FR", "on_holidays": "skip"},
    ),
    Entry(
        "Chợ phiên Bảo Nhai",
        "Hôm nay là chợ phiên. Xe chở hàng đi đường liên thôn xin nhường đường cho người đi bộ.",
        ("05:50",),
        {"pattern": {"kind": "every", "every": 5}},
    ),
    Entry(
        "Phòng cháy ngày rằm và mồng một",
        "Ngày rằm và mồng một, bà con thắp hương xin để xa vật dễ cháy và tắt lửa trước khi ra khỏi nhà.",
        ("17:20",),
        {"pattern": {"kind": "lunar", "days": ["1", "15"]}},
        play_class=2,
    ),
)


async def plan_week(story: Story, operator: str, approver: str, today: date) -> int:
    """Write, approve and schedule what is not there yet, from tomorrow on. Gives how many schedules are new."""
    known = await story.schedule_titles(operator)
    fresh = [entry for entry in ENTRIES if entry.title not in known]
    for entry in fresh:
        announcement_id = await story.announcement(
            operator, approver, entry.title, entry.text, play_class=entry.play_class
        )
        await story.schedule(operator, announcement_id, dict(_said(entry, today + timedelta(days=1))))
    return len(fresh)


def _said(entry: Entry, first_day: date) -> Iterator[tuple[str, Any]]:
    """The rule as the API takes it; what recurs every so many days is counted from its first."""
    yield "times", list(entry.times)
    yield "first_day", first_day.isoformat()
    for name, value in entry.rule.items():
        every = name == "pattern" and value["kind"] == "every"
        yield name, value | {"anchor": first_day.isoformat()} if every else value
