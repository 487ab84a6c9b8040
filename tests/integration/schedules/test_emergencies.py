"""Emergencies: one order to air, drills apart, an end that is told, and a bank that is ready before."""

from datetime import timedelta

import pytest

from audio.tones import TONES
from base.errors import Conflict, Forbidden, Refused
from base.times import to_ms
from devices.wire.audience import Audience
from devices.wire.content import Speech, Tone
from devices.wire.orders import AllClear, Cancel, Hold, Order, Play, PlayClass, Repeat, Status, renditions_in
from schedules.dispatch import tone
from schedules.models import EmergencyState, OccurrenceState
from tests.integration.schedules.conftest import BOTH, COMMUNE, DEPUTY, MORNING, OFFICER, Room, deliveries, orders

SIRENS = {tone(name) for name in TONES if name.startswith("siren")}


async def launch(room: Room, key: str = "flood", *, status: Status = Status.ACTUAL, audience: Audience | None = None):
    async with room.database.writing() as session:
        template = (await room.alarm_templates(session))[key]
        return await room.emergencies.launch(
            session, template_id=template.id, audience=audience or Audience(), status=status, user_id=OFFICER
        )


async def every_order(room: Room, kind: str | None = None) -> list[Order]:
    async with room.database.reading() as session:
        return await orders(session, kind)


def tones(play: Play) -> set[Tone]:
    return {part for part in play.parts if isinstance(part, Tone)}


async def test_the_first_templates_are_made_once_with_words_and_sirens(room: Room):
    async with room.database.writing() as session:
        first = await room.emergencies.ensure_templates(session, COMMUNE)
        again = await room.emergencies.ensure_templates(session, COMMUNE)
    assert [template.id for template in again] == [template.id for template in first]
    assert {template.key: template.tone for template in first} == {
        "flood": "siren-flood",
        "storm": "siren-storm",
        "all-clear": "all-clear",
    }
    assert all(set(template.titles) == {"vi", "en"} and template.texts["vi"] for template in first)


async def test_an_alarm_is_one_order_that_repeats_until_it_is_cleared(room: Room):
    emergency = await launch(room)
    [order] = await every_order(room)
    play = order.body
    assert isinstance(play, Play)
    assert play.start_ms is None
    assert (play.play_class, play.status, play.repeat) == (PlayClass.EMERGENCY, Status.ACTUAL, Repeat(0, 30_000))
    assert play.title == emergency.title == "Báo động lũ"
    siren, _, speech = play.parts
    assert siren == tone("siren-flood")
    assert isinstance(speech, Speech)
    assert speech.versions[0].language == "vi"
    assert order.expires_ms == to_ms(MORNING + timedelta(hours=2)) == to_ms(emergency.expires_at)
    async with room.database.reading() as session:
        occurrence = await room.programme.occurrence(session, emergency.occurrence_id)
        assert len(await deliveries(session, occurrence.id)) == 57
    assert (occurrence.immediate, occurrence.state, occurrence.clusters) == (True, OccurrenceState.ISSUED, 57)
    assert (occurrence.start_at, occurrence.emergency_id) == (MORNING, emergency.id)


async def test_an_alarm_sounds_at_night_too(room: Room):
    room.clock.move(hours=17)  # 03:00 in the commune
    assert (await launch(room)).state is EmergencyState.SOUNDING


async def test_a_drill_at_night_is_refused_with_the_nearest_permitted_time(room: Room):
    room.clock.move(hours=17)  # 03:00 in the commune
    with pytest.raises(Refused) as refusal:
        await launch(room, status=Status.DRILL)
    assert refusal.value.code == "schedules.outside_hours"
    assert refusal.value.params["nearest"] == "05:00"
    assert await every_order(room) == []


@pytest.mark.parametrize("key", ["flood", "storm"])
async def test_a_drill_never_looks_actual(room: Room, key: str):
    emergency = await launch(room, key, status=Status.DRILL)
    [order] = await every_order(room)
    play = order.body
    assert isinstance(play, Play)
    assert (play.status, emergency.status) == (Status.DRILL, Status.DRILL)
    assert play.title.startswith("DIỄN TẬP")
    assert play.repeat.count == 1
    assert play.parts[0] == play.parts[-1] == tone("drill")
    assert tones(play) == {tone("drill")}
    assert not tones(play) & SIRENS
    spoken = [part for part in play.parts if isinstance(part, Speech)]
    exercise, words, again = spoken
    assert exercise == again != words
    assert emergency.expires_at < MORNING + timedelta(minutes=15)


async def test_a_drill_whose_exercise_nobody_announces_has_no_words(room: Room):
    async with room.database.writing() as session:
        template = (await room.alarm_templates(session))["flood"]
        template.assets = {"vi": template.assets["vi"]}
        await session.flush()
        await room.emergencies.launch(
            session, template_id=template.id, audience=Audience(), status=Status.DRILL, user_id=OFFICER
        )
        [order] = await orders(session)
    assert isinstance(order.body, Play)
    assert order.body.parts == (tone("drill"),)


async def test_an_alarm_whose_words_are_not_spoken_yet_still_sounds_its_siren(room: Room):
    async with room.database.writing() as session:
        template = (await room.emergencies.ensure_templates(session, COMMUNE))[0]
        await room.emergencies.launch(
            session, template_id=template.id, audience=Audience(), status=Status.ACTUAL, user_id=OFFICER
        )
        [order] = await orders(session)
    assert isinstance(order.body, Play)
    assert order.body.parts == (tone("siren-flood"),)


@pytest.mark.parametrize("status", [Status.ACTUAL, Status.DRILL])
async def test_all_clear_ends_the_alarm_and_tells_people(room: Room, status: Status):
    emergency = await launch(room, status=status, audience=Audience(places=("bn-v01", "bn-v02")))
    room.clock.move(minutes=5)
    async with room.database.writing() as session:
        cleared = await room.emergencies.all_clear(session, emergency.id, DEPUTY)
    [alarm, clear, told] = await every_order(room)
    assert clear.body == AllClear((emergency.occurrence_id,))
    assert clear.audience == Audience()
    assert clear.expires_ms > alarm.expires_ms
    assert isinstance(told.body, Play)
    assert told.body.start_ms is None
    assert (told.body.play_class, told.body.status, told.body.repeat.count) == (PlayClass.EMERGENCY, status, 1)
    assert tones(told.body) == {tone("all-clear" if status is Status.ACTUAL else "drill")}
    assert told.audience == alarm.audience
    assert (cleared.state, cleared.ended_by) == (EmergencyState.CLEARED, DEPUTY)
    assert cleared.clear_occurrence_id == told.body.occurrence
    async with room.database.reading() as session:
        over = await room.programme.occurrence(session, emergency.occurrence_id)
        assert (over.state, over.reason) == (OccurrenceState.OVER, "cleared")
        assert await deliveries(session, told.body.occurrence) == await deliveries(session, emergency.occurrence_id)


async def test_an_alarm_can_be_cleared_once_and_not_stopped_after(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        await room.emergencies.all_clear(session, emergency.id, OFFICER)
        for again in (room.emergencies.all_clear, room.emergencies.stop):
            with pytest.raises(Conflict) as refusal:
                await again(session, emergency.id, OFFICER)
            assert refusal.value.code == "schedules.emergency_over"
    assert len(await every_order(room)) == 3


@BOTH
async def test_stop_is_one_silent_cancel_and_people_can_be_told_later(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        stopped = await room.emergencies.stop(session, emergency.id, OFFICER)
        assert stopped.state is EmergencyState.STOPPED
    [cancel] = await every_order(room, "cancel")
    assert cancel.body == Cancel((emergency.occurrence_id,), "stopped")
    async with room.database.writing() as session:
        cleared = await room.emergencies.all_clear(session, emergency.id, OFFICER)
    assert cleared.state is EmergencyState.CLEARED
    assert len(await every_order(room, "all_clear")) == 1


async def test_stop_all_also_stops_an_alarm_and_one_still_under_way_to_a_speaker(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        await room.programme.stop_all(session, COMMUNE, OFFICER)
        assert (await room.emergencies.get(session, emergency.id)).state is EmergencyState.STOPPED
    [cancel] = await every_order(room, "cancel")
    assert cancel.body == Cancel((emergency.occurrence_id,), "stopped")


async def test_stop_all_stops_an_alarm_although_the_servers_clock_was_set_back(room: Room):
    emergency = await launch(room)
    room.clock.move(hours=-1)
    async with room.database.writing() as session:
        await room.programme.stop_all(session, COMMUNE, OFFICER)
        assert (await room.emergencies.get(session, emergency.id)).state is EmergencyState.STOPPED
    alarm, stop, cancel = await every_order(room)
    assert cancel.body == Cancel((emergency.occurrence_id,), "stopped")
    # A speaker stops only what was issued before the stop.
    assert alarm.issued_ms < stop.issued_ms < cancel.issued_ms


async def test_stopping_bulletins_leaves_an_alarm_alone(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        await room.programme.stop_all(session, COMMUNE, OFFICER, PlayClass.PRIORITY)
        assert (await room.emergencies.get(session, emergency.id)).state is EmergencyState.SOUNDING
    assert await every_order(room, "cancel") == []


async def test_an_airing_of_an_alarm_is_not_cancelled_like_a_bulletin(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        with pytest.raises(Conflict) as refusal:
            await room.programme.cancel_occurrence(session, emergency.occurrence_id, OFFICER)
    assert refusal.value.code == "schedules.is_emergency"


@BOTH
async def test_an_alarm_runs_out(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        assert await room.emergencies.expire(session, emergency.expires_at - timedelta(seconds=1)) == []
        [changed] = await room.emergencies.expire(session, emergency.expires_at)
        assert await room.emergencies.expire(session, emergency.expires_at) == []
        assert (await room.emergencies.get(session, emergency.id)).state is EmergencyState.EXPIRED
    assert changed.emergency_id == emergency.id


async def test_only_a_second_person_countersigns_and_only_once(room: Room):
    emergency = await launch(room)
    async with room.database.writing() as session:
        with pytest.raises(Forbidden):
            await room.emergencies.countersign(session, emergency.id, OFFICER)
        signed = await room.emergencies.countersign(session, emergency.id, DEPUTY)
        assert (signed.countersigned_by, signed.countersigned_at) == (DEPUTY, MORNING)
        with pytest.raises(Conflict):
            await room.emergencies.countersign(session, emergency.id, "third")


@pytest.mark.parametrize(
    ("key", "status", "audience", "code"),
    [
        ("all-clear", Status.ACTUAL, Audience(), "schedules.template_not_alarm"),
        ("flood", Status.TEST, Audience(), "schedules.status_wrong"),
        ("flood", Status.ACTUAL, Audience(clusters=("bn-s99",)), "schedules.audience_unknown"),
        ("flood", Status.ACTUAL, Audience(places=("bn-v01",), but=("bn-s01", "bn-w01")), "schedules.nobody_meant"),
    ],
)
async def test_what_cannot_be_started_is_refused_and_nothing_sounds(
    room: Room, key: str, status: Status, audience: Audience, code: str
):
    with pytest.raises(Refused) as refusal:
        await launch(room, key, status=status, audience=audience)
    assert refusal.value.code == code
    assert await every_order(room) == []


async def test_the_all_clear_reaches_whom_the_alarm_reached_although_the_zone_is_gone(room: Room):
    async with room.database.writing() as session:
        await room.devices.save_zone(session, zone_id="suoi", commune_id=COMMUNE, name="Suối", cluster_ids=["bn-s03"])
    emergency = await launch(room, audience=Audience(zones=("suoi",)))
    async with room.database.writing() as session:
        await room.devices.save_zone(session, zone_id="suoi", commune_id=COMMUNE, name="Suối", cluster_ids=[])
        cleared = await room.emergencies.all_clear(session, emergency.id, OFFICER)
        assert await deliveries(session, cleared.clear_occurrence_id or "") == {"bn-s03"}


@BOTH
async def test_a_preview_says_whom_it_reaches_and_whom_not_now(room: Room):
    async with room.database.writing() as session:
        template = (await room.alarm_templates(session))["storm"]
        preview = await room.emergencies.preview(session, template.id, Audience())
        one = await room.emergencies.preview(session, template.id, Audience(places=("bn-v01",)))
    assert (preview.smart, preview.wireless, preview.clusters) == (38, 19, 57)
    assert (len(preview.villages), preview.people > 10_000) == (38, True)
    # No device has ever been heard of here.
    assert len(preview.unreachable) == 57
    assert (preview.tone, preview.repeat) == ("siren-storm", Repeat(0, 30_000))
    assert preview.texts["vi"].startswith("Báo động bão")
    assert 0 < one.people < preview.people


@BOTH
async def test_the_bank_is_filled_once_and_again_only_when_the_content_changed(room: Room):
    async with room.database.writing() as session:
        templates = await room.alarm_templates(session)
        held = await room.emergencies.hold_orders(session, COMMUNE)
    assert len(held) == 3
    async with room.database.writing() as session:
        assert await room.emergencies.hold_orders(session, COMMUNE) == []
        flood = templates["flood"]
        changed = await session.merge(flood)
        changed.assets = changed.assets | {"hmn": await room.asset(session)}
        changed.held_at = None
        await session.flush()
        [again] = await room.emergencies.hold_orders(session, COMMUNE)
    last = (await every_order(room))[-1]
    assert last.id == again.id
    assert isinstance(last.body, Hold)
    assert last.body.bank == "flood"
    async with room.database.writing() as session:
        assert await room.emergencies.hold_orders(session, COMMUNE) == []
        room.clock.move(days=61)
        assert len(await room.emergencies.hold_orders(session, COMMUNE)) == 3


async def test_everything_an_alarm_its_drill_and_its_end_sound_is_in_the_bank(room: Room):
    async with room.database.writing() as session:
        await room.alarm_templates(session)
        await room.emergencies.hold_orders(session, COMMUNE)
    for status in (Status.ACTUAL, Status.DRILL):
        emergency = await launch(room, status=status)
        async with room.database.writing() as session:
            await room.emergencies.all_clear(session, emergency.id, OFFICER)
    found = await every_order(room)
    bank = {
        rendition.sha256 for order in found if isinstance(order.body, Hold) for rendition in renditions_in(order.body)
    }
    sounded = {r.sha256 for order in found if isinstance(order.body, Play) for r in renditions_in(order.body)}
    assert sounded
    assert sounded <= bank


async def test_words_that_nobody_has_spoken_are_not_held(room: Room):
    async with room.database.writing() as session:
        templates = await room.emergencies.ensure_templates(session, COMMUNE)
        assert await room.emergencies.unprepared_templates(session, COMMUNE) == templates
        assert await room.emergencies.hold_orders(session, COMMUNE) == []
        await room.alarm_templates(session)
        assert await room.emergencies.unprepared_templates(session, COMMUNE) == []


async def test_what_is_on_the_list_is_newest_first(room: Room):
    first = await launch(room)
    second = await launch(room, "storm", status=Status.DRILL)
    async with room.database.reading() as session:
        listed = await room.emergencies.list(session, COMMUNE)
        older = await room.emergencies.list(session, COMMUNE, before=second.id)
        sounding = await room.emergencies.list(session, COMMUNE, state=EmergencyState.SOUNDING)
    assert [each.id for each in listed] == [second.id, first.id]
    assert [each.id for each in older] == [first.id]
    assert len(sounding) == 2
