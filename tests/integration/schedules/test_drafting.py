"""A week is drafted without anything being planned, and published at once, undone by one undo."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from base.errors import Conflict, NotFound, Refused
from devices.wire.audience import Audience
from schedules.allowances import Allowance, Kind, Limit
from schedules.drafting import MAX_OPEN, Begin, NewAirings
from schedules.edits import Change, Scope
from schedules.models import DraftState, Occurrence, OccurrenceState, Policy, ProgrammeDraft, ScheduleState
from schedules.policy import Rules
from schedules.stored_policy import policy_to_map
from schedules.weeks import Line, Week
from tests.integration.schedules.conftest import BOTH, COMMUNE, OPERATOR, TODAY, ZONE, Room

A_DAY = timedelta(days=1)
MONDAY = TODAY + 6 * A_DAY
"""Of the week after the present one."""


async def drafted(room: Room, session: AsyncSession, **said: object) -> ProgrammeDraft:
    begin: dict[str, object] = {"name": "Tuần tới", "day": MONDAY, "user_id": OPERATOR} | said
    return await room.programme.drafts.create(session, COMMUNE, **begin)  # type: ignore[arg-type] # any of its words


def at(day: int, time: str) -> str:
    return f"{MONDAY + day * A_DAY:%d} {time}"


async def heard(session: AsyncSession) -> Counter[str]:
    """What is planned of the drafted week."""
    open_states = [OccurrenceState.PLANNED, OccurrenceState.ISSUED]
    found = await session.scalars(select(Occurrence).where(col(Occurrence.state).in_(open_states)))
    starts = [row.start_at.astimezone(ZONE) for row in found]
    return Counter(f"{start:%d %H:%M}" for start in starts if MONDAY <= start.date() < MONDAY + 7 * A_DAY)


@BOTH
async def test_a_week_is_published_whole_and_one_undo_takes_it_back(room: Room) -> None:
    async with room.database.writing() as session:
        news = await room.approved(session)
        talk = await room.approved(session, "Nói chuyện")
        schedule = await room.daily(session, news)
        before = await heard(session)
    first = room.clock().replace(hour=22) + 5 * A_DAY
    async with room.database.writing() as session:
        draft = await drafted(room, session)
        desk, said = room.programme.drafts, {"user_id": OPERATOR}
        name = (schedule.id, first)
        await desk.change(session, draft.id, name, Change(time="05:45"), revision=1, **said)
        later = (schedule.id, first + A_DAY)
        await desk.change(session, draft.id, later, Change(cancel=True), revision=2, **said)
        new = NewAirings(talk.id, (MONDAY, MONDAY + 2 * A_DAY), ("17:00",), Audience(), 70)
        await desk.add(session, draft.id, new, revision=3, **said)
        assert await heard(session) == before
        looked = await desk.look(session, draft.id)
        assert (looked.problems, looked.waiting, looked.stale) == ((), (), ())
        await desk.publish(session, draft.id, revision=4, **said)
    async with room.database.writing() as session:
        assert (await desk.find(session, draft.id)).state is DraftState.PUBLISHED
        wanted = set(before) - {at(0, "05:00"), at(1, "05:00")} | {at(0, "05:45"), at(0, "17:00"), at(2, "17:00")}
        assert await heard(session) == Counter(wanted)
        await room.programme.undo(session, COMMUNE, OPERATOR)
    async with room.database.writing() as session:
        assert await heard(session) == before
        with pytest.raises(Conflict, match="draft_closed"):
            await desk.publish(session, draft.id, revision=4, **said)
        with pytest.raises(Conflict, match="draft_closed"):
            await desk.discard(session, draft.id, **said)


async def test_everything_that_keeps_a_draft_back_is_told_and_nothing_is_planned(room: Room) -> None:
    rules = Allowance(Rules.of(ZONE), (Limit(Kind.BLOCKS, 2, "2 buổi", "QĐ 1"),))
    async with room.database.writing() as session:
        session.add(Policy(place_id=COMMUNE, hours=[["05:00", "22:00"]], allowance=policy_to_map(rules)))
        draft = await drafted(room, session)
        waiting = await room.draft(session, "Chưa duyệt")
        urgent = [await room.draft(session, f"Khẩn {n}") for n in (1, 2)]
        for each in urgent:
            each.play_class = 2
            await room.announcements.submit(session, each.id, OPERATOR)
            await room.announcements.approve(session, each.id, "approver")
        desk, said, whole = room.programme.drafts, {"user_id": OPERATOR}, Audience()
        for number, (about, times) in enumerate(
            [
                (waiting.id, ("05:00", "12:00", "17:00")),
                (urgent[0].id, ("12:00",)),
                (urgent[1].id, ("12:00",)),
                (waiting.id, ("03:15",)),
            ]
        ):
            new = NewAirings(about, (MONDAY,), times, whole)
            await desk.add(session, draft.id, new, revision=1 + number, **said)
        looked = await desk.look(session, draft.id)
        assert {each.refusal.code.removeprefix("schedules.") for each in looked.problems} == {
            "outside_hours",
            "too_many_blocks",
            "draft_clash",
            "draft_not_approved",
        }
        assert [each.title for each in looked.waiting] == ["Chưa duyệt"]
        assert any(each.to_decide for each in looked.meetings)
        with pytest.raises(Conflict, match="draft_not_ready"):
            await desk.publish(session, draft.id, revision=5, **said)
        assert await heard(session) == Counter()


async def test_a_draft_of_schedules_that_changed_since_is_told_which_and_refreshed(room: Room) -> None:
    async with room.database.writing() as session:
        schedule = await room.daily(session, await room.approved(session))
        draft = await drafted(room, session)
        first = room.clock().replace(hour=22) + 5 * A_DAY
        desk, said = room.programme.drafts, {"user_id": OPERATOR}
        await desk.change(session, draft.id, (schedule.id, first), Change(time="06:30"), revision=1, **said)
        await room.programme.edit(session, schedule.id, first + A_DAY, Scope.THIS, Change(volume=30), user_id=OPERATOR)
        looked = await desk.look(session, draft.id)
        assert looked.stale == (schedule.id,)
        with pytest.raises(Conflict, match="draft_not_ready"):
            await desk.publish(session, draft.id, revision=2, **said)
        with pytest.raises(Conflict, match="stale_revision"):
            await desk.refresh(session, draft.id, revision=1, **said)
        _, lost = await desk.refresh(session, draft.id, revision=2, **said)
        assert lost == 0
        await desk.publish(session, draft.id, revision=3, **said)
        assert at(0, "06:30") in await heard(session)
        volumes = await session.scalars(select(Occurrence).where(col(Occurrence.volume) == 30))
        assert len(list(volumes)) == 1


async def test_a_draft_begins_empty_or_as_another_week_was(room: Room) -> None:
    async with room.database.writing() as session:
        news = await room.approved(session)
        schedule = await room.daily(session, news)
        await room.daily(
            session, await room.approved(session, "Phiên chợ"), rrule="", first_day=MONDAY, times=["09:00"]
        )
        desk, said = room.programme.drafts, {"user_id": OPERATOR}
        empty = await drafted(room, session, begin=Begin.EMPTY)
        assert len((await desk.look(session, empty.id)).week.ended) == 1
        after = MONDAY + 7 * A_DAY
        copy = await drafted(room, session, begin=Begin.COPY, day=after, source=MONDAY + 3 * A_DAY)
        looked = await desk.look(session, copy.id)
        fates = Counter((line.fate, line.plan == schedule.id) for line in looked.lines)
        assert fates == {("same", True): 7, ("new", False): 1}
        await desk.publish(session, empty.id, revision=1, **said)
        assert await heard(session) == Counter()
        await room.programme.undo(session, COMMUNE, OPERATOR)
        assert len(await heard(session)) == 8


async def test_wrong_input_makes_no_draft_and_changes_none(room: Room) -> None:
    async with room.database.writing() as session:
        news = await room.approved(session)
        draft, desk, said = await drafted(room, session), room.programme.drafts, {"user_id": OPERATOR}
    whole = Audience()
    wrong: list[tuple[NewAirings, str]] = [
        (NewAirings("0" * 26, (MONDAY,), ("17:00",), whole), "announcement_unknown"),
        (NewAirings(news.id, (), ("17:00",), whole), "draft_days"),
        (NewAirings(news.id, (MONDAY - A_DAY,), ("17:00",), whole), "draft_outside_week"),
        (NewAirings(news.id, (MONDAY,), ("25:00",), whole), "time_wrong"),
        (NewAirings(news.id, (MONDAY,), (), whole), "times_count"),
        (NewAirings(news.id, (MONDAY,), ("17:00",), Audience(places=("nowhere",))), "audience_unknown"),
        (NewAirings(news.id, (MONDAY,), ("17:00",), whole, 101), "volume_wrong"),
    ]
    for new, code in wrong:
        async with room.database.writing() as session:
            with pytest.raises(Refused, match=code):
                await desk.add(session, draft.id, new, revision=1, **said)
    async with room.database.writing() as session:
        with pytest.raises(NotFound, match="draft_unknown"):
            await desk.publish(session, "0" * 26, revision=1, **said)
        with pytest.raises(Conflict, match="draft_empty"):
            await desk.publish(session, draft.id, revision=1, **said)
        for wrong_words in (
            {"name": "  "},
            {"name": "x" * 81},
            {"day": TODAY - 8 * A_DAY},
            {"day": TODAY + 400 * A_DAY},
        ):
            with pytest.raises(Refused, match=r"draft_(name|week)"):
                await drafted(room, session, **wrong_words)
        for _ in range(MAX_OPEN - 1):
            await drafted(room, session)
        with pytest.raises(Conflict, match="drafts_count"):
            await drafted(room, session)
        await desk.discard(session, draft.id, **said)
        assert (await desk.discard(session, draft.id, **said)).state is DraftState.DISCARDED
        await drafted(room, session)


async def test_a_schedule_the_draft_ends_is_ended_and_one_it_leaves_goes_on(room: Room) -> None:
    async with room.database.writing() as session:
        once = await room.daily(session, await room.approved(session), rrule="", first_day=MONDAY, times=["09:00"])
        draft = await drafted(room, session, begin=Begin.EMPTY)
        await room.programme.drafts.publish(session, draft.id, revision=1, user_id=OPERATOR)
        assert (await room.programme.schedule(session, once.id)).state is ScheduleState.ENDED


async def test_looking_at_a_draft_works_the_week_out_as_often_however_many_airings_it_has(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counter[str]()
    lines = Week.lines

    def counting(week: Week) -> tuple[Line, ...]:
        counted["lines"] += 1
        return lines(week)

    async with room.database.writing() as session:
        news = await room.approved(session)
        monkeypatch.setattr(Week, "lines", counting)
        found = {}
        for hour in (8, 9, 10):
            await room.daily(session, news, times=(f"{hour:02}:00",))
            draft = await drafted(room, session, name=f"{hour}")
            counted.clear()
            looked = await room.programme.drafts.look(session, draft.id)
            found[len(looked.lines)] = counted["lines"]
    assert [*found] == [7, 14, 21]
    assert len(set(found.values())) == 1, found
