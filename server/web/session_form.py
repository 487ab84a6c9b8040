"""A session as its form has it: read, its items moved about, and turned into a composition (pure)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.composing import ItemKind
from schedules.composition import ITEM_GAP_MS, MAX_ITEMS, Composition, Element, Item, Music, Relay
from schedules.fixed_times import clock_text

_LONGEST_ID, _LONGEST_TYPED = 40, 8
MOST_SENT = 2 * MAX_ITEMS
"""Rows that are read; a form of ours never has more."""
ADDING = {"add": ItemKind.ANNOUNCEMENT, "add-relay": ItemKind.RELAY, "add-music": ItemKind.MUSIC}
"""The buttons that add something, and what."""
USUAL_RELAY_MIN = "30"
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Row:
    """One item, by the id of its announcement or station; the rest as it was typed.

    at: when it begins, if that is fixed. long: of a relay its minutes, of music until when it goes on.
    """

    about: str
    gap_s: str
    kind: ItemKind = ItemKind.ANNOUNCEMENT
    at: str = ""
    long: str = ""

    @property
    def sent(self) -> str:
        """As the form names it."""
        return self.about if self.kind is ItemKind.ANNOUNCEMENT else f"{self.kind}:{self.about}"

    def element(self) -> Element:
        """Raises Refused: server.gap_wrong, server.clock_wrong, server.minutes_wrong."""
        match self.kind:
            case ItemKind.MUSIC:
                return Music(self.about, clock(self.long))
            case ItemKind.RELAY:
                return Relay(self.about, minutes(self.long), _milliseconds(self.gap_s), clock(self.at))
            case ItemKind.ANNOUNCEMENT:
                return Item(self.about, _milliseconds(self.gap_s), clock(self.at))


@dataclass(frozen=True, slots=True)
class SessionForm:
    """What the form holds; an empty name means none. do: the button that was pressed."""

    title: str = ""
    play_class: str = "1"
    opening: str = "chime"
    identification: str = ""
    closing: str = "closing"
    rows: tuple[Row, ...] = ()
    add: str = ""
    add_relay: str = ""
    add_music: str = ""
    do: str = ""
    revision: str = ""
    key: str = ""

    def composition(self) -> Composition:
        """Raises what `Row.element` does; whether it can be a session, others check."""
        items = tuple(row.element() for row in self.rows)
        return Composition(self.opening or None, self.identification or None, items, self.closing or None)

    def done(self) -> "SessionForm":
        """With its items as the button wants them; buttons that do something else change nothing.

        Raises Refused("schedules.session_items_count") for one item too many.
        """
        if self.do in ADDING:
            return self._added(ADDING[self.do])
        act, _, number = self.do.partition(":")
        if act not in {"up", "down", "remove"} or not (number.isdecimal() and len(number) < 4):
            return self
        return replace(self, rows=_moved(self.rows, act, int(number)))

    def _added(self, kind: ItemKind) -> "SessionForm":
        about = {ItemKind.RELAY: self.add_relay, ItemKind.MUSIC: self.add_music}.get(kind, self.add)
        if not about:
            return self
        if len(self.rows) >= MAX_ITEMS:
            raise Refused("schedules.session_items_count", limit=MAX_ITEMS)
        row = Row(about, seconds(ITEM_GAP_MS), kind, long=USUAL_RELAY_MIN if kind is ItemKind.RELAY else "")
        return replace(self, rows=(*self.rows, row), add="", add_relay="", add_music="")


def focus_of(form: SessionForm) -> str:
    """The id of the button to go on with after the one that was pressed; empty when the items stayed as they were."""
    act, _, typed = form.do.partition(":")
    last, number = len(form.rows) - 1, int(typed) if typed.isdecimal() and len(typed) < 4 else 0
    if act == "up":
        return f"up-{number - 1}" if number > 1 else "down-0"
    if act == "down":
        return f"down-{number + 1}" if number + 1 < last else f"up-{last}"
    if act == "remove" and last >= 0:
        return f"remove-{min(number, last)}"
    return f"{act}-it" if act in ADDING else "add-it" if act == "remove" else ""


def read_form(said: ImmutableMultiDict[str, Any]) -> SessionForm:
    """What a browser sent."""
    items = [str(each)[:_LONGEST_ID] for each in said.getlist("item")][:MOST_SENT]
    gaps, ats, longs = (
        [str(each)[:_LONGEST_TYPED] for each in said.getlist(name)][: len(items)] for name in ("gap", "at", "long")
    )
    plain = ("title", "play_class", "opening", "identification", "closing", "do", "revision", "key")
    texts = {name: str(said.get(name, ""))[:400] for name in (*plain, *(name.replace("-", "_") for name in ADDING))}
    sent = zip_longest(items[: len(gaps)], gaps, ats[: len(gaps)], longs[: len(gaps)], fillvalue="")
    rows = tuple(_row(item, gap, at, long) for item, gap, at, long in sent)
    return SessionForm(**texts, rows=rows)


def form_of(title: str, play_class: int, revision: int, kept: Mapping[str, Any]) -> SessionForm:
    """The form of a session that is kept."""
    found = Composition.from_map(kept)
    return SessionForm(
        title=title,
        play_class=str(play_class),
        opening=found.opening or "",
        identification=found.identification or "",
        closing=found.closing or "",
        rows=tuple(map(row_of, found.items)),
        revision=str(revision),
    )


def row_of(item: Element) -> Row:
    """An item as its row shows it."""
    match item:
        case Music(announcement_id, until_s):
            return Row(announcement_id, "0", ItemKind.MUSIC, long=_clock(until_s))
        case Relay(source_id, lasts_s, gap_ms, at_s):
            return Row(source_id, seconds(gap_ms), ItemKind.RELAY, _clock(at_s), f"{Decimal(lasts_s) / 60:.7g}")
        case Item(announcement_id, gap_ms, at_s):
            return Row(announcement_id, seconds(gap_ms), at=_clock(at_s))


def seconds(milliseconds: int) -> str:
    """As a number field shows it: 700 → 0.7."""
    return f"{Decimal(milliseconds) / 1000:f}"


def clock(typed: str) -> int | None:
    """Minutes and seconds, or with hours before them: 12:30 → 750, 1:00:00 → 3600; None for nothing."""
    text = typed.strip().replace(".", ":")
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise Refused("server.clock_wrong")
    return int(found[1] or 0) * 3_600 + int(found[2]) * 60 + int(found[3])


def minutes(typed: str) -> int:
    """Seconds, of minutes with or without a fraction: 30 → 1800."""
    try:
        return round(_decimal(typed) * 60)
    except ArithmeticError as error:
        raise Refused("server.minutes_wrong") from error


def _clock(at_s: int | None) -> str:
    return "" if at_s is None else clock_text(at_s)


def _milliseconds(typed: str) -> int:
    """0.7 → 700, with a comma as well."""
    try:
        return round(_decimal(typed) * 1000)
    except ArithmeticError as error:
        raise Refused("server.gap_wrong") from error


def _decimal(typed: str) -> Decimal:
    """Raises ArithmeticError for what is no number, or no sensible one."""
    found = Decimal(typed.strip().replace(",", "."))
    if not (found.is_finite() and abs(found) < 10**5):
        raise ArithmeticError
    return found


def _row(item: str, gap_s: str, at: str, long: str) -> Row:
    kind, _, about = item.rpartition(":")
    known = kind in {ItemKind.RELAY, ItemKind.MUSIC}
    return Row(about, gap_s, ItemKind(kind), at, long) if known else Row(item, gap_s, at=at)


def _moved(rows: tuple[Row, ...], act: str, number: int) -> tuple[Row, ...]:
    if number >= len(rows):
        return rows
    rest = [*rows[:number], *rows[number + 1 :]]
    if act != "remove":
        rest.insert(max(0, number - 1) if act == "up" else number + 1, rows[number])
    return tuple(rest)
