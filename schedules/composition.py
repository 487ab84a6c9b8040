"""What a session is composed of, and the parts it sounds: opening, identification, items with gaps, closing (pure).

An item is an announcement, a station that is relayed, or background music; any but music may begin at a time of its
own, counted from the beginning of the session. Whether these times can be kept says `schedules.fixed_times`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from base.errors import Refused
from devices.wire.canonical import encode_map
from devices.wire.content import Fill, Gap, Part, Speech, Stream, Version
from schedules.dispatch import OPENING_GAP_MS, tone

JINGLES = ("chime", "gong", "station", "closing")
"""The tones a session may open and close with. Sirens are for emergencies only: nobody is to get used to one."""
ITEM_GAP_MS = 700
MAX_ITEMS = 20
"""With the longest frame around them 45 parts, of the 64 an order may have."""
MAX_GAP_MS = 60_000
"""A minute of silence and people think that the speaker is broken."""
MIN_RELAY_S, MAX_RELAY_S = 10, 14_400
MAX_AT_S = 21_600
"""Six hours: the latest that something in a session may begin at a time of its own, or music go on to."""
MAX_BYTES = 14_336
"""How much of the largest order (32 KiB) the parts may take: what the largest audience leaves, less 2 KiB for the
title, the rest of the play and the signature."""


@dataclass(frozen=True, slots=True)
class Item:
    """An announcement in a session. gap_ms: the silence before it; the first thing to sound has none.

    at_s: when it begins, in seconds from the session's beginning, whatever was heard before; the gap says nothing then.
    """

    announcement_id: str
    gap_ms: int = ITEM_GAP_MS
    at_s: int | None = None

    def to_map(self) -> dict[str, Any]:
        return {"announcement_id": self.announcement_id, "gap_ms": self.gap_ms} | _at(self.at_s)


@dataclass(frozen=True, slots=True)
class Source:
    """A station as it was when a session was composed of it: what is approved is what is heard.

    quiet_s: how long it may be silent or dead before the fallback sounds. again_s: how long after its end the fallback
    sounds anew while the station stays so; None: once.
    """

    name: str
    url: str
    quiet_s: int
    level: int
    fallback_id: str | None = None
    again_s: int | None = None

    def to_map(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "url": self.url,
            "quiet_s": self.quiet_s,
            "level": self.level,
            "fallback_announcement_id": self.fallback_id,
        } | ({} if self.again_s is None else {"again_s": self.again_s})

    @classmethod
    def from_map(cls, kept: Mapping[str, Any]) -> "Source":
        return cls(
            kept["name"],
            kept["url"],
            kept["quiet_s"],
            kept["level"],
            kept["fallback_announcement_id"],
            kept.get("again_s"),
        )


@dataclass(frozen=True, slots=True)
class Relay:
    """A station that is relayed for so long. source: None as long as nobody looked it up."""

    source_id: str
    lasts_s: int
    gap_ms: int = ITEM_GAP_MS
    at_s: int | None = None
    source: Source | None = None

    @property
    def fallback_id(self) -> str | None:
        return None if self.source is None else self.source.fallback_id

    def to_map(self) -> dict[str, Any]:
        kept = {"relay": self.source_id, "lasts_s": self.lasts_s, "gap_ms": self.gap_ms} | _at(self.at_s)
        return kept if self.source is None else kept | {"source": self.source.to_map()}


@dataclass(frozen=True, slots=True)
class Music:
    """An announcement over and over, from where it stands until `until_s` seconds from the session's beginning.

    None: until what follows begins, which then has a time of its own.
    """

    announcement_id: str
    until_s: int | None = None

    def to_map(self) -> dict[str, Any]:
        return {"music": self.announcement_id, "until_s": self.until_s}


Element = Item | Relay | Music


@dataclass(frozen=True, slots=True)
class Composition:
    """A session's content. opening, closing: a tone's name; identification: the announcement that says who speaks."""

    opening: str | None = "chime"
    identification: str | None = None
    items: tuple[Element, ...] = ()
    closing: str | None = "closing"

    @property
    def announcement_ids(self) -> tuple[str, ...]:
        """The announcements that may be heard in it, also instead of a station; each once, in the order of sounding."""
        first = () if self.identification is None else (self.identification,)
        named = (each.fallback_id if isinstance(each, Relay) else each.announcement_id for each in self.items)
        return tuple(dict.fromkeys((*first, *(each for each in named if each is not None))))

    @property
    def relays(self) -> tuple[Relay, ...]:
        return tuple(each for each in self.items if isinstance(each, Relay))

    @property
    def level(self) -> int | None:
        """The level of origin of what is nothing but a relayed station; None when it is anything else."""
        only = self.items[0] if len(self.items) == 1 and self.identification is None else None
        return only.source.level if isinstance(only, Relay) and only.source is not None else None

    def with_sources(self, sources: Mapping[str, Source]) -> "Composition":
        """With these stations as they are now."""
        items = (
            replace(each, source=sources[each.source_id])
            if isinstance(each, Relay) and each.source_id in sources
            else each
            for each in self.items
        )
        return replace(self, items=tuple(items))

    def to_map(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {
            "opening": self.opening,
            "identification": self.identification,
            "items": [item.to_map() for item in self.items],
            "closing": self.closing,
        }

    @classmethod
    def from_map(cls, kept: Mapping[str, Any]) -> "Composition":
        """Read what `to_map` wrote."""
        items = tuple(_element(each) for each in kept["items"])
        return cls(kept["opening"], kept["identification"], items, kept["closing"])


def check(composition: Composition) -> None:
    """Raise Refused for what no session can be. An item may come twice: an urgent notice is often read again."""
    if not 1 <= len(composition.items) <= MAX_ITEMS:
        raise Refused("schedules.session_items_count", limit=MAX_ITEMS)
    for name in (composition.opening, composition.closing):
        if name is not None and name not in JINGLES:
            raise Refused("schedules.session_tone_wrong", tone=name[:40], tones=", ".join(JINGLES))
    for item in composition.items:
        _check_item(item, composition.identification)


def parts(composition: Composition, versions: Mapping[str, Sequence[Version]]) -> tuple[Part, ...]:
    """What it sounds, given its announcements' versions.

    Nothing when one of them has no sound: a session that left it out without a word would be taken for the whole.
    """
    if not all(versions.get(each) for each in composition.announcement_ids):
        return ()
    return tuple(part for part, _ in numbered(composition, versions))


def numbered(composition: Composition, versions: Mapping[str, Sequence[Version]]) -> Iterator[tuple[Part, int | None]]:
    """Its parts, each with the number of the item it is, or leads up to; None for what frames the items."""
    found = _parts(composition, versions)
    first = next(found)
    if not isinstance(first[0], Gap):
        yield first
    yield from found


def check_size(parts: Sequence[Part]) -> None:
    """Raise Refused for parts that one order cannot carry."""
    if len(encode_map({"parts": [part.to_map() for part in parts]})) > MAX_BYTES:
        raise Refused("schedules.session_too_large")


def _parts(composition: Composition, versions: Mapping[str, Sequence[Version]]) -> Iterator[tuple[Part, int | None]]:
    if composition.opening is not None:
        yield tone(composition.opening), None
    if composition.identification is not None:
        yield Gap(OPENING_GAP_MS), None
        yield Speech(tuple(versions[composition.identification])), None
    following = (*composition.items[1:], None)
    for number, (item, after) in enumerate(zip(composition.items, following, strict=True)):
        for part in _of(item, after, versions):
            yield part, number
    if composition.closing is not None:
        yield Gap(ITEM_GAP_MS), None
        yield tone(composition.closing), None


def _of(item: Element, after: Element | None, versions: Mapping[str, Sequence[Version]]) -> Iterator[Part]:
    match item:
        case Music(announcement_id):
            yield Fill((music_until_s(item, after) or 1) * 1_000, Speech(tuple(versions[announcement_id])))
        case Item(announcement_id):
            yield from _lead(item)
            yield Speech(tuple(versions[announcement_id]))
        case Relay(source=None):
            raise Refused("schedules.relay_unknown", id=item.source_id[:26])
        case Relay(lasts_s=lasts_s, source=Source() as source):
            yield from _lead(item)
            said = versions[source.fallback_id] if source.fallback_id is not None else ()
            again_ms = None if source.again_s is None else source.again_s * 1_000
            instead = Speech(tuple(said)) if said else None
            yield Stream(source.url, lasts_s * 1_000, source.quiet_s * 1_000, instead, again_ms)


def music_until_s(item: Music, after: Element | None) -> int | None:
    """Until when music goes on, given what follows it; None when nobody says."""
    if item.until_s is not None:
        return item.until_s
    return None if after is None or isinstance(after, Music) else after.at_s


def _lead(item: Item | Relay) -> Iterator[Part]:
    """The silence before an item."""
    if item.at_s is not None:
        yield Fill(item.at_s * 1_000)
    elif item.gap_ms:
        yield Gap(item.gap_ms)


def _check_item(item: Element, identification: str | None) -> None:
    at_s = item.until_s if isinstance(item, Music) else item.at_s
    if at_s is not None and not 1 <= at_s <= MAX_AT_S:
        raise Refused("schedules.session_time_wrong", limit_min=MAX_AT_S // 60)
    if isinstance(item, Music):
        return
    if not 0 <= item.gap_ms <= MAX_GAP_MS:
        raise Refused("schedules.session_gap_wrong", limit_s=MAX_GAP_MS // 1_000)
    if isinstance(item, Relay):
        if not MIN_RELAY_S <= item.lasts_s <= MAX_RELAY_S:
            raise Refused("schedules.relay_length_wrong", least_s=MIN_RELAY_S, limit_min=MAX_RELAY_S // 60)
    elif item.announcement_id == identification:
        raise Refused("schedules.session_identification_twice")


def _element(kept: Mapping[str, Any]) -> Element:
    if "music" in kept:
        return Music(kept["music"], kept["until_s"])
    if "relay" not in kept:
        return Item(kept["announcement_id"], kept["gap_ms"], kept.get("at_s"))
    source = Source.from_map(kept["source"]) if "source" in kept else None
    return Relay(kept["relay"], kept["lasts_s"], kept["gap_ms"], kept.get("at_s"), source)


def _at(at_s: int | None) -> dict[str, int]:
    return {} if at_s is None else {"at_s": at_s}
