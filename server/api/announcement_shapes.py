"""Announcements and sessions as the REST interface takes and shows them."""

from typing import Annotated

from pydantic import Field

from devices.wire.orders import Level, PlayClass
from schedules.announcements import AnnouncementView
from schedules.composition import ITEM_GAP_MS, JINGLES, MAX_GAP_MS, MAX_ITEMS, Composition, Item
from schedules.models import AnnouncementState
from server.api.shapes import Id, Moment, Name, Shown, Strict

Title = Annotated[str, Field(min_length=1, max_length=200)]
Versions = Annotated[dict[str, Id], Field(min_length=1, max_length=20, description="language → asset id")]
Jingle = Annotated[str | None, Field(max_length=40, description=f"null, or one of: {', '.join(JINGLES)}")]


class ItemBody(Strict):
    """An announcement of a session. gap_ms: the silence before it."""

    announcement_id: Id
    gap_ms: Annotated[int, Field(ge=0, le=MAX_GAP_MS)] = ITEM_GAP_MS


class CompositionBody(Strict):
    """What a session consists of, in the order in which it sounds.

    identification: the announcement that says who speaks. opening, closing: tones.
    """

    opening: Jingle = "chime"
    identification: Id | None = None
    items: Annotated[list[ItemBody], Field(min_length=1, max_length=MAX_ITEMS)]
    closing: Jingle = "closing"

    def value(self) -> Composition:
        """As the programme knows it."""
        items = tuple(Item(item.announcement_id, item.gap_ms) for item in self.items)
        return Composition(self.opening, self.identification, items, self.closing)


class AnnouncementIn(Strict):
    """What is to be heard: exactly one of `versions` and, for a session of several announcements, `composition`.

    play_class: 0 background, 1 normal, 2 priority. level: 1 commune, 2 province, 3 country.
    """

    place_id: Name
    title: Title
    play_class: PlayClass = PlayClass.NORMAL
    level: Level = Level.COMMUNE
    versions: Versions | None = None
    composition: CompositionBody | None = None


class AnnouncementChange(Strict):
    """What to change; what is not given stays. An approved announcement becomes a draft again.

    A session takes a new `composition`, every other announcement new `versions`.
    """

    title: Title | None = None
    play_class: PlayClass | None = None
    level: Level | None = None
    versions: Versions | None = None
    composition: CompositionBody | None = None


class Comment(Strict):
    """What is to be changed before it can go on air."""

    comment: Annotated[str, Field(min_length=1, max_length=1_000)]


class VersionOut(Shown):
    """One language."""

    language: str
    asset_id: str
    duration_ms: int


class StepOut(Shown):
    """Who did what on its way to air."""

    action: str
    user_id: str
    at: Moment
    revision: int
    comment: str


class ItemOut(Shown):
    """An announcement that stands in a session, as it is now. languages, duration_ms: the main one first, and its."""

    id: str
    title: str
    state: AnnouncementState
    languages: list[str]
    duration_ms: int


class AnnouncementOut(Shown):
    """An announcement; `revision` is also its ETag.

    A session has no versions: its `composition` names announcements, and `items` shows each of `composition.items`.
    """

    id: str
    place_id: str
    title: str
    play_class: PlayClass
    level: Level
    state: AnnouncementState
    revision: int
    created_by: str
    created_at: Moment
    changed_at: Moment
    composition: CompositionBody | None = None
    identification: ItemOut | None = None
    items: list[ItemOut] = Field(default_factory=list)
    versions: list[VersionOut] = Field(default_factory=list)
    steps: list[StepOut] = Field(default_factory=list)


def shown(view: AnnouncementView) -> AnnouncementOut:
    """An announcement with everything that belongs to it."""
    versions = [
        VersionOut(language=each.language, asset_id=each.asset.id, duration_ms=each.asset.duration_ms)
        for each in view.versions
    ]
    return AnnouncementOut.model_validate(view.announcement).model_copy(
        update={
            "identification": view.identification and ItemOut.model_validate(view.identification),
            "items": [ItemOut.model_validate(item) for item in view.items],
            "versions": versions,
            "steps": [StepOut.model_validate(step) for step in view.steps],
        }
    )
