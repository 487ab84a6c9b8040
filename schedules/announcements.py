"""Announcements and sessions of them: what is to be heard, in which languages, and whether it may be."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from audio.models import AudioAsset, Rendition
from audio.service import AudioService
from base.errors import Conflict, Forbidden, NotFound, Refused
from base.ids import new_id
from base.times import Clock
from devices.wire.orders import Level, PlayClass
from schedules import approval, approving, bulletins, composing
from schedules.approval import Action
from schedules.approver import Approver
from schedules.composing import ItemView
from schedules.composition import Composition
from schedules.content import composition_of, in_sessions
from schedules.dispatch import MAX_TITLE, in_order_of_need
from schedules.models import Announcement, AnnouncementState, ApprovalStep
from schedules.repository import announcements as rows
from schedules.retiming import retime

_LANGUAGE = re.compile(r"(?=.{2,16}$)[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class VersionView:
    """One language of an announcement with its sound."""

    language: str
    asset: AudioAsset
    renditions: tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class AnnouncementView:
    """An announcement with everything a page shows of it; the first version is the main one.

    A session has no versions but a composition: identification, and items, one for each of `composition.items`.
    """

    announcement: Announcement
    versions: tuple[VersionView, ...]
    steps: tuple[ApprovalStep, ...]
    composition: Composition | None = None
    identification: ItemView | None = None
    items: tuple[ItemView, ...] = ()


class AnnouncementService:
    """Every method works inside the caller's transaction. An unknown id raises NotFound."""

    def __init__(self, audio: AudioService, clock: Clock) -> None:
        self._audio = audio
        self._clock = clock

    async def create(
        self,
        session: AsyncSession,
        *,
        place_id: str,
        title: str,
        play_class: int = PlayClass.NORMAL,
        level: int = Level.COMMUNE,
        versions: Mapping[str, str],
        user_id: str,
    ) -> Announcement:
        """A draft. `versions`: language → asset id of this place. Raises Refused for what cannot be announced."""
        announcement = self._draft(place_id, title, play_class, level, user_id)
        await self._check_versions(session, place_id, versions)
        session.add(announcement)
        await rows.replace_versions(session, announcement.id, versions)
        self._note(session, announcement, Action.CREATE, user_id)
        await session.flush()
        return announcement

    async def compose(
        self,
        session: AsyncSession,
        *,
        place_id: str,
        title: str,
        play_class: int = PlayClass.NORMAL,
        level: int = Level.COMMUNE,
        composition: Composition,
        user_id: str,
    ) -> Announcement:
        """A draft of a session, of announcements of this place. Raises Refused for what cannot be composed."""
        announcement = self._draft(place_id, title, play_class, level, user_id)
        composition = await composing.checked(session, self._audio, place_id, composition)
        _compose(announcement, composition)
        session.add(announcement)
        self._note(session, announcement, Action.CREATE, user_id)
        await session.flush()
        return announcement

    async def edit(
        self,
        session: AsyncSession,
        announcement_id: str,
        *,
        revision: int,
        user_id: str,
        title: str | None = None,
        play_class: int | None = None,
        level: int | None = None,
        versions: Mapping[str, str] | None = None,
        composition: Composition | None = None,
    ) -> Announcement:
        """Change what is given; it is a draft again. A session stays one: it takes a composition, others versions.

        Raises Conflict when it changed since, or is with the speakers, also as a part of a session; and
        session_times_lost when an approved session that holds it would be none any more.
        """
        announcement = await self._locked(session, announcement_id, revision)
        approval.after(announcement.state, Action.EDIT)
        await self._check_not_issued(session, announcement)
        if (versions if announcement.composition is not None else composition) is not None:
            raise Refused("schedules.content_mixed", title=announcement.title)
        if versions is not None:
            await self._check_versions(session, announcement.place_id, versions)
            await rows.replace_versions(session, announcement.id, versions)
        if composition is not None:
            _compose(announcement, await composing.checked(session, self._audio, announcement.place_id, composition))
        announcement.title = announcement.title if title is None else check_title(title)
        announcement.play_class = announcement.play_class if play_class is None else _check_class(play_class)
        announcement.level = announcement.level if level is None else _check_level(level)
        announcement.revision += 1
        if versions is not None or composition is not None:
            inside = await rows.sessions_with(session, announcement)
            await composing.check_still_fits(session, self._audio, inside)
            await retime(session, self._audio, [announcement.id, *inside], self._clock())
        elif play_class is not None or level is not None:
            await retime(session, self._audio, [announcement.id], self._clock())
        return await self._move(session, announcement, Action.EDIT, user_id=user_id)

    async def recompose(
        self, session: AsyncSession, announcement: Announcement, composition: Composition, user_id: str, comment: str
    ) -> Announcement:
        """Let a session, locked and not with the speakers, relay what its stations have become: a draft again."""
        _compose(announcement, composition)
        announcement.revision += 1
        return await self._move(session, announcement, Action.EDIT, user_id=user_id, comment=comment)

    async def submit(
        self, session: AsyncSession, announcement_id: str, user_id: str, *, revision: int | None = None
    ) -> Announcement:
        """Hand it to the approver."""
        return await self._step(session, announcement_id, Action.SUBMIT, user_id=user_id, revision=revision)

    async def approve(
        self,
        session: AsyncSession,
        announcement_id: str,
        user_id: str,
        *,
        roles: Collection[str] = (),
        revision: int | None = None,
    ) -> Announcement:
        """Allow it on air; of a session, all that stands in it must be. With `revision`, only what was listened to.

        roles: of that person there. Raises, for the rule of place and class, what `approving.check` does.
        """
        # The sessions it stands in first, as who airs one of them locks it first.
        inside = await rows.sessions_with(session, await self.find(session, announcement_id))
        stands_in = await rows.many(session, inside, lock=True)
        announcement = await self._locked(session, announcement_id, revision)
        approval.after(announcement.state, Action.APPROVE)
        who = Approver(user_id, frozenset(roles))
        await approving.check(session, self._audio, announcement, who)
        await composing.check_approvable(session, self._audio, announcement)
        await self._move(session, announcement, Action.APPROVE, user_id=user_id)
        for each in stands_in.values():
            await self._ask_again(session, each, announcement, who)
        return announcement

    async def send_back(
        self, session: AsyncSession, announcement_id: str, user_id: str, comment: str, *, revision: int | None = None
    ) -> Announcement:
        """Return it to its author with a comment, which must say something."""
        if not comment.strip():
            raise Refused("schedules.comment_missing")
        return await self._step(
            session, announcement_id, Action.SEND_BACK, user_id=user_id, revision=revision, comment=comment.strip()
        )

    async def archive(
        self, session: AsyncSession, announcement_id: str, user_id: str, *, revision: int | None = None
    ) -> Announcement:
        """Put it away for good. Raises Conflict while schedules use it or the speakers are still to play it.

        So it does for a schedule or an airing of a session it stands in.
        """
        announcement = await self._locked(session, announcement_id, revision)
        approval.after(announcement.state, Action.ARCHIVE)
        await self._check_not_issued(session, announcement)
        heard_in = [announcement.id, *await rows.sessions_with(session, announcement)]
        schedules = await rows.count_active_schedules(session, heard_in)
        if schedules:
            raise Conflict("schedules.announcement_scheduled", schedules=schedules)
        station = await rows.stood_in_for(session, announcement.id)
        if station is not None:
            raise Conflict("schedules.announcement_fallback", name=station)
        return await self._move(session, announcement, Action.ARCHIVE, user_id=user_id)

    async def find(self, session: AsyncSession, announcement_id: str, *, lock: bool = False) -> Announcement:
        """The bare announcement; with `lock`, nobody else changes it until the transaction ends."""
        announcement = await rows.one(session, announcement_id, lock=lock)
        if announcement is None:
            raise NotFound("schedules.announcement_unknown", id=announcement_id)
        return announcement

    async def get(self, session: AsyncSession, announcement_id: str) -> AnnouncementView:
        announcement = await self.find(session, announcement_id)
        return (await self._views(session, [announcement]))[0]

    async def list(
        self,
        session: AsyncSession,
        place_id: str,
        *,
        state: AnnouncementState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[AnnouncementView]:
        """A place's announcements, newest first; `before` is the id of the last one already seen."""
        found = await rows.of_place(session, place_id, state=state, before=before, limit=limit)
        return await self._views(session, found)

    async def _views(self, session: AsyncSession, found: Sequence[Announcement]) -> Sequence[AnnouncementView]:
        ids = [announcement.id for announcement in found]
        composed = {announcement.id: composition_of(announcement) for announcement in found}
        inside = await rows.many(session, in_sessions(composed.values()))
        versions = await rows.versions(session, {*ids, *inside})
        asset_ids = {asset_id for by_language in versions.values() for asset_id in by_language.values()}
        assets = await rows.assets(session, asset_ids)
        renditions = await self._audio.renditions(session, asset_ids)
        steps = await rows.steps(session, ids)
        items = {each.id: composing.item_view(each, versions[each.id], assets) for each in inside.values()}
        return [
            AnnouncementView(
                announcement,
                tuple(
                    VersionView(language, assets[asset_id], tuple(renditions[asset_id]))
                    for language, asset_id in _main_first(versions[announcement.id])
                    if asset_id in assets
                ),
                tuple(steps[announcement.id]),
                *_composed(composed[announcement.id], items),
            )
            for announcement in found
        ]

    def _draft(self, place_id: str, title: str, play_class: int, level: int, user_id: str) -> Announcement:
        now = self._clock()
        return Announcement(
            id=new_id(),
            place_id=place_id,
            title=check_title(title),
            play_class=_check_class(play_class),
            level=_check_level(level),
            created_by=user_id,
            created_at=now,
            changed_at=now,
        )

    async def _step(
        self,
        session: AsyncSession,
        announcement_id: str,
        action: Action,
        *,
        user_id: str,
        revision: int | None,
        comment: str = "",
    ) -> Announcement:
        announcement = await self._locked(session, announcement_id, revision)
        return await self._move(session, announcement, action, user_id=user_id, comment=comment)

    async def _locked(self, session: AsyncSession, announcement_id: str, revision: int | None) -> Announcement:
        announcement = await self.find(session, announcement_id, lock=True)
        if revision is not None and revision != announcement.revision:
            raise Conflict("schedules.stale_revision", seen=revision, current=announcement.revision)
        return announcement

    async def _move(
        self,
        session: AsyncSession,
        announcement: Announcement,
        action: Action,
        *,
        user_id: str,
        comment: str = "",
    ) -> Announcement:
        announcement.state = approval.after(announcement.state, action)
        announcement.changed_at = self._clock()
        self._note(session, announcement, action, user_id, comment)
        await session.flush()
        return announcement

    async def _ask_again(
        self, session: AsyncSession, stands_in: Announcement, changed: Announcement, who: Approver
    ) -> None:
        """Let a session that was approved with something else in it be a draft, unless whoever approved this may
        approve the session too: the rule of its class holds for all that is heard in it.
        """
        if stands_in.state is not AnnouncementState.APPROVED:
            return
        try:
            await approving.check(session, self._audio, stands_in, who)
        except (Forbidden, Conflict):
            stands_in.revision += 1
            author = await bulletins.last_author(session, changed)
            await self._move(session, stands_in, Action.EDIT, user_id=author, comment=changed.title)

    def _note(
        self, session: AsyncSession, announcement: Announcement, action: Action, user_id: str, comment: str = ""
    ) -> None:
        step = ApprovalStep(
            id=new_id(),
            announcement_id=announcement.id,
            revision=announcement.revision,
            action=action.value,
            user_id=user_id,
            at=self._clock(),
            comment=comment,
        )
        session.add(step)

    async def _check_not_issued(self, session: AsyncSession, announcement: Announcement) -> None:
        """What is with the speakers was approved as it is; it must be called off before it may change."""
        heard_in = [announcement.id, *await rows.sessions_with(session, announcement)]
        airings = await rows.count_issued_ahead(session, heard_in, self._clock())
        if airings:
            raise Conflict("schedules.announcement_issued", airings=airings)

    async def _check_versions(self, session: AsyncSession, place_id: str, versions: Mapping[str, str]) -> None:
        if not versions:
            raise Refused("schedules.no_versions")
        for language in versions:
            if _LANGUAGE.fullmatch(language) is None:
                raise Refused("schedules.language_wrong", language=language[:20])
        assets = await rows.assets(session, set(versions.values()))
        for asset_id in versions.values():
            if asset_id not in assets or assets[asset_id].commune_id != place_id:
                raise Refused("schedules.asset_unknown", asset_id=asset_id[:26])


def check_title(title: str) -> str:
    """A heading without surrounding space. Raises Refused("schedules.title_wrong")."""
    heading = title.strip()
    if not 1 <= len(heading) <= MAX_TITLE:
        raise Refused("schedules.title_wrong", limit=MAX_TITLE)
    return heading


def _check_class(play_class: int) -> int:
    if play_class not in {PlayClass.BACKGROUND, PlayClass.NORMAL, PlayClass.PRIORITY}:
        raise Refused("schedules.class_not_allowed")
    return int(play_class)


def _check_level(level: int) -> int:
    if level not in set(Level):
        raise Refused("schedules.level_wrong")
    return int(level)


def _compose(announcement: Announcement, composition: Composition) -> None:
    """Keep what a session is composed of. The level of what only relays a station is that station's."""
    before = composition_of(announcement)
    announcement.composition = composition.to_map()
    if composition.level is not None:
        announcement.level = composition.level
    elif before is not None and before.level is not None:
        announcement.level = int(Level.COMMUNE)


def _composed(
    composition: Composition | None, items: Mapping[str, ItemView]
) -> tuple[Composition | None, ItemView | None, tuple[ItemView, ...]]:
    if composition is None:
        return None, None, ()
    said = composition.identification
    return composition, items.get(said) if said is not None else None, composing.item_views(composition, items)


def _main_first(versions: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(language, versions[language]) for language in in_order_of_need(versions)]
