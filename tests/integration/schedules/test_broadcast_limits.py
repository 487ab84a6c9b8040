"""A broadcast now is judged by the whole policy, like what is planned; nobody may go on but in an emergency."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from base.errors import Refused
from devices.wire.audience import Audience
from devices.wire.orders import PlayClass, Status
from schedules.models import Announcement, EmergencyState, Occurrence
from schedules.said_policy import SaidPolicy
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, Room, orders

SOURCE = "Quyết định 12/2025"


def limit(kind: str, most: int) -> SaidPolicy:
    said = {"kind": kind, "most": most, "name": "Quy định xã", "source": SOURCE}
    return SaidPolicy([["05:00", "20:00"]], 100, SOURCE, {"version": 1, "limits": [said], "caps": [], "events": []})


def cap(volume_max: int) -> SaidPolicy:
    said = {"name": "Giờ trưa", "hours": [["09:00", "13:00"]], "volume_max": volume_max, "source": SOURCE}
    return SaidPolicy([], 100, SOURCE, {"version": 1, "limits": [], "caps": [said], "events": []})


async def put(room: Room, said: SaidPolicy) -> None:
    async with room.database.writing() as session:
        await room.programme.policies.put(session, COMMUNE, said, now=room.clock(), user_id=OPERATOR)


async def approved(room: Room, play_class: int = PlayClass.NORMAL) -> Announcement:
    async with room.database.writing() as session:
        draft = await room.draft(session)
        await room.announcements.edit(session, draft.id, revision=1, user_id=OPERATOR, play_class=play_class)
        await room.announcements.submit(session, draft.id, OPERATOR)
        return await room.announcements.approve(session, draft.id, OPERATOR)


async def broadcast(room: Room, about: Announcement, volume: int = 80, **whom: tuple[str, ...]) -> Occurrence:
    async with room.database.writing() as session:
        return await room.programme.broadcast_now(
            session, announcement_id=about.id, audience=Audience(**whom), volume=volume, user_id=OPERATOR
        )


async def refused(room: Room, about: Announcement, volume: int = 80) -> dict[str, object]:
    with pytest.raises(Refused) as refusal:
        await broadcast(room, about, volume)
    return {"code": refusal.value.code} | refusal.value.params


async def heard(room: Room) -> int:
    async with room.database.reading() as session:
        count = await session.scalar(select(func.count(col(Occurrence.id)))) or 0
        assert len(await orders(session, "play")) == count
    return count


@BOTH
@pytest.mark.parametrize("play_class", [PlayClass.NORMAL, PlayClass.PRIORITY])
async def test_one_block_more_than_a_day_may_have_is_not_broadcast(room: Room, play_class: PlayClass):
    await put(room, limit("blocks", 1))
    about = await approved(room, play_class)
    await broadcast(room, about, clusters=("bn-s01",))
    room.clock.move(hours=2)
    said = await refused(room, about)
    assert said == {
        "code": "schedules.too_many_blocks",
        "time": "12:00",
        "figure": 2,
        "limit": 1,
        "rule": "Quy định xã",
        "source": SOURCE,
        "nearest": "05:00 (2026-03-11)",
    }
    assert await heard(room) == 1
    await broadcast(room, about, clusters=("bn-s02",))


async def test_what_is_planned_later_in_the_day_counts_before_a_broadcast_now(room: Room):
    await put(room, limit("blocks", 2))
    about = await approved(room)
    async with room.database.writing() as session:
        await room.daily(session, about, times=["12:00", "15:00"])
    said = await refused(room, about)
    assert (said["code"], said["figure"], said["limit"]) == ("schedules.too_many_blocks", 3, 2)


async def test_what_is_too_loud_at_this_hour_is_not_broadcast(room: Room):
    await put(room, cap(60))
    about = await approved(room)
    said = await refused(room, about)
    assert (said["code"], said["figure"], said["limit"], said["rule"]) == ("schedules.too_loud", 80, 60, "Giờ trưa")
    assert await heard(room) == 0
    await broadcast(room, about, 60)


async def test_the_nearest_time_of_what_should_sound_now_is_never_past(room: Room):
    await put(room, limit("blocks", 48))
    room.clock.now = datetime(2026, 3, 10, 14, tzinfo=UTC)  # 21:00 in the commune
    said = await refused(room, await approved(room))
    assert (said["code"], said["time"], said["nearest"]) == ("schedules.outside_hours", "21:00", "05:00 (2026-03-11)")


async def test_an_emergency_is_asked_by_no_limit(room: Room):
    await put(room, limit("blocks", 1))
    await broadcast(room, await approved(room))
    room.clock.move(hours=2)
    async with room.database.writing() as session:
        template = (await room.alarm_templates(session))["flood"]
        emergency = await room.emergencies.launch(
            session, template_id=template.id, audience=Audience(), status=Status.ACTUAL, user_id=OPERATOR
        )
    assert emergency.state is EmergencyState.SOUNDING
