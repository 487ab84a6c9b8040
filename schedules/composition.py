"""What a session is composed of, and the parts it sounds: opening, identification, items with gaps, closing (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from base.errors import Refused
from devices.wire.canonical import encode_map
from devices.wire.content import Gap, Part, Speech, Version
from schedules.dispatch import OPENING_GAP_MS, tone

JINGLES = ("chime", "gong", "station", "closing")
"""The tones a session may open and close with. Sirens are for emergencies only: nobody is to get used to one."""
ITEM_GAP_MS = 700
MAX_ITEMS = 20
"""With the longest frame around them 45 parts, of the 64 an order may have."""
MAX_GAP_MS = 60_000
"""A minute of silence and people think that the speaker is broken."""
MAX_BYTES = 14_336
"""How much of the largest order (32 KiB) the parts may take: what the largest audience leaves, less 2 KiB for the
title, the rest of the play and the signature."""


@dataclass(frozen=True, slots=True)
class Item:
    """An announcement in a session. gap_ms: the silence before it; the first thing to sound has none."""

    announcement_id: str
    gap_ms: int = ITEM_GAP_MS


@dataclass(frozen=True, slots=True)
class Composition:
    """A session's content. opening, closing: a tone's name; identification: the announcement that says who speaks."""

    opening: str | None = "chime"
    identification: str | None = None
    items: tuple[Item, ...] = ()
    closing: str | None = "closing"

    @property
    def announcement_ids(self) -> tuple[str, ...]:
        """The announcements it is composed of, each once, in the order in which they are first heard."""
        first = () if self.identification is None else (self.identification,)
        return tuple(dict.fromkeys((*first, *(item.announcement_id for item in self.items))))

    def to_map(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {
            "opening": self.opening,
            "identification": self.identification,
            "items": [{"announcement_id": item.announcement_id, "gap_ms": item.gap_ms} for item in self.items],
            "closing": self.closing,
        }

    @classmethod
    def from_map(cls, kept: Mapping[str, Any]) -> "Composition":
        """Read what `to_map` wrote."""
        items = tuple(Item(each["announcement_id"], each["gap_ms"]) for each in kept["items"])
        return cls(kept["opening"], kept["identification"], items, kept["closing"])


def check(composition: Composition) -> None:
    """Raise Refused for what no session can be. An item may come twice: an urgent notice is often read again."""
    if not 1 <= len(composition.items) <= MAX_ITEMS:
        raise Refused("schedules.session_items_count", limit=MAX_ITEMS)
    for name in (composition.opening, composition.closing):
        if name is not None and name not in JINGLES:
            raise Refused("schedules.session_tone_wrong", tone=name[:40], tones=", ".join(JINGLES))
    for item in composition.items:
        if not 0 <= item.gap_ms <= MAX_GAP_MS:
            raise Refused("schedules.session_gap_wrong", limit_s=MAX_GAP_MS // 1_000)
        if item.announcement_id == composition.identification:
            raise Refused("schedules.session_identification_twice")


def parts(composition: Composition, versions: Mapping[str, Sequence[Version]]) -> tuple[Part, ...]:
    """What it sounds, given its announcements' versions.

    Nothing when one of them has no sound: a session that left it out without a word would be taken for the whole.
    """
    if not all(versions.get(each) for each in composition.announcement_ids):
        return ()
    return tuple(_without_gap_first(_parts(composition, versions)))


def check_size(parts: Sequence[Part]) -> None:
    """Raise Refused for parts that one order cannot carry."""
    if len(encode_map({"parts": [part.to_map() for part in parts]})) > MAX_BYTES:
        raise Refused("schedules.session_too_large")


def _parts(composition: Composition, versions: Mapping[str, Sequence[Version]]) -> Iterator[Part]:
    if composition.opening is not None:
        yield tone(composition.opening)
    if composition.identification is not None:
        yield Gap(OPENING_GAP_MS)
        yield Speech(tuple(versions[composition.identification]))
    for item in composition.items:
        if item.gap_ms:
            yield Gap(item.gap_ms)
        yield Speech(tuple(versions[item.announcement_id]))
    if composition.closing is not None:
        yield Gap(ITEM_GAP_MS)
        yield tone(composition.closing)


def _without_gap_first(parts: Iterator[Part]) -> Iterator[Part]:
    first = next(parts)
    if not isinstance(first, Gap):
        yield first
    yield from parts
