"""Orders for what is due: a few at a time, and nothing keeps others back."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from devices.contacts import Reach
from devices.couriers.models import DeviceContact
from devices.keys import ensure_authority
from devices.models import Cluster, ClusterKind, Device, OrderEntry, Place, PlaceKind
from devices.wire.audience import Audience
from devices.wire.content import Tone
from devices.wire.orders import Play
from schedules.models import Occurrence, OccurrenceState
from schedules.service import IssueRound
from tests.integration.schedules.conftest import APPROVER, BOTH, COMMUNE, OPERATOR, Room, issue

NEIGHBOUR = "ban-lien"
HOURLY = [f"{hour:02d}:00" for hour in range(5, 20)]


async def neighbour(room: Room, session: AsyncSession, *, key: bool) -> None:
    """Another commune with fifteen airings a day, all before ours; its signing key may be missing."""
    session.add(Place(id=NEIGHBOUR, kind=PlaceKind.COMMUNE, parent_id="lao-cai", name="Bản Liền", languages=["vi"]))
    await session.flush()
    session.add(Place(id="bl-v1", kind=PlaceKind.VILLAGE, parent_id=NEIGHBOUR, name="Đội 1"))
    await session.flush()
    session.add(
        Cluster(
            id="bl-s1", name="Đội 1", kind=ClusterKind.SMART, commune_id=NEIGHBOUR, village_id="bl-v1", languages=["vi"]
        )
    )
    saved = await room.audio.save(session, room.speech, commune_id=NEIGHBOUR, title="Tin", user_id=OPERATOR)
    draft = await room.announcements.create(
        session, place_id=NEIGHBOUR, title="Tin", versions={"vi": saved.id}, user_id=OPERATOR
    )
    await room.announcements.submit(session, draft.id, OPERATOR)
    await room.daily(session, await room.announcements.approve(session, draft.id, APPROVER), times=HOURLY)
    if key:
        await ensure_authority(session, room.devices._keys, NEIGHBOUR, room.clock)


async def issued(room: Room, place_id: str) -> int:
    query = select(Occurrence).where(col(Occurrence.place_id) == place_id)
    async with room.database.reading() as session:
        found = await session.scalars(query.where(col(Occurrence.state) == OccurrenceState.ISSUED))
        return len(found.all())


async def test_one_transaction_orders_only_a_few_so_that_an_alarm_never_waits_long(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=HOURLY)
    issue_round = IssueRound()
    async with room.database.writing() as session:
        assert len(await room.programme.issue_due(session, room.clock(), issue_round)) == 5
    assert issue_round.more
    assert 100 <= await issue(room) <= 105
    assert await issue(room) == 0


@BOTH
async def test_a_commune_without_its_key_keeps_no_other_commune_waiting(room: Room):
    async with room.database.writing() as session:
        await neighbour(room, session, key=False)
        await room.daily(session, await room.approved(session), times=["19:30"])
    assert await issue(room) == await issued(room, COMMUNE) == 7
    async with room.database.writing() as session:
        await ensure_authority(session, room.devices._keys, NEIGHBOUR, room.clock)
    assert await issue(room) == await issued(room, NEIGHBOUR) > 90


async def test_airings_that_were_ordered_behind_our_back_keep_no_others_waiting(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=HOURLY)
        for occurrence in await room.programme.upcoming(session, COMMUNE, limit=12):
            play = Play(occurrence.id, None, (Tone(((600, 600, 1_000, 0),)),))
            await room.devices.order_play(session, COMMUNE, play, Audience(), occurrence.expires_at)
    assert 90 <= await issue(room) <= 98


async def test_what_is_too_late_to_begin_keeps_nothing_waiting(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=HOURLY)
    room.clock.move(hours=23)
    assert await issue(room) > 90
    async with room.database.reading() as session:
        entries = (await session.scalars(select(OrderEntry))).all()
    assert all(entry.expires_at > room.clock() for entry in entries)


@BOTH
async def test_where_couriers_go_the_whole_month_is_ordered_ahead(room: Room):
    async with room.database.writing() as session:
        await room.daily(session, await room.approved(session), times=["17:00"])
        session.add(Device(id="bn-s01", commune_id=COMMUNE, public=bytes(32), enrolled_at=room.clock()))
    assert await issue(room) == 7
    async with room.database.writing() as session:
        session.add(DeviceContact(device_id="bn-s01", reach=Reach.COURIER))
    assert await issue(room) == 30 - 7
