"""Announcements and sessions as the REST interface takes and shows them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from devices.wire.orders import Level, PlayClass
from schedules.announcements import AnnouncementView
from schedules.composing import ItemKind
from schedules.composition import (
    ITEM_GAP_MS,
    JINGLES,
    MAX_AT_S,
    MAX_GAP_MS,
    MAX_ITEMS,
    MAX_RELAY_S,
    MIN_RELAY_S,
    Composition,
    Item,
    Music,
    Relay,
)
from schedules.models import AnnouncementState
from server.api.shapes import Id, Moment, Name, Shown, Strict

Title = Annotated[str, Field(min_length=1, max_length=200)]
Versions = Annotated[dict[str, Id], Field(min_length=1, max_length=20, description="language → asset id")]
GapMs = Annotated[int, Field(ge=0, le=MAX_GAP_MS)]
AtS = Annotated[int, Field(ge=1, le=MAX_AT_S, description="seconds from the beginning of the session")]
Jingle = Annotated[str | None, Field(max_length=40, description=f"null, or one of: {', '.join(JINGLES)}")]


class ItemBody(Strict):
    """An announcement of a session. gap_ms: the silence before it; at_s: it begins so long after the session does."""

    announcement_id: Id
    gap_ms: GapMs = ITEM_GAP_MS
    at_s: AtS | None = None

    def value(self) -> Item:
        return Item(self.announcement_id, self.gap_ms, self.at_s)


class RelayBody(Strict):
    """A station of this place that is relayed for so long. gap_ms, at_s: as of an announcement."""

    relay: Id
    lasts_s: Annotated[int, Field(ge=MIN_RELAY_S, le=MAX_RELAY_S)]
    gap_ms: GapMs = ITEM_GAP_MS
    at_s: AtS | None = None

    def value(self) -> Relay:
        return Relay(self.relay, self.lasts_s, self.gap_ms, self.at_s)


class MusicBody(Strict):
    """An announcement over and over until so long after the session began; null: until what follows, at its `at_s`."""

    music: Id
    until_s: AtS | None = None

    def value(self) -> Music:
        return Music(self.music, self.until_s)


class CompositionBody(Strict):
    """What a session consists of, in the order in which it sounds.

    identification: the announcement that says who speaks. opening, closing: tones.
    """

    opening: Jingle = "chime"
    identification: Id | None = None
    items: Annotated[list[ItemBody | RelayBody | MusicBody], Field(min_length=1, max_length=MAX_ITEMS)]
    closing: Jingle = "closing"

    def value(self) -> Composition:
        """As the programme knows it."""
        items = tuple(item.value() for item in self.items)
        return Composition(self.opening, self.identification, items, self.closing)


def _without_stations(kept: Any) -> Any:
    """What a row keeps, as it was asked for: what its stations are is shown with its items."""
    if not isinstance(kept, dict):
        return kept
    items = [{name: value for name, value in item.items() if name != "source"} for item in kept["items"]]
    return kept | {"items": items}


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


class SourceOut(Shown):
    """A station as the session relays it."""

    url: str
    quiet_s: int
    again_s: int | None
    level: Level


class ItemOut(Shown):
    """What stands in a session, as it is now. languages, duration_ms: the main one first, and its.

    A station has no state but its `source` and the `fallback` that sounds when it is silent. at_s: when it begins in
    the session, if that is fixed; of music until when it goes on. ready: nothing of it keeps the session unapproved.
    """

    id: str
    title: str
    kind: ItemKind
    state: AnnouncementState | None
    languages: list[str]
    duration_ms: int
    at_s: int | None = None
    source: SourceOut | None = None
    fallback: "ItemOut | None" = None
    ready: bool


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
    composition: Annotated[CompositionBody | None, BeforeValidator(_without_stations)] = None
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
