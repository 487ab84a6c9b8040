"""An announcement's way to air, on a real database."""

from datetime import timedelta

import pytest

from base.errors import Conflict, LoaError, NotFound, Refused
from devices.wire.audience import Audience
from devices.wire.orders import PlayClass
from schedules.models import AnnouncementState
from tests.integration.schedules.conftest import APPROVER, BOTH, COMMUNE, OPERATOR, Room


async def test_it_goes_from_draft_to_approved_and_every_step_is_kept(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session)
        await room.announcements.submit(session, draft.id, OPERATOR)
        room.clock.move(minutes=1)
        await room.announcements.send_back(session, draft.id, APPROVER, "  Sai ngày ")
        room.clock.move(minutes=1)
        await room.announcements.edit(session, draft.id, revision=1, user_id=OPERATOR, title="Tiêm chủng ngày 12")
        await room.announcements.submit(session, draft.id, OPERATOR)
        room.clock.move(minutes=1)
        await room.announcements.approve(session, draft.id, APPROVER, revision=2)
    async with room.database.reading() as session:
        view = await room.announcements.get(session, draft.id)
    assert view.announcement.state is AnnouncementState.APPROVED
    assert view.announcement.title == "Tiêm chủng ngày 12"
    taken = [(step.action, step.user_id, step.revision, step.comment) for step in view.steps]
    assert taken == [
        ("create", OPERATOR, 1, ""),
        ("submit", OPERATOR, 1, ""),
        ("send_back", APPROVER, 1, "Sai ngày"),
        ("edit", OPERATOR, 2, ""),
        ("submit", OPERATOR, 2, ""),
        ("approve", APPROVER, 2, ""),
    ]
    [version] = view.versions
    assert (version.language, version.asset.duration_ms > 1_000) == ("vi", True)
    assert [rendition.codec for rendition in version.renditions] == ["opus16", "opus8"]


async def test_editing_what_was_approved_makes_it_a_draft_again(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        edited = await room.announcements.edit(
            session, approved.id, revision=1, user_id=OPERATOR, play_class=PlayClass.PRIORITY
        )
        assert (edited.state, edited.revision, edited.play_class) == (AnnouncementState.DRAFT, 2, 2)


async def test_an_edit_of_something_older_is_refused_and_changes_nothing(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session)
        await room.announcements.edit(session, draft.id, revision=1, user_id=OPERATOR, title="Một")
    with pytest.raises(Conflict) as refusal:
        async with room.database.writing() as session:
            await room.announcements.edit(session, draft.id, revision=1, user_id=OPERATOR, title="Hai")
    assert refusal.value.code == "schedules.stale_revision"
    assert refusal.value.params == {"seen": 1, "current": 2}
    async with room.database.reading() as session:
        assert (await room.announcements.get(session, draft.id)).announcement.title == "Một"


@BOTH
async def test_versions_are_replaced_as_a_whole_and_vietnamese_comes_first(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session)
        first, second = await room.asset(session), await room.asset(session)
        await room.announcements.edit(
            session, draft.id, revision=1, user_id=OPERATOR, versions={"hmn": first, "vi": second}
        )
    async with room.database.reading() as session:
        versions = (await room.announcements.get(session, draft.id)).versions
    assert [(version.language, version.asset.id) for version in versions] == [("vi", second), ("hmn", first)]


async def test_what_the_speakers_have_cannot_be_changed_or_put_away(room: Room):
    async with room.database.writing() as session:
        approved = await room.approved(session)
        await room.programme.broadcast_now(session, announcement_id=approved.id, audience=Audience(), user_id=OPERATOR)
    async with room.database.writing() as session:
        with pytest.raises(Conflict) as refusal:
            await room.announcements.edit(session, approved.id, revision=1, user_id=OPERATOR, title="Khác")
        assert refusal.value.code == "schedules.announcement_issued"
        with pytest.raises(Conflict):
            await room.announcements.archive(session, approved.id, OPERATOR)
        room.clock.move(seconds=9)
        await room.announcements.edit(session, approved.id, revision=1, user_id=OPERATOR, title="Khác")


async def test_what_a_schedule_still_uses_cannot_be_put_away(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session)
        schedule = await room.daily(session, draft)
        with pytest.raises(Conflict) as refusal:
            await room.announcements.archive(session, draft.id, OPERATOR)
        assert refusal.value.code == "schedules.announcement_scheduled"
        await room.programme.end_schedule(session, schedule.id, OPERATOR)
        archived = await room.announcements.archive(session, draft.id, OPERATOR)
        assert archived.state is AnnouncementState.ARCHIVED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": "  "}, "schedules.title_wrong"),
        ({"title": "x" * 201}, "schedules.title_wrong"),
        ({"play_class": 3}, "schedules.class_not_allowed"),
        ({"play_class": -1}, "schedules.class_not_allowed"),
        ({"level": 4}, "schedules.level_wrong"),
        ({"versions": {}}, "schedules.no_versions"),
        ({"versions": {"Tiếng Việt": "x"}}, "schedules.language_wrong"),
        ({"versions": {"vi": "01JZZZZZZZZZZZZZZZZZZZZZZZ"}}, "schedules.asset_unknown"),
    ],
)
async def test_what_cannot_be_announced_is_refused(room: Room, change: dict[str, object], code: str):
    async with room.database.writing() as session:
        given = {
            "place_id": COMMUNE,
            "title": "Tin",
            "versions": {"vi": await room.asset(session)},
            "user_id": OPERATOR,
        }
        with pytest.raises(Refused) as refusal:
            await room.announcements.create(session, **(given | change))  # type: ignore[arg-type] # wrong on purpose
        assert refusal.value.code == code


async def test_a_sound_of_another_commune_is_refused(room: Room):
    async with room.database.writing() as session:
        foreign = await room.audio.save(session, room.speech, commune_id="bac-ha", title="Tin", user_id=None)
        with pytest.raises(Refused) as refusal:
            await room.announcements.create(
                session, place_id=COMMUNE, title="Tin", versions={"vi": foreign.id}, user_id=OPERATOR
            )
        assert refusal.value.code == "schedules.asset_unknown"


@pytest.mark.parametrize("step", ["approve", "archive", "submit"])
async def test_an_unknown_announcement_is_not_found(room: Room, step: str):
    async with room.database.writing() as session:
        with pytest.raises(NotFound):
            await getattr(room.announcements, step)(session, "01JZZZZZZZZZZZZZZZZZZZZZZZ", APPROVER)


async def test_sending_back_needs_a_comment(room: Room):
    async with room.database.writing() as session:
        draft = await room.draft(session)
        await room.announcements.submit(session, draft.id, OPERATOR)
        with pytest.raises(LoaError) as refusal:
            await room.announcements.send_back(session, draft.id, APPROVER, "   ")
        assert refusal.value.code == "schedules.comment_missing"


async def test_the_list_is_newest_first_and_goes_on_where_it_ended(room: Room):
    async with room.database.writing() as session:
        made = [(await room.draft(session, f"Tin {number}")).id for number in range(4)]
        room.clock.now += timedelta(seconds=1)
        await room.announcements.submit(session, made[0], OPERATOR)
    newest = sorted(made, reverse=True)
    async with room.database.reading() as session:
        first = await room.announcements.list(session, COMMUNE, limit=3)
        rest = await room.announcements.list(session, COMMUNE, before=first[-1].announcement.id)
        submitted = await room.announcements.list(session, COMMUNE, state=AnnouncementState.SUBMITTED)
    assert [view.announcement.id for view in [*first, *rest]] == newest
    assert [view.announcement.id for view in submitted] == [made[0]]
