"""A session as its form has it: read, its items moved about, and turned into a composition (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.composition import ITEM_GAP_MS, MAX_ITEMS, Composition, Item

_LONGEST_ID, _LONGEST_GAP = 26, 8
MOST_SENT = 2 * MAX_ITEMS
"""Rows that are read; a form of ours never has more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item. gap_s: as it was typed."""

    announcement_id: str
    gap_s: str


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
    do: str = ""
    revision: str = ""
    key: str = ""

    def composition(self) -> Composition:
        """Raises Refused("server.gap_wrong"); whether it can be a session, others check."""
        items = tuple(Item(row.announcement_id, _milliseconds(row.gap_s)) for row in self.rows)
        return Composition(self.opening or None, self.identification or None, items, self.closing or None)

    def done(self) -> "SessionForm":
        """With its items as the button wants them; buttons that do something else change nothing.

        Raises Refused("schedules.session_items_count") for one item too many.
        """
        if self.do == "add" and self.add:
            if len(self.rows) >= MAX_ITEMS:
                raise Refused("schedules.session_items_count", limit=MAX_ITEMS)
            return replace(self, rows=(*self.rows, Row(self.add, seconds(ITEM_GAP_MS))), add="")
        act, _, number = self.do.partition(":")
        if act not in {"up", "down", "remove"} or not (number.isdecimal() and len(number) < 4):
            return self
        return replace(self, rows=_moved(self.rows, act, int(number)))


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
    return "add-it" if act in {"add", "remove"} else ""


def read_form(said: ImmutableMultiDict[str, Any]) -> SessionForm:
    """What a browser sent."""
    items = [str(each)[:_LONGEST_ID] for each in said.getlist("item")][:MOST_SENT]
    gaps = [str(each)[:_LONGEST_GAP] for each in said.getlist("gap")][:MOST_SENT]
    plain = ("title", "play_class", "opening", "identification", "closing", "add", "do", "revision", "key")
    texts = {name: str(said.get(name, ""))[:400] for name in plain}
    rows = tuple(Row(item, gap) for item, gap in zip(items, gaps, strict=False))
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
        rows=tuple(Row(item.announcement_id, seconds(item.gap_ms)) for item in found.items),
        revision=str(revision),
    )


def seconds(milliseconds: int) -> str:
    """As a number field shows it: 700 → 0.7."""
    return f"{Decimal(milliseconds) / 1000:f}"


def _milliseconds(typed: str) -> int:
    """0.7 → 700, with a comma as well."""
    try:
        found = Decimal(typed.strip().replace(",", ".")) * 1000
    except ArithmeticError as error:
        raise Refused("server.gap_wrong") from error
    if not (found.is_finite() and abs(found) < 10**8):
        raise Refused("server.gap_wrong")
    return round(found)


def _moved(rows: tuple[Row, ...], act: str, number: int) -> tuple[Row, ...]:
    if number >= len(rows):
        return rows
    rest = [*rows[:number], *rows[number + 1 :]]
    if act != "remove":
        rest.insert(max(0, number - 1) if act == "up" else number + 1, rows[number])
    return tuple(rest)
