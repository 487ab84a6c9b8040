"""Days of the programme as pages show them, read from the very rows that are ordered."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import event, update
from sqlmodel import col, select

from base.ids import new_id
from devices.contacts import Reach
from devices.couriers.models import DeviceContact
from devices.models import Cluster, Delivery, DeliveryState, DeviceState, Presence
from devices.site import demo_site, enrol_site
from devices.wire.audience import Audience
from schedules.deciding import Asked
from schedules.decisions import Choice
from schedules.edits import Change, Scope
from schedules.marks import Mark
from schedules.models import Occurrence, OccurrenceState, Policy
from schedules.pauses import Occasion, Pause
from schedules.timetable import Days, Entry
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, Room, issue

FIVE = datetime(2026, 3, 10, 22, tzinfo=UTC)
"""05:00 of the day after the tests begin."""
A_DAY = timedelta(days=1)
TOMORROW = FIVE - timedelta(hours=5)
MIDNIGHT = TOMORROW - A_DAY
PROVINCE = next(place.parent_id for place in demo_site().places if place.id == COMMUNE)


async def look(room: Room, among: frozenset[str] | None = None, days: int = 1, start: datetime = TOMORROW) -> Days:
    """Some days, from tomorrow's midnight unless another is given."""
    async with room.database.reading() as session:
        ground = await room.programme.timetable.ground(session, COMMUNE)
        return await room.programme.timetable.look(session, ground, start, start + days * A_DAY, among)


def by_title(found: Days) -> dict[str, Entry]:
    return {entry.row.title: entry for entry in found.entries}


@BOTH
async def test_every_row_is_there_with_what_is_to_be_said_of_it(room: Room):
    """Not only what is heard: what is called off too, each by its own row."""
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved, title="Sáng")
        await room.daily(session, await room.draft(session), title="Nháp", times=("07:00",))
        await room.daily(session, approved, title="Cùng giờ", audience=Audience(clusters=("bn-s02",)))
        await room.daily(session, approved, title="Hủy", times=("09:00",))
        await room.daily(session, approved, title="To", times=("11:00",), volume=90)
        await session.merge(Policy(place_id=COMMUNE, hours=[["05:00", "21:00"]], volume_max=70, source="QĐ 1"))
        called_off = select(Occurrence.id).where(col(Occurrence.title) == "Hủy", col(Occurrence.start_at) > FIVE)
        first = (await session.scalars(called_off.order_by(col(Occurrence.start_at)))).first()
        await room.programme.cancel_occurrence(session, str(first), OPERATOR, "mất điện")
        await room.programme.pause(
            session,
            COMMUNE,
            Pause(new_id(), Audience(places=("bn-v01",)), FIVE, FIVE + A_DAY, Occasion.WEDDING, OPERATOR),
        )
    found = by_title(await look(room))

    assert Mark.CLASH in found["Sáng"].marks
    assert Mark.CLASH in found["Cùng giờ"].marks
    assert Mark.NOT_APPROVED in found["Nháp"].marks
    assert Mark.NOT_APPROVED not in found["Sáng"].marks
    assert Mark.LOUD in found["To"].marks
    assert (found["Hủy"].row.state, found["Hủy"].row.reason) == (OccurrenceState.CANCELLED, "mất điện")
    assert found["Hủy"].marks == ()
    assert found["Sáng"].paused
    assert not found["Sáng"].paused & found["Sáng"].clusters
    assert found["Cùng giờ"].clusters == {"bn-s02"}


@BOTH
async def test_only_what_means_a_cluster_is_shown_of_it_and_what_lies_above_is_shown_with_its_level(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved, title="Mọi nơi")
        await room.daily(session, approved, title="Nơi khác", audience=Audience(clusters=("bn-s02",)))
        session.add(_of_the_province())
        session.add(_of_the_province(Audience(clusters=("another-commune",)), "Tỉnh nói với xã khác"))
    assert "Tỉnh nói với xã khác" not in by_title(await look(room))
    here = by_title(await look(room, frozenset({"bn-s01"})))

    assert set(here) == {"Mọi nơi", "Tiếp sóng tỉnh"}
    assert here["Tiếp sóng tỉnh"].row.level == 2
    assert Mark.CLASH not in here["Mọi nơi"].marks


async def test_a_village_behind_a_slow_link_is_said_to_be_late_until_its_speaker_has_the_sound(room: Room):
    async with room.database.writing() as session:
        await enrol_site(session, demo_site(), keys=room.keys, clock=room.clock)
        device = (await session.get_one(Cluster, "bn-s01")).device_id
        session.add(DeviceContact(device_id=device, reach=Reach.ONLINE, rate_kbit=0.1))
        state = DeviceState(device_id=device, presence=Presence.ONLINE, heard_at=room.clock.now)
        await session.merge(state)
        await room.daily(session, await room.approved(session), title="Nặng", times=("10:05",))
    before = (await look(room, start=MIDNIGHT)).entries[0]
    assert Mark.NOT_IN_TIME in before.marks

    assert await issue(room) > 0
    async with room.database.writing() as session:
        mine = update(Delivery).where(col(Delivery.device_id) == device)
        await session.execute(mine.values(state=DeliveryState.STORED))
    assert Mark.NOT_IN_TIME not in (await look(room, start=MIDNIGHT)).entries[0].marks


async def test_a_replaced_airing_is_shown_once_at_its_new_time(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), title="Dời")
    await issue(room)

    async with room.database.writing() as session:
        [row] = [entry.row for entry in (await look(room)).entries]
        change = Change(time="06:30")
        await room.programme.edit(session, row.schedule_id, row.start_at, Scope.THIS, change, user_id=OPERATOR)
    [entry] = (await look(room)).entries
    assert entry.row.start_at == FIVE + timedelta(minutes=90)


async def test_ten_times_the_airings_need_no_further_question_to_the_database(room: Room):
    asked: list[str] = []
    event.listen(room.database.engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved)
    await look(room, days=2)
    asked.clear()
    few = len((await look(room, days=2)).entries)
    questions = len(asked)
    async with room.database.writing() as session:
        times = tuple(f"{hour:02}:30" for hour in range(6, 20))
        await room.daily(session, approved, times=times[:10])
    asked.clear()
    assert len((await look(room, days=2)).entries) >= 10 * few
    assert len(asked) == questions


def _of_the_province(audience: Audience | None = None, title: str = "Tiếp sóng tỉnh") -> Occurrence:
    return Occurrence(
        id=new_id(),
        place_id=str(PROVINCE),
        title=title,
        audience=(audience or Audience()).to_map(),
        start_at=FIVE + timedelta(hours=7),
        ends_at=FIVE + timedelta(hours=7, minutes=15),
        expires_at=FIVE + timedelta(hours=8),
        level=2,
        created_by=OPERATOR,
        created_at=FIVE - A_DAY,
    )


async def test_what_was_decided_of_two_that_meet_is_no_longer_a_clash(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.daily(session, approved, title="Một")
        await room.daily(session, approved, title="Hai")
    one, two = (entry.row for entry in (await look(room)).entries)
    async with room.database.writing() as session:
        desk = room.programme.clash_desk
        ways = await desk.ways(session, COMMUNE, one.id, two.id, room.clock.now)
        queue = next(each for each in ways.options if each.choice is Choice.QUEUE_AFTER)
        asked = Asked(queue.choice, queue.yields, queue.start, queue.fate, always=True)
        await desk.decide(session, COMMUNE, one.id, two.id, asked, now=room.clock.now, user_id=OPERATOR)
    for entry in (await look(room)).entries:
        assert Mark.DECIDED in entry.marks
        assert Mark.CLASH not in entry.marks
